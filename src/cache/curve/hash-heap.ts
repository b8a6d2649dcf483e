/** Slots by their hashes, the largest one first (a binary heap). Takes 8 bytes for each slot. */
export class HashHeap {
  readonly #hashes: Int32Array;
  readonly #slots: Int32Array;
  /** Where each slot is. */
  readonly #places: Int32Array;
  #length = 0;

  /** `hashes`: by slot, kept by the owner; that of a slot in here must not change. */
  constructor(hashes: Int32Array) {
    this.#hashes = hashes;
    this.#slots = new Int32Array(hashes.length);
    this.#places = new Int32Array(hashes.length);
  }

  get byteLength(): number {
    return this.#slots.byteLength + this.#places.byteLength;
  }

  /** There must be one. */
  get largest(): number {
    return this.#slots[0]!;
  }

  add(slot: number): void {
    this.#siftUp(this.#length, slot);
    this.#length += 1;
  }

  remove(slot: number): void {
    this.#length -= 1;
    const place = this.#places[slot]!;
    const last = this.#slots[this.#length]!;
    if (place === this.#length) return;
    this.#siftUp(place, last);
    this.#siftDown(this.#places[last]!, last);
  }

  clear(): void {
    this.#length = 0;
  }

  #siftUp(from: number, slot: number): void {
    const hash = this.#hashes[slot]!;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#slots[parent]!;
      if (this.#hashes[above]! >= hash) break;
      this.#put(above, place);
      place = parent;
    }
    this.#put(slot, place);
  }

  #siftDown(from: number, slot: number): void {
    const hash = this.#hashes[slot]!;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#length) break;
      if (child + 1 < this.#length && this.#hashAt(child + 1) > this.#hashAt(child)) child += 1;
      if (this.#hashAt(child) <= hash) break;
      this.#put(this.#slots[child]!, place);
      place = child;
    }
    this.#put(slot, place);
  }

  #hashAt(place: number): number {
    return this.#hashes[this.#slots[place]!]!;
  }

  #put(slot: number, place: number): void {
    this.#slots[place] = slot;
    this.#places[slot] = place;
  }
}
