// Keys in the order of their last use, with their sizes: how much was used since this one was? That is the size a cache
// must have to still hold it when it drops what was not used for longest (the stack distance of Mattson et al. 1970).
//
// Each use takes the next position, and positions are counted in blocks: a use only moves its size from one block to the
// newest, and is counted at the block it came from. Every few uses all blocks are gone through, newest first, to tell the
// distances of the uses counted since. What lies above a block grows as keys from below it are used, so the mean of
// before and now is taken; within its block a key is taken to be in the middle. In the newest blocks that would be
// coarse: there uses are counted by how many positions they go back. (MIMIR has such blocks, and finds their distances
// at each use: Saemundsson, Bjornsson, Chockler, Vigfusson: Dynamic Performance Profiling of Cloud Caches,
// SoCC 2014.) When all positions are taken, the keys move to the first ones, in order.
//
// Everything is kept in typed arrays by slot. Slot 0 is nobody's, so 0 means "none".

import { CountedUses, type DistanceListener } from './counted-uses.js';
import { HashHeap } from './hash-heap.js';

/** There are so many blocks at most. */
const BLOCKS = 216;
/** The keys fill at most so many of them when they have moved together: what they know of a distance is 1.4 % of it all. */
const BLOCKS_OF_KEYS = 72;
/** Blocks are gone through after so many were begun, when 6 % of the keys at most have got another place. */
const BLOCKS_PER_TELLING = 4;
/** Uses that go back no further than these blocks are counted in steps of positions, two to the power of this a block. */
const NEAR_STEP_BITS = 3;
const NEAR_STEPS = BLOCKS_PER_TELLING << NEAR_STEP_BITS;

/**
 * The last uses of up to `capacity` keys, which are known by their hashes alone. To find the largest hash takes one
 * step: that is the key that leaves when the sample gets too large. Takes 65 bytes for each key of `capacity`.
 */
export class SampledStack {
  readonly #hashes: Int32Array;
  readonly #sizes: Float64Array;
  readonly #ends: Float64Array;
  /** Position of a slot; 0 for one that is free. */
  readonly #positions: Int32Array;
  /** The next slot with the same bucket, or the next free one. */
  readonly #next: Int32Array;
  readonly #buckets: Int32Array;
  readonly #heap: HashHeap;
  readonly #slotAt: Int32Array;
  /** By block: sizes of its keys, and what was above it when uses were told last. */
  readonly #blocks: Float64Array;
  readonly #aboves: Float64Array;
  /** Uses since then: by block, and behind them by steps back. */
  readonly #counted: CountedUses;
  /** A block has two to the power of this many positions: the fewer keys there are, the less. */
  #blockBits = 0;
  #stepBits = 0;
  #top = 0;
  /** No position before this one is taken. */
  #bottom = 1;
  #total = 0;
  #free = 0;
  #length = 0;

