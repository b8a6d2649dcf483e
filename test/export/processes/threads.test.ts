import { metrics } from '@opentelemetry/api';
import { expect } from 'chai';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { startPerformance, type Performance } from '../../../src/performance.js';
import { readPage } from '../../e2e/collector-page.js';
import { waitFor } from '../../e2e/wait-for.js';

/** In a thread the loader of TypeScript has to be asked for once more. */
const tsx = createRequire(import.meta.url)
  .resolve('tsx/esm/api')
  .replace(/cjs$/, 'mjs');

function threadOf(code: string): Worker {
  const source = `import { register } from ${JSON.stringify(pathToFileURL(tsx).href)};\nregister();\n${code}`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { execArgv: [] });
}

const urlOf = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

describe('startPerformance({ processes: threads })', function () {
  this.timeout(60_000);
  let perf: Performance;
  const threads: Worker[] = [];

  beforeEach(async () => {
    perf = startPerformance({ processes: 'threads', prometheus: { port: 0 }, optimizer: { auto: false } });
    await perf.ready;
  });
  afterEach(async () => {
    await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
    await perf.shutdown();
    metrics.disable();
  });

  async function startThread(): Promise<Worker> {
    const thread = threadOf(`await import(${urlOf('thread-app.ts')});`);
    threads.push(thread);
    const [message] = (await once(thread, 'message')) as [unknown];
    expect(message).to.equal('ready');
    return thread;
  }
  async function tell(thread: Worker, command: object | 'shutdown' | 'hang'): Promise<void> {
    thread.postMessage(command);
    await once(thread, command === 'shutdown' ? 'exit' : 'message');
  }
  const page = async () => readPage(await (await fetch(perf.metricsUrl!)).text());
  /** On a busy machine a thread may answer too late for a scrape, and is in the next one. */
  const pageWith = (series: string, value: string) =>
    waitFor(
      async () => {
        const shown = await page();
        return shown.get(series) === value && shown;
      },
      { what: `${series} ${value}`, timeout: 20 },
    );
  const orders = async () => Number((await page()).get('orders_total{from="all"}'));

  it('serves what all threads and the main one measured, the process once', async () => {
    const [one, other] = [await startThread(), await startThread()];
    await tell(one, { count: 3 });
    await tell(other, { count: 4 });
    perf.meterProvider.getMeter('shop').createCounter('orders').add(5, { from: 'all' });

    const shown = await pageWith('orders_total{from="all"}', '12');

    expect([1, 2].map((worker) => shown.get(`carts{worker="${worker}"}`))).to.deep.equal(['1', '1']);
    const ofProcess = [...shown.keys()].filter((series) => series.startsWith('process_memory_usage_bytes{'));
    expect(ofProcess).to.deep.equal(['process_memory_usage_bytes{}']);
  });

  it('keeps what was counted by threads that end, are ended, or hang', async () => {
    const [one, other] = [await startThread(), await startThread()];
    await tell(one, { count: 3 });
    await tell(other, { count: 4 });
    await tell(one, 'shutdown');
    await pageWith('orders_total{from="all"}', '7');
    await tell(other, 'hang');
    expect(await orders()).to.equal(7);
    await pageWith('perf_workers{perf_worker_state="late"}', '1');

    await other.terminate();

    await pageWith('perf_workers{perf_worker_state="late"}', '0');
    expect(await orders()).to.equal(7);
  });

  it('does not keep a thread alive', async () => {
    const thread = threadOf(`
      const { startPerformance } = await import(${urlOf('../../../src/index.ts')});
      await startPerformance({ processes: 'threads', optimizer: { auto: false } }).ready;
    `);
    const [code] = (await once(thread, 'exit')) as [number];

    expect(code).to.equal(0);
  });
});
