// What would a cache hit if it had another size? SHARDS with a fixed number of samples (Waldspurger, Park, Garthwaite,
// Ahmad: Efficient MRC Construction with SHARDS, FAST 2015), in sizes instead of entries.
//
// Signal. Keys are followed whose hash is below a threshold, so of each followed key every use is seen, and of the
// others none. A use of a followed key is a hit in every cache that can hold what was used since its last use; with a
// share R of the keys followed that is 1/R times what was seen of it, and the use stands for 1/R of them. Hashes start
// with a secret, so that nobody can choose keys that are followed.
//
// All keys are followed at first: a cache of fewer keys than samples has an exact curve. When there are too many, the
// key with the largest hash leaves, and the threshold falls to it.
//
// When it is blind. It knows LRU only. It sees no sizes of what was never kept. Of a cliff (a loop over slightly more
// than fits) it knows the place within some percent, so who pays for a hit behind one should stay clear of it.

import { makeKeyHash, type KeyHash } from '../policy/key-hash.js';
import type { CacheCurve, CurveMark, CurvePoint, CurveUnit, CurveWindow } from './cache-curve.js';
import { SampledStack } from './sampled-stack.js';
import { SizeHistogram } from './size-histogram.js';

/** After so many sampled lookups for each sample the past counts half. */
const LOOKUPS_PER_HALVING = 16;
const LOWEST_HASH = -(2 ** 31);
const HIGHEST_HASH = 2 ** 31 - 1;

export interface MissRatioCurveOptions {
  readonly unit: CurveUnit;
  /** Keys that are followed at most. */
  readonly samples: number;
  /** Milliseconds of the clock the ends of entries are given in. */
  readonly now: () => number;
  /** Where the secret of the hash comes from. @default Math.random */
  readonly random?: () => number;
}

/**
 * Told of each lookup and write of a cache, once. A lookup whose key is not followed costs some nanoseconds, as long as
 * the hash the write returned is at hand; one that is followed about a tenth of a microsecond.
 */
export class MissRatioCurve implements CacheCurve {
  readonly unit: CurveUnit;
  readonly #hash: KeyHash;
  readonly #now: () => number;
  readonly #samples: number;
  readonly #stack: SampledStack;
  /** Of all time, for windows, and of late. */
  readonly #all = new SizeHistogram();
  readonly #recent = new SizeHistogram();
  /** Followed are the keys with this hash or a smaller one. */
  #threshold = HIGHEST_HASH;
  /** How many lookups one that is followed stands for. */
  #weight = 1;
  /** Lookups that are not in the histograms yet: a small number is the cheapest to count. */
  #counted = 0;
  #untilHalving: number;

  constructor({ unit, samples, now, random }: MissRatioCurveOptions) {
    this.unit = unit;
    this.#samples = samples;
    this.#now = now;
    this.#stack = new SampledStack(samples + 1);
    this.#untilHalving = LOOKUPS_PER_HALVING * samples;
    const hash = makeKeyHash(random);
    this.#hash = (key) => scatter(hash(key));
  }

  /** The entry with this hash was looked up and found. */
  hit(hash: number): void {
    this.#counted += 1;
    if (hash <= this.#threshold) this.#lookUp(hash);
  }

  /** A key was looked up and is not here. A larger cache might have it still. */
  miss(key: string): void {
    this.#counted += 1;
    const hash = this.#hash(key);
    if (hash > this.#threshold) return;
    const slot = this.#stack.find(hash);
    if (slot !== 0 && this.#stack.endAt(slot) <= this.#now()) this.#lose(slot);
    else this.#lookUp(hash);
  }

  /** A key was looked up and its entry is over or wrong: a miss in a cache of any size. */
  lost(key: string): void {
    this.#counted += 1;
    const hash = this.#hash(key);
    if (hash <= this.#threshold) this.#lose(this.#stack.find(hash));
  }

  /** An entry of this size was written and ends then. Returns the hash to tell of hits with. */
  write(key: string, size: number, end: number): number {
    const hash = this.#hash(key);
    if (hash > this.#threshold) return hash;
    const slot = this.#stack.find(hash);
    if (slot !== 0) this.#stack.replace(slot, size, end);
    else {
      this.#stack.add(hash, size, end);
      if (this.#stack.count > this.#samples) this.#lowerThreshold();
    }
    return hash;
  }

  /** An entry was deleted. */
  forget(key: string): void {
    const slot = this.#stack.find(this.#hash(key));
    if (slot !== 0) this.#stack.remove(slot);
  }

  /** All entries were deleted. What was learnt about sizes stays. */
  clear(): void {
    this.#stack.clear();
  }

  get lookups(): number {
    this.#bookCounted();
    return this.#all.lookups;
  }

  get sampledShare(): number {
    return 1 / this.#weight;
  }

  get byteLength(): number {
    return this.#stack.byteLength + this.#all.byteLength + this.#recent.byteLength;
  }

  hitRatioAt(size: number): number {
    this.#bookCounted();
    return ratio(this.#recent.hitsAt(size), this.#recent.lookups);
  }

  points(count: number): CurvePoint[] {
    this.#bookCounted();
    const largest = this.#recent.largestSize;
    return Array.from({ length: count }, (_, i) => {
      const size = Math.round((largest * (i + 1)) / count);
      return { size, hitRatio: ratio(this.#recent.hitsAt(size), this.#recent.lookups) };
    });
  }

  mark(): CurveMark {
    this.#bookCounted();
    return new SizeHistogram(this.#all);
  }

  since(mark: CurveMark): CurveWindow {
    this.#bookCounted();
    const window = this.#all.since(mark as SizeHistogram);
    return { lookups: window.lookups, missesAt: (size) => window.lookups - window.hitsAt(size) };
  }

  #lookUp(hash: number): void {
    const slot = this.#stack.find(hash);
    const weight = this.#weight;
    if (slot === 0) {
      this.#all.addMiss(weight);
      this.#recent.addMiss(weight);
    } else {
      // The entry itself is there for certain, what was used since stands for more of its kind.
      const size = this.#stack.sizeAbove(slot) * weight + this.#stack.sizeAt(slot);
      this.#all.addHit(size, weight);
      this.#recent.addHit(size, weight);
      this.#stack.use(slot);
    }
    this.#age();
  }

  #lose(slot: number): void {
    if (slot !== 0) this.#stack.remove(slot);
    this.#all.addMiss(this.#weight);
    this.#recent.addMiss(this.#weight);
    this.#age();
  }

  #age(): void {
    if (--this.#untilHalving > 0) return;
    this.#untilHalving = LOOKUPS_PER_HALVING * this.#samples;
    this.#bookCounted();
    this.#recent.halve();
  }

  #bookCounted(): void {
    this.#all.lookups += this.#counted;
    this.#recent.lookups += this.#counted;
    this.#counted = 0;
  }

  #lowerThreshold(): void {
    this.#threshold = this.#stack.largestHash - 1;
    this.#stack.removeLargest();
    this.#weight = (HIGHEST_HASH - LOWEST_HASH + 1) / (this.#threshold - LOWEST_HASH + 1);
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Spreads what differs in some bits over all of them (the finalizer of MurmurHash3). */
function scatter(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
