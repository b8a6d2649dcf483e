// What would a cache hit if it had another size? SHARDS with a fixed number of samples (Waldspurger, Park, Garthwaite,
// Ahmad: Efficient MRC Construction with SHARDS, FAST 2015), in sizes instead of entries.
//
// Signal. Keys are followed whose hash is below a threshold, so of each followed key every use is seen, and of the
// others none. A use of a followed key is a hit in every cache that can hold what was used since its last use; with a
// share R of the keys followed that is 1/R times what was seen of it, and the use stands for 1/R of them. Hashes start
// with a secret, so that nobody can choose keys that are followed.
//
// All keys are followed at first: a cache of fewer keys than samples has an exact curve. When there are too many, those
// leave that only a cache of many times the size would still have; only when all are closer than that, the key with the
// largest hash leaves, and the threshold falls to it. So keys that never come again, as in a scan that goes on for
// hours, do not push the threshold down for ever. When it has become too low all the same, as after a time of many
// small entries, a second sample begins anew and takes over when it knows as much.
//
// When it is blind. It knows LRU only, and sizes up to some times that of the cache. It sees no sizes of what was never
// kept. Of a cliff (a loop over slightly more than fits) it knows the place within some percent, so who pays for a hit
// behind one should stay clear of it.

import { makeKeyHash, type KeyHash } from '../policy/key-hash.js';
import type { CacheCurve, CurveMark, CurvePoint, CurveUnit, CurveWindow } from './cache-curve.js';
import { KeySample } from './key-sample.js';
import { SizeHistogram } from './size-histogram.js';

/** After so many sampled lookups for each sample the past counts half. */
const LOOKUPS_PER_HALVING = 16;
/** Sizes it knows something of, in sizes of the cache as it is now: questions go up to four of them. */
const HORIZON = 8;

export interface MissRatioCurveOptions {
  readonly unit: CurveUnit;
  /** Keys that are followed at most. */
  readonly samples: number;
  /** Milliseconds of the clock the ends of entries are given in. */
  readonly now: () => number;
  /** What the cache holds now. Default: all that was ever written. */
  readonly kept?: () => number;
  /** Where the secret of the hash comes from. @default Math.random */
  readonly random?: () => number;
}

/**
 * Told of each lookup and write of a cache, once. A lookup whose key is not followed costs some nanoseconds, as long as
 * the hash the write returned is at hand; one that is followed about 60 ns.
 */
export class MissRatioCurve implements CacheCurve {
  readonly unit: CurveUnit;
  readonly #hash: KeyHash;
  readonly #now: () => number;
  readonly #samples: number;
  readonly #horizon: () => number;
  #sample: KeySample;
  /** Takes over from the sample when it knows as much. */
  #successor: KeySample | undefined;
  #lookupsUntilSuccession = 0;
  /** Of all time. */
  readonly #all = new SizeHistogram();
  /** What of that counts less by now, and up to when. */
  #aged = new SizeHistogram();
  #agedTo = new SizeHistogram();
  /** Both together, until something is counted again: a question comes with others. */
  #recentNow: SizeHistogram | undefined;
  /** Whatever has a larger hash is followed by no sample. */
  #threshold: number;
  /** Lookups that are not in the histograms yet: a small number is the cheapest to count. */
  #counted = 0;
  #untilHalving: number;

