import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const register = resolve(import.meta.dirname, '../dist/register.js');
const index = resolve(import.meta.dirname, '../dist/index.js');

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as `node --import register`; `during` sees its output as it comes. */
function runApp(
  program: string,
  environment: Record<string, string> = {},
  during?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', register, '--input-type=module', '-e', program], {
    env: { ...process.env, OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    during?.(stdout, (signal) => child.kill(signal));
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((done) => {
    child.once('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

describe('node --import @gary-zero/performance/register', function () {
  this.timeout(20_000);

  it('has a provider before the application loads', async () => {
    const program = `import { metrics } from '@opentelemetry/api';
      import { startPerformance } from '${index}';
      metrics.getMeter('library').createCounter('library.calls').add(2);
      const perf = startPerformance();
      await perf.ready;
      const text = await (await fetch(perf.metricsUrl)).text();
      console.log(text.includes('library_calls_total 2'));`;

    const { code, stdout, stderr } = await runApp(program);

    expect({ code, stdout: stdout.trim(), stderr }).to.deep.equal({ code: 0, stdout: 'true', stderr: '' });
  });

  it('lets an application that is done end, with its own exit code', async () => {
    const { code, signal, stderr } = await runApp('process.exitCode = 3;');

    expect({ code, signal, stderr }).to.deep.equal({ code: 3, signal: null, stderr: '' });
  });

  it('flushes when the application is done', async () => {
    const program = `import { getPerformanceMonitor } from '${index}';
      getPerformanceMonitor().recordCounter('at.the.end');`;

    const { stdout } = await runApp(program, { OTEL_METRICS_EXPORTER: 'console' });

    expect(stdout).to.include("name: 'at.the.end'");
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`flushes on ${signal} and then ends as it would have`, async () => {
      const program = `import { getPerformanceMonitor } from '${index}';
        getPerformanceMonitor().recordCounter('before.the.signal');
        setInterval(() => {}, 1000);
        console.log('up');`;

      const ended = await runApp(program, { OTEL_METRICS_EXPORTER: 'console' }, (stdout, kill) => {
        if (stdout.trim() === 'up') kill(signal);
      });

      expect(ended.signal).to.equal(signal);
      expect(ended.stdout).to.include("name: 'before.the.signal'");
    });
  }

  it("leaves the end to the application's own handler", async () => {
    const program = `process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50));
      setInterval(() => {}, 1000);
      console.log('up');`;

    const { code } = await runApp(program, {}, (stdout, kill) => {
      if (stdout.trim() === 'up') kill('SIGTERM');
    });

    expect(code).to.equal(7);
  });

  it('warns about a variable it cannot use and lets the application run', async () => {
    const { code, stdout, stderr } = await runApp(`console.log('runs');`, { CACHE_MAX_SIZE: 'many' });

    expect({ code, stdout: stdout.trim() }).to.deep.equal({ code: 0, stdout: 'runs' });
    expect(stderr).to.include('CACHE_MAX_SIZE must be a positive integer, got "many"');
  });

  it('starts nothing in worker threads', async () => {
    const program = `import { Worker, isMainThread } from 'node:worker_threads';
      const code = "Promise.all([import('@opentelemetry/api'), import('node:worker_threads')]).then(([api, threads]) =>" +
        "threads.parentPort.postMessage(api.metrics.getMeter('x') === api.createNoopMeter()))";
      const worker = new Worker(code, { eval: true });
      worker.once('message', (isNoop) => console.log(isNoop));`;

    const { stdout } = await runApp(program);

    expect(stdout.trim()).to.equal('true');
  });

  it('leaves no handle open after shutdown', async () => {
    const program = `import { startPerformance, timer } from '${index}';
      const perf = startPerformance();
      await perf.ready;
      timer('call')(() => 1)();
      await (await fetch(perf.metricsUrl)).text();
      await perf.shutdown();
      await new Promise((resolve) => setImmediate(resolve));
      const open = process.getActiveResourcesInfo().filter((name) => !['PipeWrap', 'TTYWrap'].includes(name));
      // The client's own pooled connection ends with the server's.
      console.log(JSON.stringify(open.filter((name) => name !== 'TCPSocketWrap')));`;

    const { code, stdout } = await runApp(program);

    expect({ code, stdout: stdout.trim() }).to.deep.equal({ code: 0, stdout: '[]' });
  });
});
