import type { ExponentialPoint, HistogramPoint } from '../prometheus/histogram.js';

export type MergeableValue = number | HistogramPoint | ExponentialPoint;

type Buckets = ExponentialPoint['positive'];

/** Most buckets on each side of zero, as the SDK has it by default. */
const MOST_BUCKETS = 160;

/** Both together. Of histograms with the same bounds, or both exponential. */
export function addValues<Value extends MergeableValue>(one: Value, other: Value): Value;
export function addValues(one: MergeableValue, other: MergeableValue): MergeableValue {
  if (typeof one === 'number' || typeof other === 'number') return Number(one) + Number(other);
  const together = { count: one.count + other.count, ...sumOf(one.sum, other.sum) };
  if ('buckets' in one && 'buckets' in other) {
    const { boundaries } = one.buckets;
    const counts = one.buckets.counts.map((count, bucket) => count + other.buckets.counts[bucket]!);
    return { ...together, buckets: { boundaries, counts } };
  }
  if ('buckets' in one || 'buckets' in other) return one;
  return { ...together, ...addExponential(one, other) };
}

/** Whether something that only grows has started anew in between. */
export function hasFallen(later: MergeableValue, before: MergeableValue): boolean {
  return countOf(later) < countOf(before);
}

/**
 * The same, but nowhere below what was shown before. Numbers that are added up in another order differ in their last
 * digit, and to Prometheus the smallest step back is a start from zero.
 */
export function notBelow(value: MergeableValue, shown: MergeableValue | undefined): MergeableValue {
  if (shown === undefined) return value;
  if (typeof value === 'number') return Math.max(value, countOf(shown));
  if (typeof shown === 'number' || value.sum === undefined || shown.sum === undefined) return value;
  return value.sum < shown.sum ? { ...value, sum: shown.sum } : value;
}

function countOf(value: MergeableValue): number {
  return typeof value === 'number' ? value : value.count;
}

function sumOf(one: number | undefined, other: number | undefined): { readonly sum?: number } {
  return one === undefined || other === undefined ? {} : { sum: one + other };
}

/** At the scale of the coarser one, or coarser still where both do not fit otherwise. */
function addExponential(one: ExponentialPoint, other: ExponentialPoint) {
  let scale = Math.min(...[one, other].filter(hasBuckets).map((point) => point.scale));
  if (scale === Infinity) scale = 0;
  const join = (side: 'positive' | 'negative') =>
    joinBuckets(coarser(one[side], one.scale - scale), coarser(other[side], other.scale - scale));
  let [positive, negative] = [join('positive'), join('negative')];
  while (Math.max(positive.bucketCounts.length, negative.bucketCounts.length) > MOST_BUCKETS) {
    [positive, negative] = [coarser(positive, 1), coarser(negative, 1)];
    scale -= 1;
  }
  const zeroThreshold = Math.max(one.zeroThreshold ?? 0, other.zeroThreshold ?? 0);
  return { scale, zeroCount: one.zeroCount + other.zeroCount, zeroThreshold, positive, negative };
}

/** Nothing but zeros fits to every scale. */
function hasBuckets({ positive, negative }: ExponentialPoint): boolean {
  return positive.bucketCounts.length + negative.bucketCounts.length > 0;
}

function coarser({ offset, bucketCounts }: Buckets, steps: number): Buckets {
  if (steps <= 0 || bucketCounts.length === 0) return { offset, bucketCounts };
  const from = offset >> steps;
  const counts: number[] = [];
  for (const [position, count] of bucketCounts.entries()) {
    const bucket = ((offset + position) >> steps) - from;
    counts[bucket] = (counts[bucket] ?? 0) + count;
  }
  return { offset: from, bucketCounts: counts };
}

function joinBuckets(one: Buckets, other: Buckets): Buckets {
  if (one.bucketCounts.length === 0) return other;
  if (other.bucketCounts.length === 0) return one;
  const from = Math.min(one.offset, other.offset);
  const end = Math.max(one.offset + one.bucketCounts.length, other.offset + other.bucketCounts.length);
  const counts = Array.from({ length: end - from }, () => 0);
  for (const { offset, bucketCounts } of [one, other])
    for (const [position, count] of bucketCounts.entries()) counts[offset + position - from]! += count;
  return { offset: from, bucketCounts: counts };
}
