/**
 * `node --import @gary-zero/performance/register app.js`: starts everything from the environment before the
 * application loads, and flushes when it ends.
 */
import { isMainThread } from 'node:worker_threads';
import { PerformanceError } from './errors.js';
import { startPerformance, type Performance } from './performance.js';

function start(): Performance | undefined {
  try {
    return startPerformance();
  } catch (error) {
    if (!(error instanceof PerformanceError)) throw error;
    // A mistyped variable must not keep the application from starting.
    process.emitWarning(`performance is not measured: ${error.message}`, { code: error.code });
    return undefined;
  }
}

function endWith(performance: Performance): void {
  process.once('beforeExit', () => void performance.shutdown());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void performance.shutdown().finally(() => {
        // Without a handler of the application the signal ends the process, as it would have without ours.
        if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
      });
    });
  }
}

// Worker threads inherit `--import`; their port would be the main thread's.
const performance = isMainThread ? start() : undefined;
if (performance !== undefined) endWith(performance);
