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
// Hits are many and cheap, and where nothing is missed that more memory would have kept, they say the same all the time.
// So after many of them, if lookups are many, it rests: hits go by unlooked at, until it has followed one lookup in six. Then
// it first brings the order of the keys up to date, and what it counts after that stands for those that went by. A miss
// ends a rest at once, except of what was over; misses and writes are never left out.
//
// When it is blind. It knows LRU only, and sizes up to some times that of the cache. It sees no sizes of what was never
// kept. Of a cliff (a loop over slightly more than fits) it knows the place within some percent, so who pays for a hit
// behind one should stay clear of it.

import { makeKeyHash, scatter, type KeyHash } from '../policy/key-hash.js';
import type { CacheCurve, CurveMark, CurvePoint, CurveUnit, CurveWindow } from './cache-curve.js';
import { KeySamples } from './key-samples.js';
import { LookupHistory } from './lookup-history.js';
import { Pace } from './pace.js';
import { SizeHistogram } from './size-histogram.js';

const LOWEST_HASH = -(2 ** 31);
/** After so many sampled lookups for each sample the past counts half. */
const LOOKUPS_PER_HALVING = 16;
/** Followed hits for each key before a rest, after those that put the keys in order again. */
const HITS_BEFORE_REST = 6;
const HITS_OF_WARM_UP = 2;
const FEWEST_HITS = 1024;
/** It rests until one lookup in so many was followed. */
const LOOKUPS_PER_FOLLOWED = 6;
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
 * Told of each lookup and write of a cache, once. A hit whose key is not followed costs some nanoseconds, as long as the
 * hash the write returned is at hand; one that is followed about 60 ns.
 */
export class MissRatioCurve implements CacheCurve {
  readonly unit: CurveUnit;
  readonly #hash: KeyHash;
  readonly #now: () => number;
  readonly #samples: KeySamples;
  readonly #history = new LookupHistory();
  /** Hits with a larger hash are not followed. While it rests, that is next to all. */
  #hitThreshold: number;
  /** Since the last booking: a small number is the cheapest to count. */
  #hits = 0;
  #misses = 0;
  /** Hits before those, of which none was counted. */
  #unfollowed = 0;
  /** It rests until there are so many hits; 0 while it does not. */
  #restEnd = 0;
  /** Followed hits left that only put the keys in order. */
  #warmUpLeft = 0;
  /** Followed hits left until it may rest, and how many there were at first. */
  #usesUntilRest = FEWEST_HITS;
  #usesOfPhase = FEWEST_HITS;
  /** Booked hits of that phase. */
  #phaseHits = 0;
  readonly #pace: Pace;
  readonly #usesPerHalving: number;
  #usesUntilHalving: number;

