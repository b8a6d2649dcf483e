const FIRST_CAPACITY = 64;
/**
 * More uses count no more: what was popular for long has to earn its place again soon after that is over. Ageing by
 * itself would take as many turnovers of the cache as the entry had uses.
 */
const MAX_USES = 15;

/** The numbers of an entry lie side by side, within one line of the processor's cache. */
const NUMBERS = 4;
const SIZE = 0;
const USES = 1;
const WORTH = 2;
/** Where in the list of all entries it is. */
const PLACE = 3;

/**
 * Entries by key with their sizes and uses, in two orders: the order of use, for the cache's own bounds, and a list
 * without gaps and without order, to draw entries from at random. To use an entry writes eight numbers.
 *
 * An entry takes 44 bytes for these, and its places in arrays of keys, values and the map. Arrays double as entries
 * come, and stay when they go.
 */
export class BudgetedEntries<V> {
  readonly #slots = new Map<string, number>();
  #keys: (string | undefined)[] = [undefined];
  #values: (V | undefined)[] = [undefined];
  #numbers = new Float64Array(NUMBERS);
  /** A ring through slot 0: after it comes the most, before it the least recently used entry. */
  #next = new Int32Array(1);
  #previous = new Int32Array(1);
  /** The slots in use. */
  #list = new Int32Array(1);
  /** Slots from here on were not used yet. */
  #fresh = 1;
  /** The first slot that is free again; they are linked by `#next`, and 0 ends the list. */
  #free = 0;
  #bytes = 0;

  get size(): number {
    return this.#slots.size;
  }

  /** Sizes of all entries together. */
  get bytes(): number {
    return this.#bytes;
  }

  find(key: string): number | undefined {
    return this.#slots.get(key);
  }

  keyAt(slot: number): string {
    return this.#keys[slot]!;
  }

  valueAt(slot: number): V {
    return this.#values[slot]!;
  }

  sizeAt(slot: number): number {
    return this.#numbers[slot * NUMBERS + SIZE]!;
  }

  usesAt(slot: number): number {
    return this.#numbers[slot * NUMBERS + USES]!;
  }

  /** What it was worth at its last use to keep an entry; `Infinity` for one that is gone. */
  worthAt(slot: number): number {
    return this.#numbers[slot * NUMBERS + WORTH]!;
  }

  /** The least recently used, or `undefined` when there is none. */
  get oldest(): number | undefined {
    return this.#previous[0] || undefined;
  }

  /** The slot at a place of the list, from 0 to `size` - 1. */
  drawn(place: number): number {
    return this.#list[place]!;
  }

  /** Adds an entry that was used so often before. It counts as worth nothing until its next use. */
  add(key: string, value: V, size: number, uses: number): number {
    const slot = this.#takeSlot();
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#values[slot] = value;
    const place = this.#slots.size - 1;
    this.#list[place] = slot;
    const at = slot * NUMBERS;
    this.#numbers[at + SIZE] = size;
    this.#numbers[at + USES] = uses;
    this.#numbers[at + WORTH] = 0;
    this.#numbers[at + PLACE] = place;
    this.#bytes += size;
    this.#link(slot);
    return slot;
  }

  replace(slot: number, value: V, size: number): void {
    this.#values[slot] = value;
    this.#bytes += size - this.sizeAt(slot);
    this.#numbers[slot * NUMBERS + SIZE] = size;
  }

  /**
   * Counts a use: the entry is the most recently used one now, and worth `age` and, for each byte, `weight` times its
   * uses, of which the first one counts as `firstUse`.
   */
  use(slot: number, age: number, weight: number, firstUse: number): void {
    const numbers = this.#numbers;
    const at = slot * NUMBERS;
    const uses = Math.min(MAX_USES, numbers[at + USES]! + 1);
    numbers[at + USES] = uses;
    numbers[at + WORTH] = age + ((uses - 1 + firstUse) * weight) / numbers[at + SIZE]!;
    if (this.#previous[slot] === 0) return;
    this.#unlink(slot);
    this.#link(slot);
  }

  remove(slot: number): void {
    const at = slot * NUMBERS;
    const place = this.#numbers[at + PLACE]!;
    const last = this.#list[this.#slots.size - 1]!;
    this.#list[place] = last;
    this.#numbers[last * NUMBERS + PLACE] = place;
    this.#numbers[at + WORTH] = Infinity;
    this.#bytes -= this.#numbers[at + SIZE]!;
    this.#slots.delete(this.keyAt(slot));
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#unlink(slot);
    this.#next[slot] = this.#free;
    this.#free = slot;
  }

  clear(): void {
    this.#slots.clear();
    this.#keys = [undefined];
    this.#values = [undefined];
    this.#numbers.fill(Infinity);
    this.#next[0] = this.#previous[0] = 0;
    this.#fresh = 1;
    this.#free = 0;
    this.#bytes = 0;
  }

  /** The first `limit` keys, the most recently used first. */
  keys(limit: number): string[] {
    const keys: string[] = [];
    for (let slot = this.#next[0]!; slot !== 0 && keys.length < limit; slot = this.#next[slot]!) {
      keys.push(this.keyAt(slot));
    }
    return keys;
  }

  #takeSlot(): number {
    const free = this.#free;
    if (free !== 0) {
      this.#free = this.#next[free]!;
      return free;
    }
    if (this.#fresh === this.#next.length) this.#grow();
    return this.#fresh++;
  }

  #grow(): void {
    const length = 1 + Math.max(FIRST_CAPACITY, 2 * (this.#next.length - 1));
    const grown = <T extends Int32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#numbers = grown(this.#numbers, new Float64Array(NUMBERS * length));
    this.#next = grown(this.#next, new Int32Array(length));
    this.#previous = grown(this.#previous, new Int32Array(length));
    this.#list = grown(this.#list, new Int32Array(length));
  }

  #link(slot: number): void {
    const first = this.#next[0]!;
    this.#next[0] = slot;
    this.#previous[slot] = 0;
    this.#next[slot] = first;
    this.#previous[first] = slot;
  }

  #unlink(slot: number): void {
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }
}
