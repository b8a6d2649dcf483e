/** What the event loop was like in one window of time. */
export interface LoopWindow {
  /** Mean of how late it ran what was due, in seconds. */
  readonly lag: number;
  /** Share of the time it was busy, 0 to 1. */
  readonly utilization: number;
}

export interface ShedLimits {
  /** Mean lag in seconds from which work is refused. */
  readonly maxLag: number;
  /** Share of time busy under which nothing is refused. */
  readonly minUtilization: number;
}

/** Some are always let through: only their lag tells whether it is over. */
const MAX_SHARE = 0.95;
/** Added in a window that is just over the limit; up to four times as much when it is far over. */
const STEP = 0.05;
const MAX_STEPS = 4;
/** What is left after a good window: from everything to nothing takes 17 of them. */
const RECOVERY = 0.8;
const NOTHING = 0.02;
/** Of the limit: between this and the limit the share stays as it is, or it would swing. */
const GOOD_LAG = 0.5;
/** A loop that is less busy than the limit by this much has room, however late something was. */
const ROOM = 0.1;

/**
 * Which share of the work to refuse. It rises by how far the lag is over its limit and falls slower than it rises, so
 * that load that comes back does not find everything open.
 *
 * Lag alone is no overload: one long task, or a pause of the collector, is late once. Only a loop that is late on
 * average and has no idle time has more to do than it can.
 */
export class ShedControl {
  readonly #limits: ShedLimits;
  #share = 0;

  constructor(limits: ShedLimits) {
    this.#limits = limits;
  }

  /** From 0 to 0.95. */
  get share(): number {
    return this.#share;
  }

  note({ lag, utilization }: LoopWindow): void {
    const { maxLag, minUtilization } = this.#limits;
    if (lag > maxLag && utilization >= minUtilization) {
      this.#share = Math.min(MAX_SHARE, this.#share + STEP * Math.min(MAX_STEPS, lag / maxLag));
    } else if (lag < GOOD_LAG * maxLag || utilization < minUtilization - ROOM) {
      this.#share *= RECOVERY;
      if (this.#share < NOTHING) this.#share = 0;
    }
  }

  reset(): void {
    this.#share = 0;
  }
}

/** The same range as for tasks and limiters. */
export const MIN_PRIORITY = -100;
export const MAX_PRIORITY = 100;

/**
 * The share to refuse of work with this priority, when `share` of all is to be refused: the least urgent first, and of
 * the usual kind nothing before half of the least urgent is. The most urgent, 100, is never refused.
 */
export function shareFor(priority: number, share: number): number {
  const rank = (priority - MIN_PRIORITY) / (MAX_PRIORITY - MIN_PRIORITY);
  return rank >= 1 ? 0 : Math.min(MAX_SHARE, Math.max(0, 2 * share - rank));
}
