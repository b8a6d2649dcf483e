/**
 * Each power of two is cut into so many bins of equal width, so that a size is off by 3 % at most. The bin of a number
 * then stands in its own bits: exponent and first digits. A logarithm would cost more than everything else here.
 */
const DIGITS = 5;
const BINS_PER_OCTAVE = 2 ** DIGITS;
/** Up to 16 TiB, or as many entries. */
const OCTAVES = 44;
const BINS = OCTAVES * BINS_PER_OCTAVE;
/** Of the upper half of a 64-bit float 20 bits are digits, and the exponent of 1 is 1023. */
const SHIFT = 20 - DIGITS;
const FIRST = 1023 * BINS_PER_OCTAVE;

/**
 * How many lookups would be answered by a cache of which size: each lookup that could be a hit stands at the smallest
 * size that has it. Takes 11 KB.
 */
export class SizeHistogram {
  readonly #hits: Float64Array;
  /** Lookups that happened. */
  lookups: number;
  /** Lookups the sampled ones stand for; differs from `lookups` by chance. */
  #represented: number;

  constructor(from?: SizeHistogram) {
    this.#hits = from === undefined ? new Float64Array(BINS) : from.#hits.slice();
    this.lookups = from?.lookups ?? 0;
    this.#represented = from === undefined ? 0 : from.#represented;
  }

  /** A sampled lookup that stands for `weight` of them and is a hit in a cache of `size` or more. */
  addHit(size: number, weight: number): void {
    this.#hits[binOf(size)]! += weight;
    this.#represented += weight;
  }

  /** One that is a miss in a cache of any size. */
  addMiss(weight: number): void {
    this.#represented += weight;
  }

  get byteLength(): number {
    return this.#hits.byteLength;
  }

  halved(): SizeHistogram {
    const half = new SizeHistogram();
    half.add(this, 0.5);
    return half;
  }

  plus(other: SizeHistogram): SizeHistogram {
    const sum = new SizeHistogram(this);
    sum.add(other, 1);
    return sum;
  }

  /** Adds all of another one, so many times. */
  add(other: SizeHistogram, times: number): void {
    for (let bin = 0; bin < BINS; bin++) this.#hits[bin]! += times * other.#hits[bin]!;
    this.lookups += times * other.lookups;
    this.#represented += times * other.#represented;
  }

  /** What was added since `earlier` was copied from this one. */
  since(earlier: SizeHistogram): SizeHistogram {
    const difference = new SizeHistogram(this);
    difference.add(earlier, -1);
    return difference;
  }

  /** Lookups that a cache of this size would have answered; never more than there were. */
  hitsAt(size: number): number {
    if (!(size > 0)) return 0;
    const last = binOf(size);
    let hits = this.#correction();
    for (let bin = 0; bin < last; bin++) hits += this.#hits[bin]!;
    const [from, to] = [sizeOf(last), sizeOf(last + 1)];
    // Within a bin they are taken as spread evenly; sizes are whole, so one equal to its beginning counts.
    hits += this.#hits[last]! * Math.min(1, (size + 1 - from) / (to - from));
    return Math.min(this.lookups, Math.max(0, hits));
  }

  /** The smallest size beyond which nothing more was won; 0 without any hit. */
  get largestSize(): number {
    for (let bin = BINS - 1; bin >= 0; bin--) if (this.#hits[bin]! > 0) return sizeOf(bin + 1);
    return 0;
  }

  /**
   * Whether a few very popular keys are in the sample decides how many lookups it represents. They are hits at any
   * size, so the difference goes to the smallest (the adjustment of SHARDS).
   */
  #correction(): number {
    return this.lookups - this.#represented;
  }
}

const float = new Float64Array(1);
const bits = new Uint32Array(float.buffer);
const UPPER = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

function binOf(size: number): number {
  if (size < 1) return 0;
  float[0] = size;
  return Math.min(BINS - 1, (bits[UPPER]! >>> SHIFT) - FIRST);
}

/** The size a bin begins at. */
function sizeOf(bin: number): number {
  if (bin <= 0) return 0;
  return 2 ** Math.floor(bin / BINS_PER_OCTAVE) * (1 + (bin % BINS_PER_OCTAVE) / BINS_PER_OCTAVE);
}
