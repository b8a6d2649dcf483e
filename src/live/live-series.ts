import type { LiveSeries } from './live-report.js';

export const SERIES_STEPS = 60;
export const STEP_SECONDS = 3;
export const SERIES_SECONDS = SERIES_STEPS * STEP_SECONDS;
/** A picture of some pixels shows no more, and the report stays small. */
const DIGITS = 4;

/** An amount that came together in some time, by `time` at the latest. */
export interface Amount {
  /** Seconds since 1970. */
  readonly time: number;
  readonly seconds: number;
  readonly amount: number;
}

/** Amounts per second, step by step. What reaches over the border of two steps belongs to both in proportion. */
export function ratesOf(amounts: readonly Amount[], now: number): LiveSeries {
  const sums = sumsOf(amounts, now);
  const first = sums.findIndex((sum) => sum > 0);
  return sums.map((sum, step) => (first < 0 || step < first ? null : rounded(sum / STEP_SECONDS)));
}

/** One amount for each of the other, step by step: seconds of calls by calls. */
export function quotientsOf(
  amounts: readonly Amount[],
  divisors: readonly Amount[],
  now: number,
): LiveSeries {
  const by = sumsOf(divisors, now);
  return sumsOf(amounts, now).map((sum, step) => (by[step]! > 0 ? rounded(sum / by[step]!) : null));
}

/** Means of values at points of time, step by step. */
export function meansOf(
  points: readonly { readonly time: number; readonly value: number | undefined }[],
  now: number,
): LiveSeries {
  const sums = new Float64Array(SERIES_STEPS);
  const counts = new Float64Array(SERIES_STEPS);
  for (const { time, value } of points) {
    const step = SERIES_STEPS - 1 - Math.floor((now - time) / STEP_SECONDS);
    if (value === undefined || step < 0 || step >= SERIES_STEPS) continue;
    sums[step]! += value;
    counts[step]! += 1;
  }
  return [...sums].map((sum, step) => (counts[step]! > 0 ? rounded(sum / counts[step]!) : null));
}

function sumsOf(amounts: readonly Amount[], now: number): number[] {
  const sums = Array.from({ length: SERIES_STEPS }, () => 0);
  const start = now - SERIES_SECONDS;
  for (const { time, seconds, amount } of amounts) {
    const [from, to] = [(time - seconds - start) / STEP_SECONDS, (time - start) / STEP_SECONDS];
    const first = Math.max(0, Math.floor(from));
    const last = Math.min(SERIES_STEPS - 1, Math.ceil(to) - 1);
    for (let step = first; step <= last; step++) {
      const share = to > from ? (Math.min(to, step + 1) - Math.max(from, step)) / (to - from) : 1;
      sums[step]! += amount * Math.max(0, share);
    }
  }
  return sums;
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
