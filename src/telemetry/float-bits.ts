// The bits of a number, read without an allocation: the exponent is a logarithm that costs about a nanosecond.

const number = new Float64Array(1);
const words = new Int32Array(number.buffer);
number[0] = 1;
/** Where this machine keeps the sign and the exponent. */
const HIGH = words[1] === 0 ? 0 : 1;
const LOW = 1 - HIGH;

/** How many of the bits of the mantissa are in the high word. */
export const HIGH_MANTISSA_BITS = 20;

/**
 * Sign, exponent and the highest 20 bits of the mantissa, as a signed integer: it grows with numbers from 0 on, and is
 * below 0 for those below 0 and for -0.
 */
export function highWordOf(value: number): number {
  number[0] = value;
  return words[HIGH]!;
}

/** The other 32 bits of the mantissa. */
export function lowWordOf(value: number): number {
  number[0] = value;
  return words[LOW]!;
}

/** The number with this high word and nothing but zeros behind it. */
export function numberOfHighWord(word: number): number {
  number[0] = 0;
  words[HIGH] = word;
  return number[0];
}
