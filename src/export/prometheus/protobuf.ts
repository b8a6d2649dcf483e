/** How a field's value is encoded; the low bits of its tag. */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;

/** Grows the buffer ahead of what any single number needs. */
const ROOM = 32;

/**
 * Encodes protobuf into one buffer that grows, with only what the messages of Prometheus need. Fields are written in the
 * order of the calls; a message inside another is written by a function.
 */
export class ProtobufEncoder {
  #buffer: Buffer;
  #end = 0;

  constructor(initialBytes: number) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#end;
  }

  /** What was encoded, without a copy: valid until something else is. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }

  clear(): void {
    this.#end = 0;
  }

  text(field: number, value: string): void {
    const bytes = Buffer.byteLength(value, 'utf8');
    this.varint(field * 8 + BYTES);
    this.varint(bytes);
    this.#reserve(bytes);
    this.#end += this.#buffer.write(value, this.#end, 'utf8');
  }

  double(field: number, value: number): void {
    this.varint(field * 8 + FIXED_64);
    this.#reserve(ROOM);
    this.#end = this.#buffer.writeDoubleLE(value, this.#end);
  }

  /** A whole number from 0 to 2^53. */
  unsigned(field: number, value: number): void {
    this.varint(field * 8 + VARINT);
    this.varint(value);
  }

  /** A whole number of either sign, the small ones short. */
  signed(field: number, value: number): void {
    this.varint(field * 8 + VARINT);
    this.varint(zigzag(value));
  }

  packedSigned(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, () => {
      for (const value of values) this.varint(zigzag(value));
    });
  }

  message(field: number, write: () => void): void {
    this.varint(field * 8 + BYTES);
    const start = this.#end;
    // Most messages are short. For others what was written moves, once it is known how long its length is.
    this.#reserve(1);
    this.#end = start + 1;
    write();
    const bytes = this.#end - start - 1;
    const extra = varintLength(bytes) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.#buffer.copyWithin(start + 1 + extra, start + 1, this.#end);
    }
    const end = this.#end + extra;
    this.#end = start;
    this.varint(bytes);
    this.#end = end;
  }

  varint(value: number): void {
    this.#reserve(ROOM);
    let rest = value;
    while (rest >= 128) {
      this.#buffer[this.#end++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#end++] = rest;
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
  return length;
}
