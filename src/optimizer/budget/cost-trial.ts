import { effectOf, mean, verdictOf, type Effect, type Verdict } from '../verdict.js';
import type { MissCurve } from './steerable-budget.js';
import { coldMissesOf, type CacheTraffic, type TrafficWindow } from './traffic-windows.js';

/** Windows after a change that decide about it. Asked once, when they are complete. */
export const WINDOWS_AFTER = 10;
/** Of one cache in a window, in the mean: with fewer, its curve says nothing about it. */
const MIN_FOLLOWED = 50;
/** A change that costs more than this is undone, if the model agrees. */
const TOLERATED_RISE = 0.03;

/**
 * Measures what a change of a budget does to the cost of misses, against the old bytes on the same traffic. How they are
 * shared out is not frozen: with the old bytes too, they would have gone where the traffic is.
 */
export class CostTrial {
  readonly #before: readonly TrafficWindow[];
  readonly #oldBytes: number;
  readonly #calibration: ReadonlyMap<MissCurve, number>;
  readonly #after: TrafficWindow[] = [];

  /** The windows since the change before, and the bytes in use when it was made. */
  constructor(before: readonly TrafficWindow[], oldBytes: number) {
    this.#before = before;
    this.#oldBytes = oldBytes;
    this.#calibration = calibrationOf(before, oldBytes);
  }

  /** A window after the change; more than are decided by change nothing. */
  add(window: TrafficWindow): void {
    if (!this.isComplete) this.#after.push(window);
  }

  get isComplete(): boolean {
    return this.#after.length >= WINDOWS_AFTER;
  }

  verdict(): Verdict {
    return verdictOf(this.effect(), 'too little traffic was measured before or after the change');
  }

  effect(): Effect | undefined {
    return effectOf(this.#residuals(this.#before), this.#residuals(this.#after));
  }

  /**
   * Whether the change should be undone: the cost of a lookup really rose by more than 3 %, more than chance explains,
   * and the model says that on today's traffic the old bytes cost less. Without the last, traffic that gets harder would
   * make a budget move back and forth.
   */
  get isRegretted(): boolean {
    const effect = this.effect();
    if (effect === undefined || effect.low <= 0) return false;
    const rise = mean(this.#after.map(costOfLookup)) / mean(this.#before.map(costOfLookup)) - 1;
    const oldCost = this.#after.reduce((sum, window) => sum + this.#costAt(window, this.#oldBytes), 0);
    const newCost = this.#after.reduce((sum, window) => sum + this.#costAt(window, window.bytes), 0);
    return rise > TOLERATED_RISE && oldCost < newCost;
  }

  /** What the model says, as far as it was right before. Caches it does not know cost what they really cost. */
  #costAt(window: TrafficWindow, bytes: number): number {
    return window.caches.reduce((sum, cache) => {
      const calibration = this.#calibration.get(cache.curve);
      const misses =
        calibration === undefined
          ? cache.misses
          : coldMissesOf(cache) + calibration * sizedMissesAt(window, cache, bytes);
      return sum + cache.missCost * misses;
    }, 0);
  }

  #residuals(windows: readonly TrafficWindow[]): number[] {
    return windows
      .map((window) => Math.log(window.realCost / this.#costAt(window, this.#oldBytes)))
      .filter(Number.isFinite);
  }
}

interface CacheSums {
  real: number;
  predicted: number;
  followed: number;
}

/**
 * How far the model is off for each cache, by the windows before: real misses by predicted ones. The curves know one
 * policy only, and caches differ in how much better theirs is; without this, a mix of traffic that moves from one cache
 * to another would look like an effect. Only misses that memory helps against count: of the others the model is right
 * under any policy, and how many there are changes, most of all after a start. Caches are left out of which the curve
 * has hardly followed such a miss, as where no key comes twice.
 */
function calibrationOf(before: readonly TrafficWindow[], bytes: number): ReadonlyMap<MissCurve, number> {
  const all = new Map<MissCurve, CacheSums>();
  for (const window of before) {
    for (const cache of window.caches) {
      const sums = all.get(cache.curve) ?? { real: 0, predicted: 0, followed: 0 };
      all.set(cache.curve, sums);
      const cold = coldMissesOf(cache);
      sums.real += cache.misses - cold;
      sums.predicted += sizedMissesAt(window, cache, bytes);
      sums.followed += cache.followed * Math.max(0, 1 - cold / Math.max(1, cache.misses));
    }
  }
  const known = [...all].filter(
    ([, { real, predicted, followed }]) =>
      real > 0 && predicted > 0 && followed >= MIN_FOLLOWED * before.length,
  );
  return new Map(known.map(([curve, { real, predicted }]) => [curve, real / predicted]));
}

/** Misses with so many bytes of the budget that more memory would have helped against. */
function sizedMissesAt(window: TrafficWindow, cache: CacheTraffic, bytes: number): number {
  return Math.max(0, window.missesAt(cache, bytes) - coldMissesOf(cache));
}

function costOfLookup(window: TrafficWindow): number {
  return window.realCost / window.lookups;
}
