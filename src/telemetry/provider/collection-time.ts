import type { HrTime } from '@opentelemetry/api';
import type { Clock } from '../../clock.js';

/**
 * Wall time as OpenTelemetry writes it. It stands still when the machine's clock is set back, so that no interval ends
 * before it starts. Series made in the same millisecond share one array.
 */
export class CollectionTime {
  readonly #clock: Clock;
  #lastMs = -Infinity;
  #last: HrTime = [0, 0];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): HrTime {
    const ms = this.#clock.wallNow();
    if (ms > this.#lastMs) {
      this.#lastMs = ms;
      this.#last = [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1e6)];
    }
    return this.#last;
  }
}
