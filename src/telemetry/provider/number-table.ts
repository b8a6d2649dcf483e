/** Chains stay short up to this share of the places. */
const MOST_FILLED = 0.8;

const FIRST_PLACES = 8;

/**
 * 2^32 divided by the golden ratio: in the highest bits of their products, neighbouring numbers are as far apart as can be
 * (Knuth, The Art of Computer Programming 3, section 6.4).
 */
export const FACTOR = 0x9e3779b1 | 0;

export function mix(hash: number, number: number): number {
  const mixed = Math.imul(hash ^ number, FACTOR);
  return mixed ^ (mixed >>> 15);
}

/**
 * Finds series by what they are: a set of names, and a number for the value of each name. A table of plain integers with
 * open addressing, in which these keys lie one after the other. A series takes four bytes for each integer of its key and
 * some ten more, and nothing for the garbage collector to look at.
 */
export class NumberTable {
  /** Series plus one; 0 is a free place. */
  #places = new Int32Array(FIRST_PLACES);
  /** What leaves of a hash as many of its highest bits as tell a place. */
  #shift = 32 - Math.log2(FIRST_PLACES);
  /** Of each series, the number of its set and of its values. */
  #keys = new Int32Array(8);
  #keysEnd = 0;
  /** Where the key of a series starts; minus one where it has none. */
  #starts = new Int32Array(4).fill(-1);
  #filled = 0;
  /** How many values a set has. */
  readonly #widths: number[] = [];
  /** Starts of keys that are not used any more, by how many values they have. */
  #holes: Map<number, number[]> | undefined;

  /** The series with this key, or -1. `hash` is of the values; `values` may be longer than `length`. */
  find(hash: number, set: number, values: readonly number[], length: number): number {
    const places = this.#places;
    const keys = this.#keys;
    const starts = this.#starts;
    const mask = places.length - 1;
    for (let place = hash >>> this.#shift; ; place = (place + 1) & mask) {
      const series = places[place]! - 1;
      if (series < 0) return -1;
      const start = starts[series]!;
      if (keys[start] !== set) continue;
      let i = 0;
      while (i < length && keys[start + 1 + i] === values[i]) i += 1;
      if (i === length) return series;
    }
  }

  add(series: number, set: number, values: readonly number[]): void {
    this.#widths[set] = values.length;
    const start = this.#holes?.get(values.length)?.pop() ?? this.#append(values.length + 1);
    this.#keys[start] = set;
    this.#keys.set(values, start + 1);
    if (series >= this.#starts.length) {
      const { length } = this.#starts;
      this.#starts = grown(this.#starts, series + 1);
      this.#starts.fill(-1, length);
    }
    this.#starts[series] = start;
    if (this.#filled + 1 > this.#places.length * MOST_FILLED) this.#grow();
    this.#put(series);
    this.#filled += 1;
  }

  remove(series: number): void {
    const mask = this.#places.length - 1;
    let free = this.#home(series);
    while (this.#places[free] !== series + 1) free = (free + 1) & mask;
    // Whoever was put further on because this place was taken moves up, so that no chain is torn.
    for (let place = (free + 1) & mask; this.#places[place] !== 0; place = (place + 1) & mask) {
      const home = this.#home(this.#places[place]! - 1);
      if (((place - home) & mask) < ((place - free) & mask)) continue;
      this.#places[free] = this.#places[place]!;
      free = place;
    }
    this.#places[free] = 0;
    this.#filled -= 1;
    const width = this.#widths[this.setOf(series)]!;
    const holes = (this.#holes ??= new Map<number, number[]>());
    const same = holes.get(width);
    if (same === undefined) holes.set(width, [this.#starts[series]!]);
    else same.push(this.#starts[series]!);
    this.#starts[series] = -1;
  }

  has(series: number): boolean {
    return (this.#starts[series] ?? -1) >= 0;
  }

  setOf(series: number): number {
    return this.#keys[this.#starts[series]!]!;
  }

  /** The number of one value. */
  at(series: number, position: number): number {
    return this.#keys[this.#starts[series]! + 1 + position]!;
  }

  /** The place a series has while no other is in its way. */
  #home(series: number): number {
    const set = this.setOf(series);
    let hash = 0;
    for (let i = 0; i < this.#widths[set]!; i++) hash = mix(hash, this.at(series, i));
    return hash >>> this.#shift;
  }

  #put(series: number): void {
    const mask = this.#places.length - 1;
    let place = this.#home(series);
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = series + 1;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Int32Array(before.length * 2);
    this.#shift -= 1;
    for (const one of before) if (one !== 0) this.#put(one - 1);
  }

  #append(length: number): number {
    const start = this.#keysEnd;
    this.#keysEnd += length;
    if (this.#keysEnd > this.#keys.length) this.#keys = grown(this.#keys, this.#keysEnd);
    return start;
  }
}

/** With some room left. */
function grown(list: Int32Array, atLeast: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(atLeast + 8 + (atLeast >>> 3));
  longer.set(list);
  return longer;
}
