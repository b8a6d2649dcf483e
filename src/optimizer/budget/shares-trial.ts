import { CHANGED_AGAIN, effectOf, verdictOf, type Verdict } from '../verdict.js';
import {
  missCostIn,
  sizeOf,
  type CurveMark,
  type MissCurve,
  type SteerableBudget,
  type SteeredCache,
} from './steerable-budget.js';

/** Looks that decide. Asked once, when they are complete. */
const LOOKS = 10;
/** Misses the curves have followed: with fewer, a look says nothing and goes on. */
const MIN_FOLLOWED = 100;
/** How far the curves may be off: an effect that is smaller is none that could be told. */
const CURVE_ERROR = 0.02;

interface Since {
  readonly misses: number;
  readonly mark: CurveMark;
}

/**
 * What memory that moved between the caches of a budget has done: on the same lookups, the cost of the misses there were
 * against that of those there would have been with the shares of before. Of the curves only the ratio of both is taken,
 * as caches are better than the policy the curves know. All of them are needed.
 */
export class SharesTrial {
  readonly #budget: SteerableBudget;
  readonly #oldShares: ReadonlyMap<string, number>;
  readonly #effects: number[] = [];
  #since: ReadonlyMap<MissCurve, Since> = new Map();

  /** `oldShares`: of what all caches held, 0 to 1, by name. */
  constructor(budget: SteerableBudget, oldShares: ReadonlyMap<string, number>) {
    this.#budget = budget;
    this.#oldShares = oldShares;
    this.#begin();
  }

  get isComplete(): boolean {
    return this.#effects.length >= LOOKS;
  }

  /** Once a pass. */
  look(): void {
    const { shares } = this.#budget;
    const followed = shares.reduce(
      (sum, cache) => sum + this.#missesOf(cache) * (cache.curve?.sampledShare ?? 0),
      0,
    );
    if (this.isComplete || followed < MIN_FOLLOWED) return;
    const missCostOf = missCostIn(shares);
    let [real, old] = [0, 0];
    for (const cache of shares) {
      real += missCostOf(cache) * this.#missesOf(cache);
      old += missCostOf(cache) * this.#missesBefore(cache);
    }
    if (real > 0 && old > 0) this.#effects.push(Math.log(real / old));
    this.#begin();
  }

  verdict(): Verdict {
    const effect = effectOf(
      this.#effects.map(() => 0),
      this.#effects,
    );
    const careful = effect && { ...effect, low: effect.low - CURVE_ERROR, high: effect.high + CURVE_ERROR };
    return verdictOf(careful, CHANGED_AGAIN);
  }

  #begin(): void {
    this.#since = new Map(
      this.#budget.shares.flatMap(({ curve, misses }) =>
        curve === undefined ? [] : [[curve, { misses, mark: curve.mark() }]],
      ),
    );
  }

  #sinceOf({ curve }: SteeredCache): Since | undefined {
    return curve === undefined ? undefined : this.#since.get(curve);
  }

  #missesOf(cache: SteeredCache): number {
    return cache.misses - (this.#sinceOf(cache)?.misses ?? cache.misses);
  }

  /** Misses there would have been with its old share. Where the curve expects none now, it cannot be put right. */
  #missesBefore(cache: SteeredCache): number {
    const since = this.#sinceOf(cache);
    const misses = this.#missesOf(cache);
    if (since === undefined || cache.bytes === 0) return misses;
    const { bytes } = this.#budget;
    const traffic = cache.curve!.since(since.mark);
    const factor = ((this.#oldShares.get(cache.name) ?? 0) * bytes) / cache.bytes;
    const now = traffic.missesAt(sizeOf(cache));
    const before = traffic.missesAt(factor * sizeOf(cache));
    return now === 0 ? misses + before : (misses / now) * before;
  }
}
