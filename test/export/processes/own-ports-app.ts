/** What an application does in the cluster mode of PM2: workers of somebody else's primary, each on a port of its own. */
import cluster from 'node:cluster';
import { freePort } from '../../e2e/processes.js';
import { startPerformance } from '../../../src/performance.js';

if (cluster.isPrimary) {
  const pages = new Map<string, string>();
  for (const instance of ['1', '2']) {
    const worker = cluster.fork({ OWN_PORT: String(await freePort()), NODE_APP_INSTANCE: instance });
    worker.on('message', (page: string) => {
      pages.set(instance, page);
      if (pages.size < 2) return;
      process.send!(Object.fromEntries(pages));
      cluster.disconnect(() => process.exit());
    });
  }
} else {
  const perf = startPerformance({
    prometheus: { port: Number(process.env['OWN_PORT']) },
    optimizer: { auto: false },
  });
  await perf.ready;
  perf.monitor.recordCounter('orders', Number(process.env['NODE_APP_INSTANCE']));
  for (let scrape = 0; scrape < 3; scrape++) await (await fetch(perf.metricsUrl!)).text();
  process.send!(await (await fetch(perf.metricsUrl!)).text());
}
