// How large should the window be? That depends on the load: where what was used last is used next, plain LRU (a window
// as large as everything) is best; where some keys are popular all day, a window of 1 % gives most hits.
//
// Signal. Four miniatures of the cache, each with a window of another size, see the same small sample of the keys and
// count their hits. A miniature with 1/64 of the room for 1/64 of the keys behaves as the cache would (Waldspurger et
// al.: Cache Modeling and Optimization using Miniature Simulations, USENIX ATC 2017; used for this purpose in Einziger,
// Eytan, Friedman, Manes: Adaptive Software Cache Management, Middleware 2018). The hill climber of that paper tries a
// window for a while and compares with the while before, so it mistakes a changing load for its own success, and short
// traces end before it arrives. Miniatures meet the same requests at the same time.
//
// Decision. After every two requests per entry of room the window of the miniature with most hits is taken, if it beats
// the present one by 0.2 % of the requests. What was counted fades by a twentieth each time.
//
// Until the first decision the cache is plain LRU: it leaves that only for something it has seen to be better. An error
// is undone by the same way, some periods later. It is blind for what happens to single keys: sampled are one in eight
// or less, and a cache of a few dozen entries is judged by few of them.

import { Admission } from './admission.js';
import type { FrequencySketch } from './frequency-sketch.js';

const WINDOW_SHARES = [1, 0.4, 0.1, 0.01] as const;
/** Miniatures of caches with more entries sample less, and so cost less for each request. */
const MINIATURE_MAX = 64;
/** One in so many keys, or less: four miniatures then cost half a lookup for each of the cache. */
const LEAST_SAMPLING = 8;
const REQUESTS_PER_ENTRY = 2;
const MARGIN = 0.002;
const FADING = 0.95;

/** How many entries and bytes a cache holds when it is full, and its window's share. */
export interface Room {
  readonly max: number;
  /** `Infinity` where sizes do not count. */
  readonly maxBytes: number;
  readonly windowShare: number;
}

/** Watches the requests of a full cache and chooses its window. */
export class WindowChooser {
  readonly #miniatures: readonly Admission<number, true>[];
  readonly #hits = new Float64Array(WINDOW_SHARES.length);
  readonly #sampleMask: number;
  readonly #largestSize: number;
  readonly #period: number;
  /** Of `WINDOW_SHARES`. */
  #chosen: number;
  #sampled = 0;
  /** Sampled requests behind `#hits`, faded like these. */
  #weight = 0;

  /** For a cache with this room and window at present, which shares its sketch. */
  constructor(sketch: FrequencySketch, cache: Room, random: () => number) {
    const { max, maxBytes, windowShare: present } = cache;
    const sampling = Math.max(LEAST_SAMPLING, 2 ** Math.ceil(Math.log2(max / MINIATURE_MAX)));
    const room = { max: Math.max(1, Math.round(max / sampling)), maxBytes: maxBytes / sampling };
    this.#miniatures = WINDOW_SHARES.map(
      (windowShare) => new Admission<number, true>(sketch, { ...room, windowShare, random }),
    );
    this.#chosen = Math.max(
      0,
      WINDOW_SHARES.findIndex((share) => share === present),
    );
    this.#sampleMask = sampling - 1;
    this.#largestSize = room.maxBytes;
    this.#period = REQUESTS_PER_ENTRY * room.max;
  }

  /** The share of the room the window should have, from 0.01 to 1. */
  get share(): number {
    return WINDOW_SHARES[this.#chosen]!;
  }

  /** Takes note of a request. True when another share was chosen now. */
  observe(hash: number, size: number): boolean {
    if (!this.#isSampled(hash) || size > this.#largestSize) return false;
    for (let index = 0; index < this.#miniatures.length; index++) {
      const miniature = this.#miniatures[index]!;
      const slot = miniature.entries.find(hash);
      if (slot === undefined) miniature.insert(hash, true, size, hash);
      else {
        miniature.use(slot);
        this.#hits[index]! += 1;
      }
    }
    this.#weight += 1;
    this.#sampled += 1;
    return this.#sampled % this.#period === 0 && this.#choose();
  }

  /** A deleted entry would be a miss for the miniatures too. */
  forget(hash: number): void {
    if (!this.#isSampled(hash)) return;
    for (const { entries } of this.#miniatures) {
      const slot = entries.find(hash);
      if (slot !== undefined) entries.remove(slot);
    }
  }

  clear(): void {
    for (const { entries } of this.#miniatures) entries.clear();
  }

  #isSampled(hash: number): boolean {
    return (hash & this.#sampleMask) === 0;
  }

  #choose(): boolean {
    const before = this.#chosen;
    let enough = this.#hits[before]! + MARGIN * this.#weight;
    for (const [index, hits] of this.#hits.entries()) {
      if (hits > enough) [this.#chosen, enough] = [index, hits];
    }
    for (const index of this.#hits.keys()) this.#hits[index]! *= FADING;
    this.#weight *= FADING;
    return this.#chosen !== before;
  }
}
