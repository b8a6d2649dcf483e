import type { ExponentialPoint } from './histogram.js';

/** Prometheus knows schemas from -4 to 8, OpenTelemetry scales from -11 to 20. */
const FINEST_SCHEMA = 8;
const COARSEST_SCHEMA = -4;

/** A gap this short is written as empty buckets, which is less than a new span. */
const SHORT_GAP = 2;

/** Width of the zero bucket where OpenTelemetry does not say it. */
const ZERO_THRESHOLD = 1e-128;

/** Neighbouring buckets: how many, and how far from the end of those before. */
export interface BucketSpan {
  readonly offset: number;
  readonly length: number;
}

export interface NativeBuckets {
  readonly spans: readonly BucketSpan[];
  /** Each bucket's count less that of the bucket before. */
  readonly deltas: readonly number[];
}

export interface NativeHistogram {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: NativeBuckets;
  readonly negative: NativeBuckets;
}

/**
 * An exponential histogram as Prometheus stores one: buckets counted from their upper bound, spans of neighbours, counts
 * as differences. Scales finer than Prometheus has are made coarser. Of those coarser than it has, which a histogram only
 * takes for values more than 10^300 apart, there is no schema: `undefined`.
 */
export function toNativeHistogram(point: ExponentialPoint): NativeHistogram | undefined {
  const { scale, zeroCount, positive, negative, zeroThreshold } = point;
  if (scale < COARSEST_SCHEMA) return undefined;
  const shift = Math.max(0, scale - FINEST_SCHEMA);
  return {
    schema: scale - shift,
    zeroThreshold: zeroThreshold === undefined || zeroThreshold <= 0 ? ZERO_THRESHOLD : zeroThreshold,
    zeroCount,
    positive: bucketsOf(positive, shift),
    negative: bucketsOf(negative, shift),
  };
}

function bucketsOf({ offset, bucketCounts }: ExponentialPoint['positive'], shift: number): NativeBuckets {
  const counts = new Map<number, number>();
  for (const [i, count] of bucketCounts.entries()) {
    // OpenTelemetry numbers a bucket by its lower bound, Prometheus by its upper one.
    const index = ((offset + i) >> shift) + 1;
    if (count > 0) counts.set(index, (counts.get(index) ?? 0) + count);
  }
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let [end, before] = [0, 0];
  const push = (count: number) => {
    deltas.push(count - before);
    before = count;
  };
  for (const [index, count] of counts) {
    const span = spans.at(-1);
    const gap = index - end;
    if (span === undefined || gap > SHORT_GAP) {
      spans.push({ offset: gap, length: 1 });
    } else {
      for (let empty = 0; empty < gap; empty++) push(0);
      span.length += gap + 1;
    }
    push(count);
    end = index + 1;
  }
  return { spans, deltas };
}
