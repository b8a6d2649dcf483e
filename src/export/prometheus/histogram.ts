/** A histogram with fixed bounds, as the SDK collects it. */
export interface HistogramPoint {
  readonly count: number;
  readonly sum?: number | undefined;
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
}

interface ExponentialBuckets {
  readonly offset: number;
  readonly bucketCounts: readonly number[];
}

/** A histogram with bounds at powers of 2^(2^-scale). */
export interface ExponentialPoint {
  readonly count: number;
  readonly sum?: number | undefined;
  readonly scale: number;
  readonly zeroCount: number;
  /** Values not farther from zero than this are in `zeroCount`. */
  readonly zeroThreshold?: number;
  readonly positive: ExponentialBuckets;
  readonly negative: ExponentialBuckets;
}

export function isClassic<Classic extends HistogramPoint>(
  point: Classic | ExponentialPoint,
): point is Classic {
  return 'buckets' in point;
}

/** Finest scale written: four buckets to each power of two. */
const MAX_SCALE = 2;

/**
 * The text format has no exponential histograms; they are written with the bounds of their buckets, at most four to
 * each power of two, from the first bucket in use to the last. (Bucket `i` ends at 2^((i + 1) * 2^-scale):
 * OpenTelemetry data model, "ExponentialHistogram".)
 */
export function toClassicHistogram({
  count,
  sum,
  scale,
  zeroCount,
  positive,
  negative,
}: ExponentialPoint): HistogramPoint {
  const shift = Math.max(0, scale - MAX_SCALE);
  const upper = (index: number) => 2 ** ((index + 1) * 2 ** -(scale - shift));
  const counts = new Map<number, number>();
  const add = (bound: number, n: number) => {
    if (n > 0) counts.set(bound, (counts.get(bound) ?? 0) + n);
  };
  positive.bucketCounts.forEach((n, i) => add(upper((positive.offset + i) >> shift), n));
  if (zeroCount > 0) add(0, zeroCount);
  // A negative bucket ends at the bound that is nearer to zero.
  negative.bucketCounts.forEach((n, i) => add(-upper(((negative.offset + i) >> shift) - 1), n));
  const sorted = [...counts].toSorted(([a], [b]) => a - b);
  return {
    count,
    sum,
    buckets: { boundaries: sorted.map(([bound]) => bound), counts: [...sorted.map(([, n]) => n), 0] },
  };
}