  constructor({ unit, samples, now, kept, random }: MissRatioCurveOptions) {
    this.unit = unit;
    this.#now = now;
    this.#samples = new KeySamples({
      capacity: samples,
      horizon: kept === undefined ? () => Infinity : () => HORIZON * kept(),
      isBusy: () => this.#isBusy,
      listener: (size, lookups) => this.#history.addHit(size, lookups),
    });
    this.#hitThreshold = this.#samples.threshold;
    this.#pace = new Pace(now());
    this.#usesPerHalving = this.#usesUntilHalving = LOOKUPS_PER_HALVING * samples;
    const hash = makeKeyHash(random);
    this.#hash = (key) => scatter(hash(key));
  }

  /** The entry with this hash was looked up and found. */
  hit(hash: number): void {
    this.#hits += 1;
    if (hash <= this.#hitThreshold) this.#followHit(hash);
    else if (this.#hits === this.#restEnd) this.#warmUp();
  }

  /** A key was looked up and is not here. A larger cache might have it still. */
  miss(key: string): void {
    this.#misses += 1;
    const hash = this.#hash(key);
    if (hash > this.#samples.threshold) return;
    const now = this.#now();
    const end = this.#samples.endOf(hash);
    if (end !== undefined && end <= now) return this.#lose(hash);
    this.#follow();
    if (this.#samples.counts(hash)) {
      if (!this.#samples.count(hash)) this.#history.addMiss(this.#samples.weight);
      this.#age(1);
    }
    this.#samples.prepare(hash);
  }

  /** A key was looked up and its entry is over or wrong: a miss in a cache of any size. */
  lost(key: string): void {
    this.#misses += 1;
    const hash = this.#hash(key);
    if (hash <= this.#samples.threshold) this.#lose(hash);
  }

  /** An entry of this size was written and ends then. Returns the hash to tell of hits with. */
  write(key: string, size: number, end: number): number {
    const hash = this.#hash(key);
    if (hash > this.#samples.threshold) return hash;
    this.#samples.write(hash, size, end);
    if (this.#samples.hasSuccessor && this.#restEnd > 0) this.#wake();
    if (this.#restEnd === 0) this.#hitThreshold = this.#samples.threshold;
    return hash;
  }

  /** An entry was deleted. */
  forget(key: string): void {
    this.#samples.remove(this.#hash(key));
  }

  /** All entries were deleted. What was learnt about sizes stays. */
  clear(): void {
    this.#samples.clear();
  }

  get lookups(): number {
    this.#bringUpToDate();
    return this.#history.all.lookups;
  }

  get sampledShare(): number {
    return 1 / this.#samples.weight;
  }

  get byteLength(): number {
    return this.#samples.byteLength + this.#history.byteLength;
  }

  hitRatioAt(size: number): number {
    this.#bringUpToDate();
    const { recent } = this.#history;
    return ratio(recent.hitsAt(size), recent.lookups);
  }

  points(count: number): CurvePoint[] {
    this.#bringUpToDate();
    const { recent } = this.#history;
    const largest = recent.largestSize;
    return Array.from({ length: count }, (_, i) => {
      const size = Math.round((largest * (i + 1)) / count);
      return { size, hitRatio: ratio(recent.hitsAt(size), recent.lookups) };
    });
  }

  mark(): CurveMark {
    this.#bringUpToDate();
    return new SizeHistogram(this.#history.all);
  }

  since(mark: CurveMark): CurveWindow {
    this.#bringUpToDate();
    const window = this.#history.all.since(mark as SizeHistogram);
    return { lookups: window.lookups, missesAt: (size) => window.lookups - window.hitsAt(size) };
  }

  #followHit(hash: number): void {
    const samples = this.#samples;
    samples.prepare(hash);
    if (!samples.counts(hash)) return;
    if (this.#warmUpLeft > 0) {
      samples.use(hash);
      if (this.#warmUpLeft === 1) this.#endWarmUp();
      this.#warmUpLeft -= 1;
      return;
    }
    if (!samples.count(hash)) this.#history.addUnknown(samples.weight);
    this.#age(1);
    this.#usesUntilRest -= 1;
    if (this.#usesUntilRest === 0) this.#rest();
  }

  #lose(hash: number): void {
    if (this.#samples.counts(hash)) {
      this.#history.addMiss(this.#samples.weight);
      this.#age(1);
    }
    this.#samples.remove(hash);
  }

  #age(uses: number): void {
    this.#usesUntilHalving -= uses;
    if (this.#usesUntilHalving > 0) return;
    this.#usesUntilHalving = this.#usesPerHalving;
    this.#book();
    this.#history.age();
  }

  /** Follows all hits for a while, in which it does not rest. */
  #follow(): void {
    if (this.#isCounting) this.#beginPhase();
    else if (this.#restEnd > 0) this.#wake();
  }

  #beginPhase(): void {
    this.#phaseHits = 0 - this.#hits;
    this.#usesOfPhase = this.#usesUntilRest = Math.max(FEWEST_HITS, HITS_BEFORE_REST * this.#samples.length);
  }

  /** Enough hits were followed; whether others are left out for it depends on how many there are. */
  #rest(): void {
    const uses = this.#usesOfPhase;
    const hits = this.#phaseHits + this.#hits;
    const tooMany = LOOKUPS_PER_FOLLOWED * uses - hits;
    this.#beginPhase();
    if (!this.#isBusy || tooMany <= 0 || this.#samples.hasSuccessor) return;
    this.#book();
    const rest = Math.ceil((tooMany * (HITS_BEFORE_REST + HITS_OF_WARM_UP)) / HITS_BEFORE_REST);
    // What goes by ages the past as well.
    this.#age(Math.ceil((rest * uses) / hits));
    this.#restEnd = rest;
    this.#hitThreshold = LOWEST_HASH;
  }

  /** Ends a rest before its time: of what went by nothing will be known. */
  #wake(): void {
    this.#book();
    this.#warmUp();
  }

  #warmUp(): void {
    this.#restEnd = 0;
    this.#hitThreshold = this.#samples.threshold;
    this.#warmUpLeft = Math.max(1, HITS_OF_WARM_UP * this.#samples.length);
  }

  #endWarmUp(): void {
    // Misses were counted meanwhile: they do not speak for the hits.
    if (this.#misses > 0) this.#book();
    this.#unfollowed += this.#hits;
    this.#hits = 0;
    this.#beginPhase();
  }

  get #isBusy(): boolean {
    const lookups = this.#history.all.lookups + this.#unfollowed + this.#hits + this.#misses;
    return this.#pace.isBusy(lookups, this.#now());
  }

  get #isCounting(): boolean {
    return this.#restEnd === 0 && this.#warmUpLeft === 0;
  }

  /** To be called before the history is read. A question ends a rest: who asks again wants to know what is new. */
  #bringUpToDate(): void {
    if (this.#hits + this.#misses + this.#unfollowed > 0) this.#book();
    if (this.#restEnd > 0) this.#warmUp();
  }

  #book(): void {
    this.#samples.tell();
    this.#history.addLookups(this.#misses);
    if (this.#isCounting) {
      this.#phaseHits += this.#hits;
      this.#history.book(this.#hits, this.#unfollowed);
    } else this.#history.book(0, this.#unfollowed + this.#hits);
    this.#hits = this.#misses = this.#unfollowed = 0;
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
