import { expect } from 'chai';
import { addValues, hasFallen, notBelow } from '../../../src/export/processes/add-values.js';
import { ExponentialTally } from '../../../src/telemetry/provider/tally/exponential-tally.js';
import { randomFrom } from '../../fakes/random.js';

const histogram = (counts: number[], sum?: number) => ({
  count: counts.reduce((total, count) => total + count, 0),
  ...(sum !== undefined && { sum }),
  buckets: { boundaries: [1, 2], counts },
});

describe('addValues', () => {
  it('adds numbers', () => {
    expect(addValues(2, 3)).to.equal(5);
  });

  it('adds histograms bucket by bucket', () => {
    expect(addValues(histogram([1, 0, 2], 7), histogram([0, 4, 1], 8))).to.deep.equal(
      histogram([1, 4, 3], 15),
    );
    expect(addValues(histogram([1, 0, 2], 7), histogram([0, 4, 1]))).to.deep.equal(histogram([1, 4, 3]));
  });

  it('adds exponential histograms as if one had recorded all of it', () => {
    const random = randomFrom(7);
    const options = { maxSize: 160, hasMinMax: false, hasSum: false };
    for (let round = 0; round < 50; round++) {
      const [one, other, all] = [1, 2, 3].map(() => new ExponentialTally(options)) as [
        ExponentialTally,
        ExponentialTally,
        ExponentialTally,
      ];
      for (const tally of [one, other]) {
        const [count, spread] = [Math.floor(random() * 40), random() * 30];
        for (let i = 0; i < count; i++) {
          const value = random() < 0.1 ? 0 : 10 ** ((random() - 0.5) * spread);
          tally.record(value);
          all.record(value);
        }
      }

      const sum = addValues(one.value(), other.value());

      const { count, zeroCount, scale, positive } = all.value();
      expect({ count: sum.count, zeroCount: sum.zeroCount, scale: sum.scale }).to.deep.equal({
        count,
        zeroCount,
        scale,
      });
      expect(sum.positive).to.deep.equal(positive);
    }
  });
});

describe('hasFallen', () => {
  it('knows who started anew', () => {
    expect(hasFallen(2, 3)).to.equal(true);
    expect(hasFallen(3, 3)).to.equal(false);
    expect(hasFallen(histogram([1, 0, 0]), histogram([1, 1, 0]))).to.equal(true);
  });
});

describe('notBelow', () => {
  it('hides the last digit', () => {
    const [once, again] = [0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1];
    expect(once).to.be.above(again);

    expect(notBelow(again, once)).to.equal(once);
    expect(notBelow(histogram([2, 0, 0], again), histogram([1, 0, 0], once))).to.deep.equal(
      histogram([2, 0, 0], once),
    );
    expect(notBelow(1, undefined)).to.equal(1);
  });
});
