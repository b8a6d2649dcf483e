// Which bucket of a base-2 exponential histogram a value falls into. Bucket i holds what is above base^i and not above
// base^(i + 1), where base = 2^(2^-scale).
//
// Powers of two lie on bounds and are taken from the bits of the number; all others by logarithm, the way the
// specification's data model calls the logarithm method, which may be off by one next to a bound.

export const MAX_SCALE = 20;

const MIN_NORMAL_EXPONENT = -1022;
const MAX_NORMAL_EXPONENT = 1023;
const SMALLEST_NORMAL = 2 ** MIN_NORMAL_EXPONENT;

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);
number[0] = 1;
/** Where this machine keeps the sign and the exponent. */
const HIGH = words[1] === 0 ? 0 : 1;
const LOW = 1 - HIGH;

/** `value` is above zero and finite. What is smaller than the smallest normal number counts as that number. */
export function exponentialIndex(value: number, scale: number): number {
  return scale > 0 ? indexByLogarithm(value, scale) : indexByExponent(value, -scale);
}

function indexByLogarithm(value: number, scale: number): number {
  if (value <= SMALLEST_NORMAL) return MIN_NORMAL_EXPONENT * 2 ** scale - 1;
  number[0] = value;
  if (isPowerOfTwo()) return exponent() * 2 ** scale - 1;
  const largest = (MAX_NORMAL_EXPONENT + 1) * 2 ** scale - 1;
  return Math.min(Math.floor(Math.log(value) * (Math.LOG2E * 2 ** scale)), largest);
}

function indexByExponent(value: number, shift: number): number {
  if (value < SMALLEST_NORMAL) {
    const index = MIN_NORMAL_EXPONENT >> shift;
    return shift < 2 ? index - 1 : index;
  }
  number[0] = value;
  return (isPowerOfTwo() ? exponent() - 1 : exponent()) >> shift;
}

function isPowerOfTwo(): boolean {
  return (words[HIGH]! & 0xfffff) === 0 && words[LOW] === 0;
}

function exponent(): number {
  return ((words[HIGH]! >>> 20) & 0x7ff) - 1023;
}
