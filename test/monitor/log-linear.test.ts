import { expect } from 'chai';
import { BUCKETS, bucketOf, middleOf } from '../../src/monitor/log-linear.js';
import { randomFrom } from '../fakes/random.js';

const SMALLEST = 2 ** -30;
const LARGEST = 2 ** 41 * (1 - Number.EPSILON);

describe('log-linear buckets', () => {
  it('stand for their values with an error of at most 1.6 %, over the whole range', () => {
    const random = randomFrom(7);
    let worst = 0;

    for (let i = 0; i < 100_000; i++) {
      const value = SMALLEST * (LARGEST / SMALLEST) ** random();
      worst = Math.max(worst, Math.abs(middleOf(bucketOf(value)) - value) / value);
    }

    expect(worst).to.be.within(0.01, 0.016);
  });

  it('ascend with their values, one after the other', () => {
    let [last, value] = [0, SMALLEST];

    for (; value < LARGEST; value *= 1 + 1 / 64) {
      const bucket = bucketOf(value);
      expect(bucket - last).to.be.within(0, 1);
      last = bucket;
    }

    expect(last).to.equal(BUCKETS - 1);
  });

  it('mirror negative values', () => {
    for (const value of [SMALLEST, 0.001, 1, 17.5, 1e9, LARGEST]) {
      expect(bucketOf(-value)).to.equal(-bucketOf(value));
      expect(middleOf(bucketOf(-value))).to.equal(-middleOf(bucketOf(value)));
    }
  });

  it('take everything that is all but zero as zero', () => {
    for (const value of [0, -0, SMALLEST / 2, -SMALLEST / 2, Number.MIN_VALUE])
      expect(middleOf(bucketOf(value))).to.equal(0);
  });

  it('never leave their range, whatever comes', () => {
    for (const value of [2 ** 41, 1e15, Number.MAX_VALUE, Infinity]) {
      expect(bucketOf(value)).to.equal(BUCKETS - 1);
      expect(bucketOf(-value)).to.equal(1 - BUCKETS);
    }
  });
});
