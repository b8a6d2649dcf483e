// Which bucket of a base-2 exponential histogram a value falls into. Bucket i holds what is above base^i and not above
// base^(i + 1), where base = 2^(2^-scale).
//
// Powers of two lie on bounds and are taken from the bits of the number; all others by logarithm, the way the
// specification's data model calls the logarithm method, which may be off by one next to a bound.

import { HIGH_MANTISSA_BITS, highWordOf, lowWordOf } from '../../float-bits.js';

export const MAX_SCALE = 20;

const MIN_NORMAL_EXPONENT = -1022;
const MAX_NORMAL_EXPONENT = 1023;
const SMALLEST_NORMAL = 2 ** MIN_NORMAL_EXPONENT;

/** `value` is above zero and finite. What is smaller than the smallest normal number counts as that number. */
export function exponentialIndex(value: number, scale: number): number {
  return scale > 0 ? indexByLogarithm(value, scale) : indexByExponent(value, -scale);
}

function indexByLogarithm(value: number, scale: number): number {
  if (value <= SMALLEST_NORMAL) return MIN_NORMAL_EXPONENT * 2 ** scale - 1;
  if (isPowerOfTwo(value)) return exponentOf(value) * 2 ** scale - 1;
  const largest = (MAX_NORMAL_EXPONENT + 1) * 2 ** scale - 1;
  return Math.min(Math.floor(Math.log(value) * (Math.LOG2E * 2 ** scale)), largest);
}

function indexByExponent(value: number, shift: number): number {
  if (value < SMALLEST_NORMAL) {
    const index = MIN_NORMAL_EXPONENT >> shift;
    return shift < 2 ? index - 1 : index;
  }
  const exponent = exponentOf(value);
  return (isPowerOfTwo(value) ? exponent - 1 : exponent) >> shift;
}

function isPowerOfTwo(value: number): boolean {
  return (highWordOf(value) & 0xfffff) === 0 && lowWordOf(value) === 0;
}

function exponentOf(value: number): number {
  return ((highWordOf(value) >>> HIGH_MANTISSA_BITS) & 0x7ff) - 1023;
}
