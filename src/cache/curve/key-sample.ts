import { SampledStack } from './sampled-stack.js';

const LOWEST_HASH = -(2 ** 31);
const HIGHEST_HASH = 2 ** 31 - 1;
/** A sample that needs fewer keys than this share of those it may have follows too few. */
const SPARSE = 0.25;
/** Where time is dear, half as many are followed until each stands for so many keys: then few of the hits are for them. */
const SMALL_WEIGHT = 7;

export interface KeySampleOptions {
  /** Keys that are followed at most. */
  readonly capacity: number;
  /** Keys after whose last use so much was used are of no interest; may change. */
  readonly horizon: () => number;
  /** Whether there are so many lookups that the time for those that are followed counts. */
  readonly isBusy: () => boolean;
  /** Hears of the uses that are counted, when it is told. */
  readonly listener: UseListener;
}

/** So many lookups, for each key that is followed or not, need a cache of this size. */
export type UseListener = (size: number, lookups: number) => void;

/**
 * The keys that are followed: those with the smallest hashes. When there are too many, those leave first that are
 * beyond the horizon. Only when there are none the key with the largest hash leaves, and with it all keys with hashes
 * like that: keys that never come again would otherwise make it follow ever fewer.
 */
export class KeySample {
  readonly stack: SampledStack;
  readonly #capacity: number;
  /** Keys that are followed at most now: all there are, until they are too many. */
  #limit: number;
  readonly #horizon: () => number;
  readonly #isBusy: () => boolean;
  #threshold = HIGHEST_HASH;
  #weight = 1;
  #reachesHorizon = false;
  #isSparse = false;

  constructor({ capacity, horizon, isBusy, listener }: KeySampleOptions) {
    // The entry itself is there for certain, what was used since stands for more of its kind.
    this.stack = new SampledStack(capacity + 1, (above, own, uses) =>
      listener(above * this.#weight + own, uses * this.#weight),
    );
    this.#capacity = this.#limit = capacity;
    this.#horizon = horizon;
    this.#isBusy = isBusy;
  }

  /** Followed are the keys with this hash or a smaller one. */
  get threshold(): number {
    return this.#threshold;
  }

  /** How many keys one that is followed stands for. */
  get weight(): number {
    return this.#weight;
  }

  /** Whether it knows all there is to know: what it does not know of is beyond the horizon. */
  get reachesHorizon(): boolean {
    return this.#reachesHorizon;
  }

  /** Whether a sample that is begun anew would follow many times as many keys that are within the horizon. */
  get isSparse(): boolean {
    return this.#isSparse;
  }

  write(hash: number, size: number, end: number): void {
    if (hash > this.#threshold) return;
    const slot = this.stack.find(hash);
    if (slot !== 0) this.stack.replace(slot, size, end);
    else {
      this.stack.add(hash, size, end);
      if (this.stack.length > this.#limit) this.#makeRoom();
    }
  }

  /** A use that is counted. Returns whether the key is followed. */
  count(hash: number): boolean {
    const slot = this.stack.find(hash);
    if (slot === 0) return false;
    this.stack.count(slot);
    return true;
  }

  /** For a key whose hash may be followed or not. */
  use(hash: number): void {
    const slot = this.stack.find(hash);
    if (slot !== 0) this.stack.use(slot);
  }

  /** For a key whose hash may be followed or not. */
  remove(hash: number): void {
    const slot = this.stack.find(hash);
    if (slot !== 0) this.stack.remove(slot);
  }

  #makeRoom(): void {
    const horizon = this.#horizon();
    const { stack } = this;
    const before = stack.length;
    while (stack.length > 1 && stack.sizeAboveOldest * this.#weight > horizon) stack.remove(stack.oldest);
    if (stack.length === before) this.#lowerThreshold();
    else {
      this.#reachesHorizon = true;
      this.#isSparse = this.#weight > 1 && stack.length < SPARSE * this.#capacity;
    }
  }

  #lowerThreshold(): void {
    this.#limit =
      this.#weight < SMALL_WEIGHT && this.#isBusy() ? Math.ceil(this.#capacity / 2) : this.#capacity;
    if (this.stack.length <= this.#limit) return;
    // What was counted so far counted for the weight as it was.
    this.stack.tell();
    do {
      this.#threshold = this.stack.largestHash - 1;
      this.stack.removeLargest();
    } while (this.stack.length > this.#limit);
    this.#weight = (HIGHEST_HASH - LOWEST_HASH + 1) / (this.#threshold - LOWEST_HASH + 1);
  }
}
