import { expect } from 'chai';
import { SizeHistogram } from '../../../src/cache/curve/size-histogram.js';

function histogramOf(sizes: readonly number[], misses = 0): SizeHistogram {
  const histogram = new SizeHistogram();
  for (const size of sizes) histogram.addHit(size, 1);
  for (let i = 0; i < misses; i++) histogram.addMiss(1);
  histogram.lookups = sizes.length + misses;
  return histogram;
}

describe('SizeHistogram', () => {
  it('says how many lookups a cache of a size would have answered', () => {
    const histogram = histogramOf([1, 2, 2, 10, 1000], 3);

    expect([0, 1, 2, 9, 10, 999_999].map((size) => histogram.hitsAt(size))).to.deep.equal([0, 1, 3, 3, 4, 5]);
    expect(histogram.largestSize).to.be.within(1000, 1040);
  });

  it('knows every size to 3 percent, from 1 byte to terabytes', () => {
    for (let size = 1; size < 2 ** 43; size = Math.ceil(size * 1.7)) {
      const histogram = histogramOf([size]);

      expect(histogram.hitsAt(size * 1.04), `at ${size}`).to.equal(1);
      if (size > 1) expect(histogram.hitsAt(size * 0.96 - 1), `below ${size}`).to.equal(0);
    }
    expect(histogramOf([2 ** 60]).hitsAt(2 ** 50), 'beyond, all are alike').to.equal(1);
  });

  it('never hits less in a larger cache, nor more often than it was asked', () => {
    const histogram = histogramOf([5, 7, 100, 104, 4000, 70_000], 2);
    let before = 0;

    for (let size = 0; size < 80_000; size += 13) {
      const hits = histogram.hitsAt(size);
      expect(hits).to.be.within(before, 8);
      before = hits;
    }
  });

  it('counts lookups that no sample stands for as hits of the smallest size, and takes off what is too much', () => {
    const under = histogramOf([100]);
    under.lookups = 5;
    const over = new SizeHistogram();
    over.addHit(10, 4);
    over.addHit(1000, 4);
    over.lookups = 6;

    expect([under.hitsAt(1), under.hitsAt(200)]).to.deep.equal([4, 5]);
    expect([over.hitsAt(20), over.hitsAt(2000), over.hitsAt(1)]).to.deep.equal([2, 6, 0]);
  });

  it('tells what was added since it was copied, and forgets by half', () => {
    const histogram = histogramOf([10, 10]);
    const earlier = new SizeHistogram(histogram);
    histogram.addHit(500, 1);
    histogram.addMiss(1);
    histogram.lookups += 2;

    const since = histogram.since(earlier);
    const half = histogram.halved();

    expect([since.lookups, since.hitsAt(20), since.hitsAt(600)]).to.deep.equal([2, 0, 1]);
    expect([half.lookups, half.hitsAt(20), half.hitsAt(600)]).to.deep.equal([2, 1, 1.5]);
    const sum = half.plus(since);
    expect([sum.lookups, sum.hitsAt(20), sum.hitsAt(600)]).to.deep.equal([4, 1, 2.5]);
  });
});
