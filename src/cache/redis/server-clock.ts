import type { Clock } from '../../clock.js';

/** Seconds between two looks at the server's clock: two quartzes drift apart by some milliseconds in a minute. */
const RESYNC_SECONDS = 60;

/**
 * The clock of the Redis server, as far as this process can tell: its answer to TIME, carried on by our monotonic clock.
 * All processes that share a Redis so share one clock, whatever their machines believe, and it is the one by which Redis
 * itself lets keys expire. Right to half a round trip.
 */
export class ServerClock {
  readonly #clock: Clock;
  #offsetMs: number | undefined;
  #syncedAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes an answer to TIME that was asked for at `sentAt` of the monotonic clock. */
  sync([seconds, microseconds]: readonly (string | number)[], sentAt: number): void {
    const now = this.#clock.now();
    this.#offsetMs = Number(seconds) * 1000 + Number(microseconds) / 1000 - (sentAt + now) / 2;
    this.#syncedAt = now;
  }

  /** Whether it should be asked again at this time of our monotonic clock. */
  isDueAt(now: number): boolean {
    return now - this.#syncedAt > RESYNC_SECONDS * 1000;
  }

  /** Milliseconds since 1970 there, now or at a time of our monotonic clock. */
  now(at: number = this.#clock.now()): number {
    if (this.#offsetMs === undefined) throw new Error('the server was never asked for its time');
    return Math.round(at + this.#offsetMs);
  }
}
