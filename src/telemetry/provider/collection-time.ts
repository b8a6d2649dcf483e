import type { HrTime } from '@opentelemetry/api';
import type { Clock } from '../../clock.js';

/**
 * Wall time as OpenTelemetry writes it. It stands still when the machine's clock is set back, so that no interval ends
 * before it starts.
 */
export class CollectionTime {
  readonly #clock: Clock;
  #lastMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.#clock.wallNow());
    return this.#lastMs;
  }

  now(): HrTime {
    return hrTimeOf(this.nowMs());
  }
}

export function msOf([seconds, nanos]: HrTime): number {
  return seconds * 1000 + nanos / 1e6;
}

export function hrTimeOf(ms: number): HrTime {
  return [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1e6)];
}
