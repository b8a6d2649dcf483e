/** A worker thread that measures, driven by the test that started it. */
import { parentPort, threadId } from 'node:worker_threads';
import { startPerformance } from '../../../src/performance.js';

const perf = startPerformance({ processes: 'threads', optimizer: { auto: false } });
const meter = perf.meterProvider.getMeter('shop');
meter.createUpDownCounter('carts').add(1);

parentPort!.on('message', (command: { readonly count: number } | 'shutdown' | 'hang') => {
  if (command === 'shutdown') {
    void perf.shutdown().then(() => process.exit());
  } else if (command === 'hang') {
    parentPort!.postMessage('hanging');
    for (;;);
  } else {
    meter.createCounter('orders').add(command.count, { from: 'all' });
    parentPort!.postMessage(`counted by ${threadId}`);
  }
});
void perf.ready.then(() => parentPort!.postMessage('ready'));
