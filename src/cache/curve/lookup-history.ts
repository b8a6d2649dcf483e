import { SizeHistogram } from './size-histogram.js';

/** Followed hits that speak for others which were not followed: with fewer, those before them do. */
const FEW = 1000;

/** Lookups by the size of the cache that had hit them: of all time, and lately. */
export class LookupHistory {
  readonly #all = new SizeHistogram();
  /** Hits that were followed since the last booking. */
  #followed = new SizeHistogram();
  /** What of all counts less by now, and up to when. */
  #aged = new SizeHistogram();
  #agedTo = new SizeHistogram();
  /** Both together, until something is booked again: a question comes with others. */
  #recent: SizeHistogram | undefined;

  get byteLength(): number {
    return 4 * this.#all.byteLength;
  }

  /** Of all time; not to be changed. */
  get all(): SizeHistogram {
    return this.#all;
  }

  /** What is long ago counts less in it; not to be changed. */
  get recent(): SizeHistogram {
    return (this.#recent ??= this.#aged.plus(this.#all.since(this.#agedTo)));
  }

  /** A followed lookup that stands for `weight` of them, and is a hit in a cache of `size` or more. */
  addHit(size: number, weight: number): void {
    this.#followed.addHit(size, weight);
  }

  /** A followed hit, but it is not known how large a cache must be for it. */
  addUnknown(weight: number): void {
    this.#followed.addMiss(weight);
  }

  /** So many lookups missed. */
  addLookups(misses: number): void {
    this.#all.lookups += misses;
    this.#recent = undefined;
  }

  /** A followed lookup that is a miss in a cache of any size. */
  addMiss(weight: number): void {
    this.#all.addMiss(weight);
  }

  /** So many hits happened since the last booking, of keys that are followed or not, and others while none was followed. */
  book(hits: number, unfollowed: number): void {
    this.#recent = undefined;
    const followed = this.#followed;
    this.#followed = new SizeHistogram();
    followed.lookups = hits;
    if (hits >= FEW) this.#all.add(followed, 1 + unfollowed / hits);
    else {
      this.#all.add(followed, 1);
      if (unfollowed > 0) this.#bookAsRecent(unfollowed);
    }
  }

  /** All that is booked counts half from now on. */
  age(): void {
    this.#aged = this.recent.halved();
    this.#agedTo = new SizeHistogram(this.#all);
    this.#recent = undefined;
  }

  #bookAsRecent(hits: number): void {
    const { recent } = this;
    this.#recent = undefined;
    if (recent.lookups > 0) this.#all.add(recent, hits / recent.lookups);
    else this.#all.lookups += hits;
  }
}
