import { escapeValue, oneByteText } from './labels.js';

const QUOTE = 34;
const BACKSLASH = 92;
const LINE_FEED = 10;
const FIRST_NOT_ASCII = 128;
const ZERO = 48;

/** Bytes that grow while lines are written to them. Texts are of a few characters: a loop is quicker than a call to Node. */
export class LineBytes {
  #bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  #length = 0;

  get length(): number {
    return this.#length;
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

  /** One-byte text. */
  text(text: string): void {
    const length = this.#length;
    this.#reserve(text.length);
    this.#length = length + text.length;
    writeText(this.#bytes, length, text);
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

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const longer = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(longer, 0, 0, this.#length);
    this.#bytes = longer;
  }
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
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10);
    bytes[i] = ZERO + (rest - tenth * 10);
    rest = tenth;
  }
}
