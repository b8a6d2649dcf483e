import { expect } from 'chai';
import { toClassicHistogram } from '../../../src/export/prometheus/histogram.js';

const NONE = { offset: 0, bucketCounts: [] };

describe('toClassicHistogram', () => {
  it('ends bucket i at base^(i + 1)', () => {
    const point = {
      count: 6,
      sum: 14,
      scale: 0,
      zeroCount: 1,
      positive: { offset: 0, bucketCounts: [2, 0, 3] },
      negative: NONE,
    };

    const { buckets, count, sum } = toClassicHistogram(point);

    expect({ count, sum }).to.deep.equal({ count: 6, sum: 14 });
    expect(buckets).to.deep.equal({ boundaries: [0, 2, 8], counts: [1, 2, 3, 0] });
  });

  it('puts fine buckets together, four to a power of two', () => {
    const point = {
      count: 64,
      scale: 6,
      zeroCount: 0,
      positive: { offset: 0, bucketCounts: Array<number>(64).fill(1) },
      negative: NONE,
    };

    const { boundaries, counts } = toClassicHistogram(point).buckets;

    expect(boundaries.map((bound) => bound.toFixed(3))).to.deep.equal(['1.189', '1.414', '1.682', '2.000']);
    expect(counts).to.deep.equal([16, 16, 16, 16, 0]);
  });

  it('orders negative buckets before zero', () => {
    const point = {
      count: 3,
      scale: 0,
      zeroCount: 1,
      positive: NONE,
      negative: { offset: 1, bucketCounts: [1, 1] },
    };

    expect(toClassicHistogram(point).buckets).to.deep.equal({
      boundaries: [-4, -2, 0],
      counts: [1, 1, 1, 0],
    });
  });
});
