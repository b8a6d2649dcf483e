/** Upper bounds for durations, from 100 microseconds to a minute. The SDK's own defaults are meant for milliseconds. */
export const SECONDS_BUCKETS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** Upper bounds for sizes, from 64 bytes to 1 GiB in steps of four. */
export const BYTES_BUCKETS: readonly number[] = Array.from({ length: 13 }, (_, step) => 64 * 4 ** step);

/** Upper bounds for values of unknown scale: 1, 2.5, 5 times each power of ten from 0.001 to 10,000. */
export const GENERAL_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500,
  5000, 10_000,
];

/** The bounds that fit a unit of the UCUM notation. */
export function bucketsFor(unit: string): readonly number[] {
  if (unit === 's') return SECONDS_BUCKETS;
  if (unit === 'By') return BYTES_BUCKETS;
  return GENERAL_BUCKETS;
}
