// Who leaves: W-TinyLFU (Einziger, Friedman, Manes: TinyLFU, ACM Transactions on Storage 2017).
//
// A new entry enters the window, where the least recently used leaves: whoever arrives gets a moment to be asked for
// again. The one that leaves the window is a candidate for the main region and meets the one that would have to go for
// it: the least recently used of probation. Whoever was asked for more often lately stays. So a scan of keys that are
// never asked for again passes through the window and displaces nothing.
//
// An entry of probation that is used moves up to the protected part; what does not fit there any more moves back down.
//
// A window as large as everything is plain LRU. How large it should be is somebody else's decision (window-chooser.ts).

import { EntryRegions, PROBATION, PROTECTED, WINDOW } from './entry-regions.js';
import type { FrequencySketch } from './frequency-sketch.js';
import type { EvictReason, OnEvict } from './policy-store.js';

/** What probation keeps of the room, so that an admitted entry has time for its second use. */
const PROBATION_SHARE = 0.2;
/**
 * A candidate as popular as this may get in against a victim that is more popular still, once in 128 times: else
 * somebody who found keys that share a victim's counters could keep all others out for ever.
 */
const DISPUTED_FROM = 6;
const ADMITTED_ANYWAY = 1 / 128;
/** After the window shrank it empties step by step, so that no single `set` takes long. */
const MOVES_PER_INSERT = 100;

export interface AdmissionOptions<K, V> {
  readonly max: number;
  /** `Infinity` where sizes do not count; they are 0 then. */
  readonly maxBytes: number;
  /** What the window gets of the room, above 0 and up to 1. */
  readonly windowShare: number;
  readonly random: () => number;
  readonly onEvict?: OnEvict<K, V> | undefined;
}

/** Entries in a window and a main region, within bounds of number and of bytes. */
export class Admission<K, V> {
  readonly entries = new EntryRegions<K, V>();
  readonly #sketch: FrequencySketch;
  readonly #options: AdmissionOptions<K, V>;
  readonly #maxBytes: number;
  #max: number;
  #windowShare: number;
  #windowMax = 0;
  #windowMaxBytes = 0;
  #protectedMax = 0;
  #protectedMaxBytes = 0;

  /** Others record into the sketch; here it is only asked. */
  constructor(sketch: FrequencySketch, options: AdmissionOptions<K, V>) {
    this.#sketch = sketch;
    this.#options = options;
    this.#maxBytes = options.maxBytes;
    this.#max = options.max;
    this.#windowShare = options.windowShare;
    this.#divide();
  }

  get max(): number {
    return this.#max;
  }

  get bytes(): number {
    const { bytes } = this.entries;
    return bytes[WINDOW]! + bytes[PROBATION]! + bytes[PROTECTED]!;
  }

  get windowShare(): number {
    return this.#windowShare;
  }

  /** Nothing moves at once: the window grows or empties with what is added from here on. */
  set windowShare(share: number) {
    this.#windowShare = share;
    this.#divide();
  }

  resize(max: number): void {
    this.#max = max;
    this.#divide();
    this.#fit();
  }

  /** Adds a key that is not here, of a size up to `maxBytes`. */
  insert(key: K, value: V, size: number, hash: number): void {
    // One that is too big for the window passes at once, instead of pushing all others out of it.
    this.entries.add(WINDOW, key, value, size, hash, size > this.#windowMaxBytes);
    this.#fit();
  }

  replace(slot: number, value: V, size: number): void {
    this.entries.replace(slot, value, size);
    this.use(slot);
    this.#demote();
    this.#fit();
  }

  use(slot: number): void {
    const { entries } = this;
    if (entries.regionAt(slot) !== PROBATION) {
      entries.touch(slot);
      return;
    }
    entries.move(slot, PROTECTED);
    this.#demote();
  }

  /** What is too much for the protected part goes back to probation. */
  #demote(): void {
    const { entries } = this;
    const { counts, bytes } = entries;
    while (counts[PROTECTED]! > this.#protectedMax || bytes[PROTECTED]! > this.#protectedMaxBytes) {
      entries.move(entries.oldest(PROTECTED)!, PROBATION);
    }
  }

  #fit(): void {
    const { entries } = this;
    const { counts, bytes } = entries;
    for (let moves = 0; moves < MOVES_PER_INSERT; moves++) {
      if (counts[WINDOW]! <= this.#windowMax && bytes[WINDOW]! <= this.#windowMaxBytes) break;
      const candidate = entries.oldest(WINDOW)!;
      entries.move(candidate, PROBATION);
      if (this.#isOverfull() && this.#isOutvoted(candidate)) this.#evict(candidate, 'rejected');
      this.#evictVictims();
    }
    this.#evictVictims();
  }

  #evictVictims(): void {
    const { entries } = this;
    while (this.#isOverfull()) {
      const victim = entries.oldest(PROBATION) ?? entries.oldest(PROTECTED) ?? entries.oldest(WINDOW);
      this.#evict(victim!, 'capacity');
    }
  }

  /**
   * Whether those who would have to leave for the candidate were together asked for as often as it was, or more. Where
   * sizes count that may be several: a big entry must be worth all of them.
   */
  #isOutvoted(candidate: number): boolean {
    const { entries } = this;
    const popularity = this.#sketch.estimate(entries.hashAt(candidate));
    let missing = this.bytes - this.#maxBytes;
    let opposed = 0;
    // The candidate is the newest of probation: alone there, it meets the protected.
    let victim = entries.counts[PROBATION]! > 1 ? entries.oldest(PROBATION) : entries.oldest(PROTECTED);
    while (victim !== undefined && victim !== candidate) {
      opposed += this.#sketch.estimate(entries.hashAt(victim));
      if (opposed >= popularity)
        return popularity < DISPUTED_FROM || this.#options.random() >= ADMITTED_ANYWAY;
      missing -= entries.sizeAt(victim);
      if (missing <= 0) break;
      victim = entries.newer(victim);
    }
    return false;
  }

  #evict(slot: number, reason: EvictReason): void {
    const { entries } = this;
    const key = entries.keyAt(slot);
    const value = entries.valueAt(slot);
    entries.remove(slot);
    this.#options.onEvict?.(key, value, reason);
  }

  #isOverfull(): boolean {
    return this.entries.size > this.#max || this.bytes > this.#maxBytes;
  }

  #divide(): void {
    const protectedShare = Math.max(0, 1 - PROBATION_SHARE - this.#windowShare);
    this.#windowMax = Math.max(1, Math.floor(this.#windowShare * this.#max));
    this.#windowMaxBytes = this.#windowShare * this.#maxBytes;
    this.#protectedMax = Math.floor(protectedShare * this.#max);
    this.#protectedMaxBytes = protectedShare * this.#maxBytes;
  }
}
