import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const EXIT_PATIENCE_MS = 20_000;

/** Starts app.mjs; resolves when it answers. `ask` asks one of its questions, `stop` lets it end by itself. */
export async function startApp({ settings, collectorUrl }) {
  const env = {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    OTEL_METRIC_EXPORT_INTERVAL: '2000',
    OTEL_LOG_LEVEL: 'none',
  };
  const path = fileURLToPath(new URL('app.mjs', import.meta.url));
  const child = fork(path, [JSON.stringify(settings)], { env });
  const exited = once(child, 'exit');
  const open = new Map();
  child.on('message', ({ kind, id, reply }) => {
    if (kind !== 'answer') return;
    open.get(id)?.resolve(reply);
    open.delete(id);
  });
  void exited.then(([code, signal]) => {
    for (const { reject } of open.values()) reject(endedEarly(code, signal));
  });
  const [{ urls }] = await Promise.race([
    once(child, 'message'),
    exited.then(([code, signal]) => Promise.reject(endedEarly(code, signal))),
  ]);
  let asked = 0;
  const ask = (question, argument) =>
    new Promise((resolve, reject) => {
      asked += 1;
      open.set(asked, { resolve, reject });
      child.send({ id: asked, question, argument });
    });
  return { urls, ask, kill: () => child.kill('SIGKILL'), stop: () => stopApp(child, exited) };
}

function endedEarly(code, signal) {
  return new Error(`the application ended early with ${signal ?? `exit code ${code}`}`);
}

async function stopApp(child, exited) {
  const begin = performance.now();
  child.send({ id: 0, question: 'stop' });
  const ended = await Promise.race([exited, sleep(EXIT_PATIENCE_MS, undefined, { ref: false })]);
  const seconds = (performance.now() - begin) / 1000;
  if (ended === undefined)
    return { seconds, problem: `the application did not end within ${seconds.toFixed(0)} s` };
  const [code, signal] = ended;
  return {
    seconds,
    ...(code !== 0 && { problem: `the application ended with ${signal ?? `exit code ${code}`}` }),
  };
}
