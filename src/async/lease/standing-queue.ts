/** When somebody has waited too long to be served at all. Milliseconds. */
export interface WaitBounds {
  /** Whoever has waited for longer is refused. */
  readonly maxWaitMs: number;
  /** The last to come is served first: he is the one who still has time. */
  readonly isNewestFirst: boolean;
}

/** A queue that was never empty for so long stands: it only makes everybody late. */
const STANDING_MS = 100;
/** What one may wait in a queue that stands. */
const STANDING_WAIT_MS = 100;

/**
 * Tells a queue that absorbs a burst from one that stands, as CoDel does for packets (Nichols, Jacobson, "Controlling
 * Queue Delay", ACM Queue 2012), in the form that Facebook gave it for requests (Maurer, "Fail at Scale", ACM Queue 2015):
 * while it stands, the newest are served first and nobody waits for long.
 */
export class StandingQueue {
  readonly isBounded: boolean;
  readonly #isAdaptive: boolean;
  readonly #normal: WaitBounds;
  readonly #standing: WaitBounds;
  #busySince: number | undefined;

  /** `patienceMs`: what one may wait at most. Unless `isAdaptive` that is all there is to it. */
  constructor(patienceMs: number, isAdaptive: boolean) {
    this.isBounded = isAdaptive || patienceMs !== Infinity;
    this.#isAdaptive = isAdaptive;
    this.#normal = { maxWaitMs: patienceMs, isNewestFirst: false };
    this.#standing = { maxWaitMs: Math.min(STANDING_WAIT_MS, patienceMs), isNewestFirst: true };
  }

  /** Somebody waits, or nobody. */
  note(isEmpty: boolean, now: number): void {
    if (isEmpty) this.#busySince = undefined;
    else this.#busySince ??= now;
  }

  boundsAt(now: number): WaitBounds {
    const stands = this.#isAdaptive && this.#busySince !== undefined && now - this.#busySince > STANDING_MS;
    return stands ? this.#standing : this.#normal;
  }
}
