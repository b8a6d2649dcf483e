/** Each region is a ring through a slot of its own: after it comes the most, before it the least recently used entry. */
export const WINDOW = 0;
export const PROBATION = 1;
export const PROTECTED = 2;

export type Region = typeof WINDOW | typeof PROBATION | typeof PROTECTED;

const ALL_REGIONS: readonly Region[] = [WINDOW, PROBATION, PROTECTED];
const REGIONS = ALL_REGIONS.length;
const FIRST_CAPACITY = 64;

/**
 * Entries by key, each in one of three regions and there in the order of use. To move an entry is to write six numbers;
 * with an lru-cache for each region it would leave one map and enter another, and a lookup would ask up to three.
 *
 * An entry takes 21 bytes for its links and its places in arrays of keys, values and the map. Arrays double as entries
 * come, and stay when they go.
 */
export class EntryRegions<K, V> {
  readonly #slots = new Map<K, number>();
  /** How many entries each region has, and their sizes together. */
  readonly counts = new Float64Array(REGIONS);
  readonly bytes = new Float64Array(REGIONS);
  #keys: (K | undefined)[] = [];
  #values: (V | undefined)[] = [];
  #next = new Int32Array(REGIONS);
  #previous = new Int32Array(REGIONS);
  #hashes = new Int32Array(REGIONS);
  #regions = new Uint8Array(REGIONS);
  #sizes = new Float64Array(REGIONS);
  /** Slots from here on were not used yet. */
  #fresh = REGIONS;
  /** The first slot that is free again; they are linked by `#next`, and 0 ends the list. */
  #free = 0;

  constructor() {
    this.clear();
  }

  get size(): number {
    return this.#slots.size;
  }

  find(key: K): number | undefined {
    return this.#slots.get(key);
  }

  keyAt(slot: number): K {
    return this.#keys[slot]!;
  }

  valueAt(slot: number): V {
    return this.#values[slot]!;
  }

  hashAt(slot: number): number {
    return this.#hashes[slot]!;
  }

  regionAt(slot: number): Region {
    return this.#regions[slot] as Region;
  }

  sizeAt(slot: number): number {
    return this.#sizes[slot]!;
  }

  /** The least recently used of a region, or `undefined` when there is none. */
  oldest(region: Region): number | undefined {
    const slot = this.#previous[region]!;
    return slot === region ? undefined : slot;
  }

  /** The entry of the same region that was used next after this one. */
  newer(slot: number): number | undefined {
    const newer = this.#previous[slot]!;
    return newer < REGIONS ? undefined : newer;
  }

  /** Adds an entry as the most recently used of a region; `asOldest`: as the least recently used. */
  add(region: Region, key: K, value: V, size: number, hash: number, asOldest: boolean): void {
    const slot = this.#takeSlot();
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#values[slot] = value;
    this.#sizes[slot] = size;
    this.#hashes[slot] = hash;
    this.#link(slot, asOldest ? this.#previous[region]! : region);
    this.#join(slot, region);
  }

  replace(slot: number, value: V, size: number): void {
    this.#values[slot] = value;
    this.bytes[this.regionAt(slot)]! += size - this.#sizes[slot]!;
    this.#sizes[slot] = size;
  }

  /** Makes an entry the most recently used of its region. */
  touch(slot: number): void {
    const region = this.regionAt(slot);
    this.#unlink(slot);
    this.#link(slot, region);
  }

  /** Makes an entry the most recently used of another region. */
  move(slot: number, region: Region): void {
    this.#unlink(slot);
    this.#leave(slot);
    this.#link(slot, region);
    this.#join(slot, region);
  }

  remove(slot: number): void {
    this.#slots.delete(this.keyAt(slot));
    this.#unlink(slot);
    this.#leave(slot);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#next[slot] = this.#free;
    this.#free = slot;
  }

  clear(): void {
    this.#slots.clear();
    this.#keys = [undefined, undefined, undefined];
    this.#values = [undefined, undefined, undefined];
    this.#fresh = REGIONS;
    this.#free = 0;
    for (const region of ALL_REGIONS) {
      this.#next[region] = this.#previous[region] = region;
      this.counts[region] = this.bytes[region] = 0;
    }
  }

  /** Adds keys of a region, the most recently used first, until `keys` has `limit` of them. */
  collectKeys(region: Region, keys: K[], limit: number): void {
    let slot = this.#next[region]!;
    while (slot >= REGIONS && keys.length < limit) {
      keys.push(this.keyAt(slot));
      slot = this.#next[slot]!;
    }
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
    const length = REGIONS + Math.max(FIRST_CAPACITY, 2 * (this.#next.length - REGIONS));
    const grown = <T extends Int32Array | Uint8Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#next = grown(this.#next, new Int32Array(length));
    this.#previous = grown(this.#previous, new Int32Array(length));
    this.#hashes = grown(this.#hashes, new Int32Array(length));
    this.#regions = grown(this.#regions, new Uint8Array(length));
    this.#sizes = grown(this.#sizes, new Float64Array(length));
  }

  #link(slot: number, before: number): void {
    const next = this.#next;
    const previous = this.#previous;
    const after = next[before]!;
    next[before] = slot;
    previous[slot] = before;
    next[slot] = after;
    previous[after] = slot;
  }

  #unlink(slot: number): void {
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #join(slot: number, region: Region): void {
    this.#regions[slot] = region;
    this.counts[region]! += 1;
    this.bytes[region]! += this.#sizes[slot]!;
  }

  #leave(slot: number): void {
    const region = this.regionAt(slot);
    this.counts[region]! -= 1;
    this.bytes[region]! -= this.#sizes[slot]!;
  }
}