  constructor(capacity: number, listener: DistanceListener) {
    const slots = capacity + 1;
    this.#hashes = new Int32Array(slots);
    this.#sizes = new Float64Array(slots);
    this.#ends = new Float64Array(slots);
    this.#positions = new Int32Array(slots);
    this.#next = new Int32Array(slots);
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(2 * slots)));
    this.#heap = new HashHeap(this.#hashes);
    this.#slotAt = new Int32Array(BLOCKS << bitsFor(slots));
    this.#blocks = new Float64Array(BLOCKS);
    this.#aboves = new Float64Array(BLOCKS);
    this.#counted = new CountedUses(BLOCKS + NEAR_STEPS, listener);
    this.clear();
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes its arrays take. */
  get byteLength(): number {
    return [
      this.#hashes,
      this.#sizes,
      this.#ends,
      this.#positions,
      this.#next,
      this.#buckets,
      this.#slotAt,
      this.#blocks,
      this.#aboves,
    ].reduce((sum, { byteLength }) => sum + byteLength, this.#heap.byteLength + this.#counted.byteLength);
  }

  /** The slot of a key, or 0. */
  find(hash: number): number {
    let slot = this.#buckets[hash & (this.#buckets.length - 1)]!;
    while (slot !== 0 && this.#hashes[slot] !== hash) slot = this.#next[slot]!;
    return slot;
  }

  sizeAt(slot: number): number {
    return this.#sizes[slot]!;
  }

  /** When the entry ends, as it was given. */
  endAt(slot: number): number {
    return this.#ends[slot]!;
  }

  /** The key that was used longest ago, or 0. */
  get oldest(): number {
    while (this.#bottom <= this.#top && this.#slotAt[this.#bottom] === 0) this.#bottom += 1;
    return this.#bottom > this.#top ? 0 : this.#slotAt[this.#bottom]!;
  }

  /** Sizes of all keys used after the oldest one, together; off by half a block. */
  get sizeAboveOldest(): number {
    const slot = this.oldest;
    if (slot === 0) return 0;
    return this.#total - (this.#blocks[this.#positions[slot]! >> this.#blockBits]! + this.#sizes[slot]!) / 2;
  }

  /** Tells the listener of the uses that were counted since the last time, those of a block or step at once. */
  tell(): void {
    this.#tellNear();
    const blocks = this.#blocks;
    const aboves = this.#aboves;
    const oldest = this.#bottom >> this.#blockBits;
    let above = 0;
    for (let block = this.#top >> this.#blockBits; block >= oldest; block--) {
      const inside = blocks[block]!;
      this.#counted.tell(block, (aboves[block]! + above) / 2, inside);
      aboves[block] = above;
      above += inside;
    }
  }

  /** Adds a key as the last one used. There must be room, and the key must be new. */
  add(hash: number, size: number, end: number): void {
    const slot = this.#free;
    this.#free = this.#next[slot]!;
    const bucket = hash & (this.#buckets.length - 1);
    this.#next[slot] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
    this.#hashes[slot] = hash;
    this.#sizes[slot] = size;
    this.#ends[slot] = end;
    this.#append(slot);
    this.#heap.add(slot);
    this.#length += 1;
  }

  /** Makes a key the last one used. */
  use(slot: number): void {
    if (this.#positions[slot] === this.#top) return;
    this.#takeOut(slot);
    this.#append(slot);
  }

  /** As {@link use}, and the listener will hear of it. */
  count(slot: number): void {
    const position = this.#positions[slot]!;
    const size = this.#sizes[slot]!;
    const block = position >> this.#blockBits;
    const steps = (this.#top - position) >> this.#stepBits;
    // Near ones or not, without a branch nobody could foresee: the mask is all ones for near ones, else zero.
    const place = block + ((BLOCKS + steps - block) & ((steps - NEAR_STEPS) >> 31));
    this.#counted.add(place, size);
    if (position === this.#top) return;
    this.#blocks[block]! -= size;
    this.#slotAt[position] = 0;
    this.#put(slot, this.#nextPosition());
  }

  /** Makes a key the last one used, with another size and end. */
  replace(slot: number, size: number, end: number): void {
    this.#takeOut(slot);
    this.#sizes[slot] = size;
    this.#ends[slot] = end;
    this.#append(slot);
  }

  remove(slot: number): void {
    this.#takeOut(slot);
    this.#positions[slot] = 0;
    this.#unchain(slot);
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.#length -= 1;
    this.#heap.remove(slot);
  }

  /** The largest hash. There must be a key. */
  get largestHash(): number {
    return this.#hashes[this.#heap.largest]!;
  }

  removeLargest(): void {
    this.remove(this.#heap.largest);
  }

  clear(): void {
    this.tell();
    for (const numbers of [this.#buckets, this.#positions, this.#blocks, this.#aboves]) numbers.fill(0);
    this.#top = this.#total = this.#length = this.#blockBits = this.#stepBits = 0;
    this.#bottom = 1;
    this.#heap.clear();
    // Slots 1, 2, ... are free, the last one has none after it.
    for (let slot = 0; slot < this.#next.length - 1; slot++) this.#next[slot] = slot + 1;
    this.#next[this.#next.length - 1] = 0;
    this.#free = 1;
  }

  #tellNear(): void {
    const width = 1 << this.#stepBits;
    let above = 0;
    for (let step = 0; step < NEAR_STEPS; step++) {
      const newest = this.#top - step * width;
      let inside = 0;
      for (let position = newest; position > newest - width && position > 0; position--)
        inside += this.#sizes[this.#slotAt[position]!]!;
      this.#counted.tell(BLOCKS + step, above, inside);
      above += inside;
    }
  }

  #append(slot: number): void {
    this.#put(slot, this.#nextPosition());
    this.#total += this.#sizes[slot]!;
  }

  #nextPosition(): number {
    const next = this.#top + 1;
    const positions = BLOCKS_PER_TELLING << this.#blockBits;
    if ((next & (positions - 1)) === 0) {
      if (next === BLOCKS << this.#blockBits) {
        this.#moveTogether();
        return ++this.#top;
      }
      this.tell();
    }
    return (this.#top = next);
  }

  #put(slot: number, position: number): void {
    this.#positions[slot] = position;
    this.#slotAt[position] = slot;
    this.#blocks[position >> this.#blockBits]! += this.#sizes[slot]!;
  }

  #takeOut(slot: number): void {
    const position = this.#positions[slot]!;
    const size = this.#sizes[slot]!;
    this.#slotAt[position] = 0;
    this.#blocks[position >> this.#blockBits]! -= size;
    this.#total -= size;
  }

  #moveTogether(): void {
    this.tell();
    this.#blocks.fill(0);
    this.#aboves.fill(0);
    this.#blockBits = bitsFor(this.#length);
    this.#stepBits = Math.max(0, this.#blockBits - NEAR_STEP_BITS);
    let kept = 0;
    for (let position = 1; position <= this.#top; position++) {
      const slot = this.#slotAt[position]!;
      if (slot !== 0) this.#put(slot, ++kept);
    }
    this.#top = kept;
    this.#bottom = 1;
    // Every block has something above it now.
    this.tell();
  }

  #unchain(slot: number): void {
    const bucket = this.#hashes[slot]! & (this.#buckets.length - 1);
    let at = this.#buckets[bucket]!;
    if (at === slot) {
      this.#buckets[bucket] = this.#next[slot]!;
      return;
    }
    while (this.#next[at] !== slot) at = this.#next[at]!;
    this.#next[at] = this.#next[slot]!;
  }
}

/** How large blocks must be so that the keys need no more of them than they may. */
function bitsFor(keys: number): number {
  return Math.max(0, Math.ceil(Math.log2(keys / BLOCKS_OF_KEYS)));
}
