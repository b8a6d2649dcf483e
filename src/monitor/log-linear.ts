import { HIGH_MANTISSA_BITS, highWordOf, numberOfHighWord } from '../telemetry/float-bits.js';

/**
 * Counts of values in buckets whose width is a fixed share of their value: 32 to each power of two, so a percentile
 * is at most 1.6 % off. The bucket is read from the bits of the number (exponent and the five highest bits of the
 * mantissa), which costs about 2 ns and needs no logarithm. Same idea as HdrHistogram and DDSketch (Masson, Rim, Lee,
 * VLDB 2019).
 *
 * A bucket number is signed: positive for positive values, negative for negative ones, 0 for everything below 2^-30.
 * Everything from 2^41 on shares the last one.
 */
const MANTISSA_BITS = 5;
const SHIFT = HIGH_MANTISSA_BITS - MANTISSA_BITS;
const LOWEST_EXPONENT = 1023 - 30;
const HIGHEST_EXPONENT = 1023 + 40;
const OFFSET = (LOWEST_EXPONENT << MANTISSA_BITS) - 1;

/** How many buckets positive values can fall into, the one for zero included. */
export const BUCKETS: number = ((HIGHEST_EXPONENT + 1) << MANTISSA_BITS) - 1 - OFFSET + 1;

export function bucketOf(value: number): number {
  return value < 0 ? -positiveBucketOf(-value) : positiveBucketOf(value);
}

/** That of a value that is not below 0. */
export function positiveBucketOf(value: number): number {
  const bucket = (highWordOf(value) >> SHIFT) - OFFSET;
  return bucket < 0 ? 0 : bucket >= BUCKETS ? BUCKETS - 1 : bucket;
}

/** The value that stands for a bucket: its middle. */
export function middleOf(bucket: number): number {
  if (bucket === 0) return 0;
  const positive = Math.abs(bucket);
  const middle = (lowerBound(positive) + lowerBound(positive + 1)) / 2;
  return bucket < 0 ? -middle : middle;
}

function lowerBound(bucket: number): number {
  return numberOfHighWord((bucket + OFFSET) << SHIFT);
}
