// Keys in the order of their last use, with their sizes: how much was used since this one was? That is the size a cache
// must have to still hold it when it drops what was not used for longest (the stack distance of Mattson et al. 1970).
//
// Each use takes the next position of a Fenwick tree, which adds up the sizes at positions from the first to any other
// one. The last position is always the newest, so a use appends: the node of the new position covers finished ones only
// and is made of them, one step in the mean. When all positions are taken, the keys move to the first ones, in order.
//
// Everything is kept in typed arrays by slot. Slot 0 is nobody's, so 0 means "none".

/** Positions for each key: with more, moving is rarer and the tree larger. */
const POSITIONS_PER_KEY = 2;

/**
 * The last uses of up to `capacity` keys, which are known by their hashes alone. To find the largest hash takes one
 * step: that is the key that leaves when the sample gets too large. Takes 60 bytes for each key of `capacity`.
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
  /** Slots, the one with the largest hash first, and where in it each slot is. */
  readonly #heap: Int32Array;
  readonly #heapPlaces: Int32Array;
  readonly #sums: Float64Array;
  readonly #slotAt: Int32Array;
  #top = 0;
  /** No position before this one is taken. */
  #bottom = 1;
  #total = 0;
  #free = 0;
  #count = 0;

  constructor(capacity: number) {
    const slots = capacity + 1;
    this.#hashes = new Int32Array(slots);
    this.#sizes = new Float64Array(slots);
    this.#ends = new Float64Array(slots);
    this.#positions = new Int32Array(slots);
    this.#next = new Int32Array(slots);
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(2 * slots)));
    this.#heap = new Int32Array(slots);
    this.#heapPlaces = new Int32Array(slots);
    this.#sums = new Float64Array(POSITIONS_PER_KEY * slots + 1);
    this.#slotAt = new Int32Array(POSITIONS_PER_KEY * slots + 1);
    this.clear();
  }

  get count(): number {
    return this.#count;
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
      this.#heap,
      this.#heapPlaces,
      this.#sums,
      this.#slotAt,
    ].reduce((sum, { byteLength }) => sum + byteLength, 0);
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

  /** Sizes of all keys used after this one, together. */
  sizeAbove(slot: number): number {
    return this.#total - this.#sumTo(this.#positions[slot]!);
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
    this.#siftUp(this.#count, slot);
    this.#count += 1;
  }

  /** Makes a key the last one used. */
  use(slot: number): void {
    if (this.#positions[slot] === this.#top) return;
    this.#takeOut(slot);
    this.#append(slot);
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
    this.#count -= 1;
    const place = this.#heapPlaces[slot]!;
    const last = this.#heap[this.#count]!;
    if (place === this.#count) return;
    this.#siftUp(place, last);
    this.#siftDown(this.#heapPlaces[last]!, last);
  }

  /** The largest hash. There must be a key. */
  get largestHash(): number {
    return this.#hashes[this.#heap[0]!]!;
  }

  removeLargest(): void {
    this.remove(this.#heap[0]!);
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#positions.fill(0);
    this.#top = this.#total = this.#count = 0;
    this.#bottom = 1;
    // Slots 1, 2, ... are free, the last one has none after it.
    for (let slot = 0; slot < this.#next.length - 1; slot++) this.#next[slot] = slot + 1;
    this.#next[this.#next.length - 1] = 0;
    this.#free = 1;
  }

  #append(slot: number): void {
    if (this.#top === this.#slotAt.length - 1) this.#moveTogether();
    this.#put(slot, ++this.#top);
    this.#total += this.#sizes[slot]!;
  }

  #put(slot: number, position: number): void {
    const sums = this.#sums;
    let sum = this.#sizes[slot]!;
    const covered = position & -position;
    for (let step = 1; step < covered; step <<= 1) sum += sums[position - step]!;
    sums[position] = sum;
    this.#positions[slot] = position;
    this.#slotAt[position] = slot;
  }

  #takeOut(slot: number): void {
    const sums = this.#sums;
    const size = this.#sizes[slot]!;
    const top = this.#top;
    for (let at = this.#positions[slot]!; at <= top; at += at & -at) sums[at]! -= size;
    this.#slotAt[this.#positions[slot]!] = 0;
    this.#total -= size;
  }

  #sumTo(position: number): number {
    const sums = this.#sums;
    let sum = 0;
    for (let at = position; at > 0; at &= at - 1) sum += sums[at]!;
    return sum;
  }

  #moveTogether(): void {
    let kept = 0;
    for (let position = 1; position <= this.#top; position++) {
      const slot = this.#slotAt[position]!;
      if (slot !== 0) this.#put(slot, ++kept);
    }
    this.#top = kept;
    this.#bottom = 1;
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

  #siftUp(from: number, slot: number): void {
    const heap = this.#heap;
    const hash = this.#hashes[slot]!;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent]!;
      if (this.#hashes[above]! >= hash) break;
      heap[place] = above;
      this.#heapPlaces[above] = place;
      place = parent;
    }
    heap[place] = slot;
    this.#heapPlaces[slot] = place;
  }

  #siftDown(from: number, slot: number): void {
    const heap = this.#heap;
    const hash = this.#hashes[slot]!;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#count) break;
      if (child + 1 < this.#count && this.#hashes[heap[child + 1]!]! > this.#hashes[heap[child]!]!)
        child += 1;
      const below = heap[child]!;
      if (this.#hashes[below]! <= hash) break;
      heap[place] = below;
      this.#heapPlaces[below] = place;
      place = child;
    }
    heap[place] = slot;
    this.#heapPlaces[slot] = place;
  }
}
