// `--import @gary-zero/performance/register` measures without a line of code; the port is told by the environment.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

if (process.env.OTEL_EXPORTER_PROMETHEUS_PORT === undefined) {
  const args = ['--import', '@gary-zero/performance/register', fileURLToPath(import.meta.url)];
  const env = { ...process.env, OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
  execFileSync(process.execPath, args, { env, stdio: 'inherit' });
} else {
  const { getPerformanceMonitor } = await import('@gary-zero/performance');
  getPerformanceMonitor().recordCounter('orders', 3);
  const page = await firstPage(`http://127.0.0.1:${process.env.OTEL_EXPORTER_PROMETHEUS_PORT}/metrics`);
  assert.match(page, /^orders_total 3$/m);
  assert.match(page, /^process_cpu_time_seconds_total\{cpu_mode="user"\} /m);
  console.log('ok');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** The first sample of resources is taken while the server already answers. */
async function firstPage(url) {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const page = await fetch(url).then(
      (answer) => answer.text(),
      () => '',
    );
    if (page.includes('process_cpu_time_seconds_total')) return page;
  }
  throw new Error(`nothing was measured under ${url}`);
}