  constructor({ unit, samples, now, kept, random }: MissRatioCurveOptions) {
    this.unit = unit;
    this.#samples = samples;
    this.#now = now;
    this.#horizon = kept === undefined ? () => Infinity : () => HORIZON * kept();
    this.#sample = this.#newSample();
    this.#threshold = this.#sample.threshold;
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
    const { stack } = this.#sample;
    const slot = stack.find(hash);
    if (slot !== 0 && stack.endAt(slot) <= this.#now()) this.#lose(hash);
    else this.#lookUp(hash);
  }

  /** A key was looked up and its entry is over or wrong: a miss in a cache of any size. */
  lost(key: string): void {
    this.#counted += 1;
    const hash = this.#hash(key);
    if (hash <= this.#threshold) this.#lose(hash);
  }

  /** An entry of this size was written and ends then. Returns the hash to tell of hits with. */
  write(key: string, size: number, end: number): number {
    const hash = this.#hash(key);
    if (hash > this.#threshold) return hash;
    this.#sample.write(hash, size, end);
    this.#successor?.write(hash, size, end);
    this.#adjust();
    return hash;
  }

  /** An entry was deleted. */
  forget(key: string): void {
    const hash = this.#hash(key);
    this.#sample.remove(hash);
    this.#successor?.remove(hash);
  }

  /** All entries were deleted. What was learnt about sizes stays. */
  clear(): void {
    this.#sample.stack.clear();
    this.#successor?.stack.clear();
  }

  get lookups(): number {
    this.#bookCounted();
    return this.#all.lookups;
  }

  get sampledShare(): number {
    return 1 / this.#sample.weight;
  }

  get byteLength(): number {
    const samples = this.#sample.stack.byteLength + (this.#successor?.stack.byteLength ?? 0);
    return samples + 3 * this.#all.byteLength;
  }

  hitRatioAt(size: number): number {
    this.#bookCounted();
    const recent = this.#recent();
    return ratio(recent.hitsAt(size), recent.lookups);
  }

  points(count: number): CurvePoint[] {
    this.#bookCounted();
    const recent = this.#recent();
    const largest = recent.largestSize;
    return Array.from({ length: count }, (_, i) => {
      const size = Math.round((largest * (i + 1)) / count);
      return { size, hitRatio: ratio(recent.hitsAt(size), recent.lookups) };
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
    const sample = this.#sample;
    if (hash <= sample.threshold) {
      if (!sample.count(hash)) this.#all.addMiss(sample.weight);
      this.#age();
    }
    if (this.#successor !== undefined) this.#prepare(this.#successor, hash);
  }

  #lose(hash: number): void {
    const sample = this.#sample;
    if (hash <= sample.threshold) {
      sample.remove(hash);
      this.#all.addMiss(sample.weight);
      this.#age();
    }
    this.#successor?.remove(hash);
  }

  #age(): void {
    if (--this.#untilHalving > 0) return;
    this.#untilHalving = LOOKUPS_PER_HALVING * this.#samples;
    this.#bookCounted();
    this.#aged = this.#recent().halved();
    this.#agedTo = new SizeHistogram(this.#all);
    this.#recentNow = undefined;
  }

  #prepare(successor: KeySample, hash: number): void {
    successor.use(hash);
    this.#lookupsUntilSuccession -= 1;
    // What has not come for so long is as good as beyond the horizon.
    if (this.#lookupsUntilSuccession === 0) this.#succeed(successor);
  }

  /** After a write, which is when samples change what they follow. */
  #adjust(): void {
    if (this.#successor?.reachesHorizon === true) this.#succeed(this.#successor);
    else if (this.#sample.isSparse && this.#successor === undefined) {
      this.#successor = this.#newSample();
      this.#lookupsUntilSuccession = LOOKUPS_PER_HALVING * this.#samples;
    }
    this.#threshold = Math.max(this.#sample.threshold, this.#successor?.threshold ?? -Infinity);
  }

  #succeed(successor: KeySample): void {
    this.#sample.stack.tell();
    this.#sample = successor;
    this.#successor = undefined;
    this.#threshold = successor.threshold;
  }

  #newSample(): KeySample {
    const listener = (size: number, lookups: number) => this.#all.addHit(size, lookups);
    return new KeySample({ capacity: this.#samples, horizon: this.#horizon, listener });
  }

  #recent(): SizeHistogram {
    return (this.#recentNow ??= this.#aged.plus(this.#all.since(this.#agedTo)));
  }

  /** To be called before the histogram is read. */
  #bookCounted(): void {
    if (this.#counted === 0) return;
    this.#recentNow = undefined;
    this.#sample.stack.tell();
    this.#all.lookups += this.#counted;
    this.#counted = 0;
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
