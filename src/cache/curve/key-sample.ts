import { SampledStack } from './sampled-stack.js';

const LOWEST_HASH = -(2 ** 31);
const HIGHEST_HASH = 2 ** 31 - 1;
/** A sample that needs fewer keys than this share of those it may have follows too few. */
const SPARSE = 0.25;

export interface KeySampleOptions {
  /** Keys that are followed at most. */
  readonly capacity: number;
  /** Keys after whose last use so much was used are of no interest; may change. */
  readonly horizon: () => number;
}

/**
 * The keys that are followed: those with the smallest hashes. When there are too many, those leave first that are
 * beyond the horizon. Only when there are none the key with the largest hash leaves, and with it all keys with hashes
 * like that: keys that never come again would otherwise make it follow ever fewer.
 */
export class KeySample {
  readonly stack: SampledStack;
  readonly #capacity: number;
  readonly #horizon: () => number;
  #threshold = HIGHEST_HASH;
  #weight = 1;
  #reachesHorizon = false;
  #isSparse = false;

  constructor({ capacity, horizon }: KeySampleOptions) {
    this.stack = new SampledStack(capacity + 1);
    this.#capacity = capacity;
    this.#horizon = horizon;
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

  /** What a cache has to hold to still have this key, as it is looked up now. */
  sizeFor(slot: number): number {
    // The entry itself is there for certain, what was used since stands for more of its kind.
    return this.stack.sizeAbove(slot) * this.#weight + this.stack.sizeAt(slot);
  }

  write(hash: number, size: number, end: number): void {
    if (hash > this.#threshold) return;
    const slot = this.stack.find(hash);
    if (slot !== 0) this.stack.replace(slot, size, end);
    else {
      this.stack.add(hash, size, end);
      if (this.stack.count > this.#capacity) this.#makeRoom();
    }
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
    const before = stack.count;
    while (stack.count > 1 && this.sizeFor(stack.oldest) > horizon) stack.remove(stack.oldest);
    if (stack.count === before) this.#lowerThreshold();
    else {
      this.#reachesHorizon = true;
      this.#isSparse = this.#weight > 1 && stack.count < SPARSE * this.#capacity;
    }
  }

  #lowerThreshold(): void {
    this.#threshold = this.stack.largestHash - 1;
    this.stack.removeLargest();
    this.#weight = (HIGHEST_HASH - LOWEST_HASH + 1) / (this.#threshold - LOWEST_HASH + 1);
  }
}
