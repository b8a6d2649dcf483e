import { createHistogram } from 'node:perf_hooks';
import type { Cancel, Clock } from '../clock.js';

/** How late the event loop ran what was due, in seconds. */
export interface LagReading {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

/** Short against the stalls one would notice, and a timer 50 times a second costs less than 0.3 % of a core. */
export const LAG_PERIOD_MS = 20;

/**
 * Measures by a timer of its own how long the event loop keeps waiting what is due. Node's `monitorEventLoopDelay` tells
 * its period and the delay together, and whoever resets it misses the stall that is going on.
 */
export class LoopLag {
  /** In nanoseconds, since the last `take`. */
  readonly #lags = createHistogram();
  readonly #cancel: Cancel;

  constructor(clock: Clock, listener: (seconds: number) => void) {
    let due = clock.now() + LAG_PERIOD_MS;
    this.#cancel = clock.every(LAG_PERIOD_MS, () => {
      const now = clock.now();
      const lagMs = Math.max(0, now - due);
      due = now + LAG_PERIOD_MS;
      this.#lags.record(Math.max(1, Math.round(lagMs * 1e6)));
      listener(lagMs / 1000);
    });
  }

  /** Since it was last asked; `undefined` when the timer did not run since. */
  take(): LagReading | undefined {
    if (this.#lags.count === 0) return undefined;
    const { mean, max } = this.#lags;
    const reading = { mean: mean / 1e9, p99: this.#lags.percentile(99) / 1e9, max: max / 1e9 };
    this.#lags.reset();
    return reading;
  }

  close(): void {
    this.#cancel();
  }
}
