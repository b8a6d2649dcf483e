import { expect } from 'chai';
import { toNativeHistogram } from '../../../src/export/prometheus/native-histogram.js';
import { EMPTY_BUCKETS } from '../../fakes/collected-metrics.js';

const pointOf = (scale: number, offset: number, bucketCounts: number[], rest = {}) => ({
  count: 1,
  scale,
  zeroCount: 0,
  positive: { offset, bucketCounts },
  negative: EMPTY_BUCKETS,
  ...rest,
});

describe('toNativeHistogram', () => {
  it('numbers buckets by their upper bound and writes counts as differences', () => {
    const native = toNativeHistogram(pointOf(3, -2, [4, 1, 5]));

    expect(native).to.include({ schema: 3, zeroCount: 0, zeroThreshold: 1e-128 });
    expect(native?.positive).to.deep.equal({ spans: [{ offset: -1, length: 3 }], deltas: [4, -3, 4] });
    expect(native?.negative).to.deep.equal({ spans: [], deltas: [] });
  });

  it('opens a span after a gap, and fills a short one', () => {
    const native = toNativeHistogram(pointOf(0, 0, [1, 0, 0, 2, 0, 0, 0, 3]));

    expect(native?.positive).to.deep.equal({
      spans: [
        { offset: 1, length: 4 },
        { offset: 3, length: 1 },
      ],
      deltas: [1, -1, 0, 2, 1],
    });
  });

  it('makes a scale coarser that Prometheus does not have', () => {
    const native = toNativeHistogram(pointOf(10, -5, [1, 1, 1, 1, 1, 1, 1, 1]));

    // Of four each: -8 to -5, -4 to -1, 0 to 3.
    expect(native?.schema).to.equal(8);
    expect(native?.positive).to.deep.equal({ spans: [{ offset: -1, length: 3 }], deltas: [1, 3, -1] });
  });

  it('has no schema for the coarsest scales', () => {
    expect(toNativeHistogram(pointOf(-4, 0, [1]))?.schema).to.equal(-4);
    expect(toNativeHistogram(pointOf(-5, 0, [1]))).to.equal(undefined);
  });

  it('keeps zeros, how wide their bucket is, and negative values', () => {
    const negative = { offset: 3, bucketCounts: [2] };
    const native = toNativeHistogram(pointOf(0, 0, [], { zeroCount: 7, zeroThreshold: 0.001, negative }));

    expect(native).to.include({ zeroCount: 7, zeroThreshold: 0.001 });
    expect(native?.negative).to.deep.equal({ spans: [{ offset: 4, length: 1 }], deltas: [2] });
  });
});
