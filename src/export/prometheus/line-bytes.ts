import { escapeValue, oneByteText } from './labels.js';
import { numberText } from './numbers.js';

const QUOTE = 34;
const BACKSLASH = 92;
const LINE_FEED = 10;
const FIRST_NOT_ASCII = 128;
const ZERO = 48;
/** Up to here V8 divides without fractions, which is quicker. */
const MOST_IN_INTEGERS = 2 ** 31 - 1;

/** From this length on a call to Node is quicker than a loop. */
const LONG = 48;
/** The longest text of a number, and a line feed. */
const LONGEST_NUMBER = 26;
/** A number, and what stands behind it. */
const LONGEST_BOUND = 30;

/** Bytes that grow while lines are written to them. */
export class LineBytes {
  #bytes: Buffer;
  #length = 0;

  /** Memory that is not written to costs nothing: `size` may be what is needed at most. */
  constructor(size = 4096) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, until something else is. */
  get view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** A copy with room for more behind it. */
  copy(spare: number): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.#length + spare);
    this.#bytes.copy(copy, 0, 0, this.#length);
    return copy;
  }

  /** The first bytes of others. */
  add(bytes: Buffer, length: number): void {
    this.#reserve(length);
    bytes.copy(this.#bytes, this.#length, 0, length);
    this.#length += length;
  }

  /** One-byte text. */
  text(text: string): void {
    const { length } = text;
    this.#reserve(length);
    if (length < LONG) writeText(this.#bytes, this.#length, text);
    else this.#bytes.write(text, this.#length, 'latin1');
    this.#length += length;
  }

  /** What was written before. */
  again(from: number, length: number): void {
    this.#reserve(length);
    this.#bytes.copyWithin(this.#length, from, from + length);
    this.#length += length;
  }

  /** The value of a label: any text. */
  value(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= FIRST_NOT_ASCII || code === QUOTE || code === BACKSLASH || code === LINE_FEED)
        return this.text(oneByteText(escapeValue(text)));
      bytes[start + i] = code;
    }
    this.#length = start + text.length;
  }

  number(value: number): void {
    this.#reserve(LONGEST_NUMBER);
    this.#length = writeNumber(this.#bytes, this.#length, value);
  }

  /**
   * A line for each of the bounds. They begin with what was written from `first` on, and end in the sum of the counts so
   * far, the last one in `total`.
   */
  cumulative(first: number, bounds: readonly string[], counts: readonly number[], total: number): void {
    const same = this.#length - first;
    this.#reserve(bounds.length * (same + LONGEST_BOUND + LONGEST_NUMBER));
    const bytes = this.#bytes;
    let at = this.#length;
    let sum = 0;
    const last = bounds.length - 1;
    for (let i = 0; i <= last; i++) {
      if (i > 0) {
        bytes.copyWithin(at, first, first + same);
        at += same;
      }
      const bound = bounds[i]!;
      sum += counts[i]!;
      writeText(bytes, at, bound);
      at = writeNumber(bytes, at + bound.length, i === last ? total : sum);
      bytes[at++] = LINE_FEED;
    }
    this.#length = at;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const longer = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(longer, 0, 0, this.#length);
    this.#bytes = longer;
  }
}

/** Writes a number where there is room for it, and returns where it ends. */
function writeNumber(bytes: Buffer, at: number, value: number): number {
  if (isDigits(value)) {
    const digits = digitsOf(value);
    writeDigits(bytes, at, value, digits);
    return at + digits;
  }
  const text = numberText(value);
  writeText(bytes, at, text);
  return at + text.length;
}

/** Whether the text of a number is its digits. */
export function isDigits(value: number): boolean {
  return value >= 0 && Number.isSafeInteger(value);
}

/** Writes a one-byte text where there is room for it. */
export function writeText(bytes: Buffer, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

/** How many digits a whole number from 0 to 2^53 has. */
export function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits += 1;
  return digits;
}

/** Writes a whole number from 0 to 2^53 that has so many digits. */
export function writeDigits(bytes: Buffer, at: number, value: number, digits: number): void {
  let end = at + digits;
  let large = value;
  while (large > MOST_IN_INTEGERS) {
    const tenth = Math.floor(large / 10);
    bytes[--end] = ZERO + (large - tenth * 10);
    large = tenth;
  }
  let rest = large | 0;
  while (end > at) {
    const tenth = (rest / 10) | 0;
    bytes[--end] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
}
