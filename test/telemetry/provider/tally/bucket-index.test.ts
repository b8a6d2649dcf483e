import { expect } from 'chai';
import { BucketIndex } from '../../../../src/telemetry/provider/tally/bucket-index.js';
import { randomFrom } from '../../../fakes/random.js';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const BOUNDS: Record<string, readonly number[]> = {
  'of durations': SECONDS,
  'of the SDK': [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000],
  'that are one': [3],
  'that are none': [],
  'below and above zero': [-100, -1, -0.5, 0, 0.5, 1, 100],
  'that are negative': [-3, -2, -1],
  'that crowd together': [1, 1.001, 1.002, 1.003, 1.004, 2, 2 + Number.EPSILON * 2],
  'that are powers of two': [0.25, 0.5, 1, 2, 4, 8],
  'that are a million million apart': [1e-12, 1, 1e12],
  'at the ends of what numbers can be': [Number.MIN_VALUE, 2 ** -1022, 1, Number.MAX_VALUE],
  'that are as many as are looked up': Array.from({ length: 32 }, (_, i) => i + 1),
  'that are more than are looked up': Array.from({ length: 33 }, (_, i) => i + 1),
  'that are a thousand': Array.from({ length: 1000 }, (_, i) => i * 0.7 - 100),
};

describe('BucketIndex', () => {
  for (const [what, bounds] of Object.entries(BOUNDS)) {
    it(`finds the first bound that is not below a value, with bounds ${what}`, () => {
      const index = new BucketIndex(bounds);
      for (const value of valuesAround(bounds))
        expect(index.of(value), String(value)).to.equal(countBelow(bounds, value));
    });
  }

  it('takes little memory, however far bounds are apart', () => {
    const { first } = new BucketIndex([Number.MIN_VALUE, Number.MAX_VALUE]);
    expect(first.byteLength).to.be.below(17_000);
    expect(new BucketIndex(SECONDS).first.byteLength).to.be.below(128);
  });
});

function countBelow(bounds: readonly number[], value: number): number {
  return bounds.filter((bound) => bound < value).length;
}

/** Each bound, its neighbours among numbers, what is far from all, and any. */
function valuesAround(bounds: readonly number[]): number[] {
  const random = randomFrom(3);
  const near = bounds.flatMap((bound) => [bound, ...[-1, 1].map((side) => bound * (1 + side * 2 ** -50))]);
  const any = Array.from({ length: 2000 }, () => (random() - 0.3) * 10 ** (random() * 30 - 15));
  const far = [0, -0, Number.MIN_VALUE, -Number.MIN_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE];
  return [...near, ...far, ...any];
}
