import { Admission } from './admission.js';
import { PROBATION, PROTECTED, WINDOW } from './entry-regions.js';
import { FrequencySketch } from './frequency-sketch.js';
import { makeKeyHash, type KeyHash } from './key-hash.js';
import type { OnEvict, PolicyStore, PolicyStoreOptions } from './policy-store.js';
import { WindowChooser } from './window-chooser.js';

/** Entries the sketch has room for at first: a cache whose bytes bound it may never hold the `max` it is allowed. */
const FIRST_SKETCHED = 256;
/** How full the cache is when the chooser starts, so that it has seen something when entries begin to leave. */
const WATCHED_FROM = 0.5;
/** The chooser starts again when the cache holds so many times more or less than it started for. */
const OUTGROWN = 2;

/**
 * Keeps what is asked for most often lately, where that gives more hits than keeping what was used last. Beyond its
 * entries it takes 8 to 16 bytes for each of them, and miniatures of 256 entries without values at most. A key is hashed
 * when it is added, not when it is found; a `get` that finds nothing costs one lookup.
 */
export class TinyLfuStore<V> implements PolicyStore<V> {
  readonly #maxBytes: number;
  readonly #onEvict: OnEvict<string, V> | undefined;
  readonly #random: () => number;
  readonly #hash: KeyHash;
  readonly #sketch: FrequencySketch;
  readonly #admission: Admission<string, V>;
  /** Absent while there is room for everything: all windows are as good then. */
  #chooser: WindowChooser | undefined;
  #chosenFor = 0;

  constructor({ max, maxBytes = Infinity, onEvict, random = Math.random }: PolicyStoreOptions<V>) {
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
    this.#random = random;
    this.#hash = makeKeyHash(random);
    this.#sketch = new FrequencySketch(Math.min(max, FIRST_SKETCHED));
    this.#admission = new Admission(this.#sketch, { max, maxBytes, windowShare: 1, random, onEvict });
  }

  get(key: string): V | undefined {
    const { entries } = this.#admission;
    const slot = entries.find(key);
    if (slot === undefined) return undefined;
    this.#record(entries.hashAt(slot), entries.sizeAt(slot));
    this.#admission.use(slot);
    return entries.valueAt(slot);
  }

  peek(key: string): V | undefined {
    const { entries } = this.#admission;
    const slot = entries.find(key);
    return slot === undefined ? undefined : entries.valueAt(slot);
  }

  has(key: string): boolean {
    return this.#admission.entries.find(key) !== undefined;
  }

  set(key: string, value: V, size = 1): void {
    const counted = this.#maxBytes === Infinity ? 0 : size;
    if (counted > this.#maxBytes) {
      this.delete(key);
      this.#onEvict?.(key, value, 'rejected');
      return;
    }
    const { entries } = this.#admission;
    const slot = entries.find(key);
    if (slot !== undefined) {
      this.#record(entries.hashAt(slot), counted);
      this.#admission.replace(slot, value, counted);
      return;
    }
    const hash = this.#hash(key);
    this.#prepareFor(entries.size + 1, counted);
    this.#record(hash, counted);
    this.#admission.insert(key, value, counted, hash);
  }

  delete(key: string): boolean {
    const { entries } = this.#admission;
    const slot = entries.find(key);
    if (slot === undefined) return false;
    this.#chooser?.forget(entries.hashAt(slot));
    entries.remove(slot);
    return true;
  }

  clear(): void {
    this.#admission.entries.clear();
    this.#chooser?.clear();
  }

  resize(max: number): void {
    this.#admission.resize(max);
    this.#sketch.resize(Math.min(max, Math.max(FIRST_SKETCHED, this.size)));
    // The miniatures are of the old size; others follow with the next set.
    this.#chosenFor = 0;
  }

  /** Window, protected, probation; within each the most recently used first. */
  keys(limit = Infinity): string[] {
    const keys: string[] = [];
    for (const region of [WINDOW, PROTECTED, PROBATION] as const) {
      this.#admission.entries.collectKeys(region, keys, limit);
    }
    return keys;
  }

  get size(): number {
    return this.#admission.entries.size;
  }

  get bytes(): number {
    return this.#admission.bytes;
  }

  get max(): number {
    return this.#admission.max;
  }

  /** What the window has of the room now, from 0.01 to 1; at 1 this is plain LRU. */
  get windowShare(): number {
    return this.#admission.windowShare;
  }

  #record(hash: number, size: number): void {
    this.#sketch.record(hash);
    const chooser = this.#chooser;
    if (chooser?.observe(hash, size)) this.#admission.windowShare = chooser.share;
  }

  /** Before an entry is added that makes it so many. */
  #prepareFor(size: number, added: number): void {
    if (size > this.#sketch.capacity && this.max > this.#sketch.capacity) {
      this.#sketch.resize(Math.min(this.max, 2 * size));
    }
    const filled = Math.max(size / this.max, (this.bytes + added) / this.#maxBytes);
    if (filled < WATCHED_FROM) return;
    const entries = Math.ceil(size / Math.min(1, filled));
    if (entries <= OUTGROWN * this.#chosenFor && entries * OUTGROWN >= this.#chosenFor) return;
    this.#chosenFor = entries;
    this.#chooser = new WindowChooser(
      this.#sketch,
      { max: entries, maxBytes: this.#maxBytes, windowShare: this.windowShare },
      this.#random,
    );
  }
}
