import {
  missCostIn,
  sizeOf,
  type CurveMark,
  type MissCurve,
  type PredictedTraffic,
  type SteerableBudget,
  type SteeredCache,
} from './steerable-budget.js';

/** What one cache did in a window, and what it would have done at other sizes. */
export interface CacheTraffic {
  readonly name: string;
  /** Which cache it is: two may have the same name. */
  readonly curve: MissCurve;
  readonly lookups: number;
  readonly misses: number;
  /** Misses the curve has followed: what it says of the rest rests on these. */
  readonly followed: number;
  /** What a miss costs, for the real ones as for the predicted: a loader that is slow today is no effect of a budget. */
  readonly missCost: number;
  /** In what the curve counts, mean over the window. */
  readonly size: number;
  /** Its size does not depend on the budget. */
  readonly isPinned: boolean;
  readonly predicted: PredictedTraffic;
}

/** A stretch of time in which the budget was not changed. */
export class TrafficWindow {
  readonly caches: readonly CacheTraffic[];
  /** In use by all caches of the budget, mean over the window. */
  readonly bytes: number;

  constructor(caches: readonly CacheTraffic[], bytes: number) {
    this.caches = caches;
    this.bytes = bytes;
  }

  get lookups(): number {
    return this.caches.reduce((sum, { lookups }) => sum + lookups, 0);
  }

  /** What the misses cost. */
  get realCost(): number {
    return this.caches.reduce((sum, { misses, missCost }) => sum + misses * missCost, 0);
  }

  /** Misses of a cache on the same lookups with so many bytes of the budget, shared out as they were in the window. */
  missesAt({ predicted, size, isPinned }: CacheTraffic, bytes: number): number {
    const factor = isPinned || this.bytes === 0 ? 1 : bytes / this.bytes;
    return predicted.missesAt(factor * size);
  }
}

/** Misses of a cache on these lookups that no memory helps against: nobody had asked for the key before. */
export function coldMissesOf({ predicted }: CacheTraffic): number {
  return predicted.missesAt(Infinity);
}

/** Windows kept: enough for the side before a change. A window takes about 8 KB for each cache. */
const KEPT_WINDOWS = 10;
/** Misses the curves have followed: with fewer, chance decides what a window says. */
const MIN_FOLLOWED = 3000;
/** A budget whose bytes in use grow, or shrink, by more than this in a window is still filling, or emptying. */
const SETTLED = 0.05;

/** What a cache had counted when the window began, and the sum of its sizes since, one a pass. */
interface Since {
  readonly lookups: number;
  readonly misses: number;
  readonly mark: CurveMark;
  sizes: number;
}

/** Cuts the traffic of a budget's caches into windows; caches without a curve are left out. */
export class TrafficWindows {
  readonly #budget: SteerableBudget;
  #since: ReadonlyMap<MissCurve, Since> = new Map();
  #passes = 0;
  #bytes = 0;
  #bytesAtBegin = 0;
  #isFirst = true;
  #isSettling = true;
  #windows: TrafficWindow[] = [];

  constructor(budget: SteerableBudget) {
    this.#budget = budget;
    this.#begin();
  }

  /** The last ones since the last change, oldest first. */
  get windows(): readonly TrafficWindow[] {
    return this.#windows;
  }

  /**
   * Ends the window if it has seen enough; otherwise it goes on. The first one after a change counts for nothing, and
   * those after it until the caches have filled, or emptied: what they do then is not what they do at this size.
   */
  end(): TrafficWindow | undefined {
    this.#addSizes();
    if (this.#followedMisses() < MIN_FOLLOWED) return undefined;
    const window = new TrafficWindow(this.#traffic(), this.#bytes / this.#passes);
    const isFirst = this.#isFirst;
    const moved = Math.abs(this.#budget.bytes - this.#bytesAtBegin);
    this.#isFirst = false;
    this.#isSettling &&= moved > SETTLED * this.#budget.bytes;
    this.#begin();
    if (isFirst || this.#isSettling) return undefined;
    this.#windows.push(window);
    if (this.#windows.length > KEPT_WINDOWS) this.#windows.shift();
    return window;
  }

  /** The budget is changed: a window over both sizes would say nothing. Returns the ones before. */
  restart(): readonly TrafficWindow[] {
    const before = this.#windows;
    this.#windows = [];
    this.#isFirst = this.#isSettling = true;
    this.#begin();
    return before;
  }

  #begin(): void {
    this.#passes = 0;
    this.#bytes = 0;
    this.#bytesAtBegin = this.#budget.bytes;
    this.#since = new Map(
      this.#budget.shares.flatMap(({ curve, lookups, misses }) => {
        return curve === undefined ? [] : [[curve, { lookups, misses, mark: curve.mark(), sizes: 0 }]];
      }),
    );
  }

  /** A window may take many passes, in which bytes move between the caches. */
  #addSizes(): void {
    this.#passes += 1;
    this.#bytes += this.#budget.bytes;
    for (const cache of this.#budget.shares) {
      const since = this.#sinceOf(cache);
      if (since !== undefined) since.sizes += sizeOf(cache);
    }
  }

  #followedMisses(): number {
    return this.#budget.shares.reduce((sum, cache) => {
      const { curve, misses } = cache;
      const since = this.#sinceOf(cache);
      return curve === undefined || since === undefined
        ? sum
        : sum + (misses - since.misses) * curve.sampledShare;
    }, 0);
  }

  /** `undefined` for a cache that was not there when the window began. */
  #sinceOf({ curve }: SteeredCache): Since | undefined {
    return curve === undefined ? undefined : this.#since.get(curve);
  }

  #traffic(): CacheTraffic[] {
    const { shares } = this.#budget;
    const missCostOf = missCostIn(shares);
    return shares.flatMap((cache) => {
      const { name, curve, lookups, misses, isPinned } = cache;
      const since = this.#sinceOf(cache);
      if (curve === undefined || since === undefined) return [];
      return [
        {
          name,
          curve,
          lookups: lookups - since.lookups,
          misses: misses - since.misses,
          followed: (misses - since.misses) * curve.sampledShare,
          missCost: missCostOf(cache),
          size: since.sizes / this.#passes,
          isPinned,
          predicted: curve.since(since.mark),
        },
      ];
    });
  }
}
