// How often was a key asked for lately? A count-min sketch with ageing, after TinyLFU (Einziger, Friedman, Manes:
// TinyLFU: A Highly Efficient Cache Admission Policy, ACM Transactions on Storage 2017).
//
// Each key owns one counter in each of four rows, shared with other keys; the smallest of the four was disturbed least.
// Counters have four bits: what matters is who is asked for more often, and 15 is "often". Every ten records per entry
// all counters are halved, so that what was popular yesterday has to earn its place again.
//
// The four counters of a key lie within 64 bytes, one line of the processor's cache. A line has 16 words of 8 counters,
// and row i has the words 4i to 4i + 3.

const COUNTER_MAX = 15;
const WORDS_PER_LINE = 16;
/** Two words, that is 16 counters, per entry the cache can hold: 4 in each row. */
const WORDS_PER_ENTRY = 2;
const RECORDS_PER_ENTRY = 10;
/** Keeps three bits of each counter after all of a word's counters are shifted at once. */
const HALVED = 0x7777_7777;
const LOWEST_BITS = 0x1111_1111;

/**
 * Estimates from 0 to 15 how often a hash was recorded, for as many keys as there are: memory does not grow with them.
 * It takes 8 to 16 bytes per entry of `capacity`, 64 at least. Recording and estimating allocate nothing; ageing, once
 * in a while, takes a millisecond or two per million entries.
 */
export class FrequencySketch {
  #words = new Int32Array(WORDS_PER_LINE);
  #lineMask = 0;
  #capacity = 0;
  #sampleSize = 0;
  #recorded = 0;

  /** `capacity`: entries of the cache that asks. More than 0. */
  constructor(capacity: number) {
    this.resize(capacity);
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes its counters take. */
  get byteLength(): number {
    return this.#words.byteLength;
  }

  /** Keeps what it knows. Growing leaves all estimates as they are; shrinking may raise those of keys that now share. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#sampleSize = RECORDS_PER_ENTRY * Math.max(capacity, WORDS_PER_LINE / WORDS_PER_ENTRY);
    const length = WORDS_PER_LINE * nextPowerOfTwo((capacity * WORDS_PER_ENTRY) / WORDS_PER_LINE);
    while (this.#words.length < length) this.#unfold();
    while (this.#words.length > length) this.#fold();
    this.#lineMask = length / WORDS_PER_LINE - 1;
  }

  record(hash: number): void {
    const words = this.#words;
    const bits = spread(hash);
    const line = (hash & this.#lineMask) * WORDS_PER_LINE;
    // Each row takes five bits: two for one of its four words, three for one of the eight counters in it.
    const grew =
      increment(words, line + ((bits >>> 12) & 3), (bits >>> 14) & 7) |
      increment(words, line + 4 + ((bits >>> 17) & 3), (bits >>> 19) & 7) |
      increment(words, line + 8 + ((bits >>> 22) & 3), (bits >>> 24) & 7) |
      increment(words, line + 12 + ((bits >>> 27) & 3), bits >>> 29);
    if (grew === 0) return;
    this.#recorded += 1;
    if (this.#recorded >= this.#sampleSize) this.#age();
  }

  /** Never less than the times it was recorded since the last ageing, up to 15. */
  estimate(hash: number): number {
    const words = this.#words;
    const bits = spread(hash);
    const line = (hash & this.#lineMask) * WORDS_PER_LINE;
    return Math.min(
      counter(words, line + ((bits >>> 12) & 3), (bits >>> 14) & 7),
      counter(words, line + 4 + ((bits >>> 17) & 3), (bits >>> 19) & 7),
      counter(words, line + 8 + ((bits >>> 22) & 3), (bits >>> 24) & 7),
      counter(words, line + 12 + ((bits >>> 27) & 3), bits >>> 29),
    );
  }

  /** Twice the lines: a key's line is now told by one bit more, and wherever that leads it finds what it had. */
  #unfold(): void {
    const words = new Int32Array(2 * this.#words.length);
    words.set(this.#words);
    words.set(this.#words, this.#words.length);
    this.#words = words;
  }

  #fold(): void {
    const half = this.#words.length / 2;
    const words = this.#words.slice(0, half);
    for (let i = 0; i < half; i++) words[i] = largerCounters(words[i]!, this.#words[half + i]!);
    this.#words = words;
  }

  /** Halves every counter, and forgets as many records. */
  #age(): void {
    const words = this.#words;
    let odd = 0;
    for (let i = 0; i < words.length; i++) {
      const before = words[i]!;
      odd += bitsSet(before & LOWEST_BITS);
      words[i] = (before >>> 1) & HALVED;
    }
    // Each record raised up to four counters; an odd counter loses half a count when it is halved.
    this.#recorded = Math.max(0, (this.#recorded - (odd >>> 2)) >>> 1);
  }
}

function counter(words: Int32Array, word: number, position: number): number {
  return (words[word]! >>> (position * 4)) & COUNTER_MAX;
}

/** 1 when the counter grew, 0 when it was full. */
function increment(words: Int32Array, word: number, position: number): number {
  const shift = position * 4;
  const before = words[word]!;
  if (((before >>> shift) & COUNTER_MAX) === COUNTER_MAX) return 0;
  words[word] = before + (1 << shift);
  return 1;
}

/**
 * Bits for the places in a line. Keys of one line have the low bits in common, so the high bits come down first;
 * multiplying by the golden ratio then carries each bit into all bits above it.
 */
function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 16), 0x9e37_79b1);
}

/** Of each counter the larger of both. */
function largerCounters(one: number, other: number): number {
  let larger = 0;
  for (let mask = COUNTER_MAX; mask !== 0; mask <<= 4) {
    larger |= (one & mask) >>> 0 > (other & mask) >>> 0 ? one & mask : other & mask;
  }
  return larger;
}

/** Of a word in which at most the lowest bit of each counter is set. */
function bitsSet(word: number): number {
  const pairs = (word & 0x0101_0101) + ((word >>> 4) & 0x0101_0101);
  return Math.imul(pairs, 0x0101_0101) >>> 24;
}

function nextPowerOfTwo(number: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, number)));
}
