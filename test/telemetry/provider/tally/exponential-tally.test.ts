import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { exponentialIndex } from '../../../../src/telemetry/provider/tally/exponential-index.js';
import { ExponentialTally } from '../../../../src/telemetry/provider/tally/exponential-tally.js';
import { randomFrom } from '../../../fakes/random.js';

const OPTIONS = { maxSize: 160, hasMinMax: true, hasSum: true };

describe('exponentialIndex', () => {
  it('has bounds that belong to the bucket below', () => {
    for (const scale of [-11, -3, 0, 1, 5, 20]) {
      for (const exponent of [-1000, -7, -1, 0, 1, 10, 1000]) {
        const expected = Math.ceil(exponent * 2 ** scale) - 1;
        expect(exponentialIndex(2 ** exponent, scale), `2^${exponent} at ${scale}`).to.equal(expected);
      }
    }
  });

  it('agrees with the definition for values in between', () => {
    const random = randomFrom(7);
    for (let i = 0; i < 2000; i++) {
      const scale = Math.floor(random() * 14) - 8;
      const value = 2 ** (random() * 200 - 100);
      const index = exponentialIndex(value, scale);
      const base = 2 ** (2 ** -scale);
      expect(value).to.be.above(base ** index * (1 - 1e-9));
      expect(value).to.be.at.most(base ** (index + 1) * (1 + 1e-9));
    }
  });

  it('takes the smallest and the largest numbers', () => {
    for (const value of [Number.MIN_VALUE, 2 ** -1022, Number.MAX_VALUE]) {
      for (const scale of [-11, 0, 20])
        expect(Number.isSafeInteger(exponentialIndex(value, scale))).to.equal(true);
    }
    expect(exponentialIndex(Number.MIN_VALUE, 0)).to.equal(-1023);
    expect(exponentialIndex(Number.MAX_VALUE, 0)).to.equal(1023);
  });
});

describe('ExponentialTally', () => {
  it('uses the finest scale for a single value', () => {
    const { scale, count, positive } = tallyOf([3, 3]);

    expect({ scale, count, counts: positive.bucketCounts }).to.deep.equal({
      scale: 20,
      count: 2,
      counts: [2],
    });
  });

  it('counts zeros apart; nothing but zeros has scale 0', () => {
    expect(tallyOf([0, 0])).to.deep.include({ zeroCount: 2, count: 2, scale: 0, sum: 0, min: 0, max: 0 });
    expect(tallyOf([0, 1])).to.deep.include({ zeroCount: 1, count: 2, scale: 20 });
  });

  it('takes the finest scale that fits into 160 buckets, as the table of the specification has it', () => {
    // From 1 ms to ... scale; the bound of a bucket above may cost one step.
    const cases = [
      [0.004, 6],
      [0.02, 5],
      [1, 4],
      [100, 3],
    ] as const;
    for (const [longest, scale] of cases) {
      const values = Array.from({ length: 500 }, (_, i) => 0.001 * (longest / 0.001) ** (i / 499));
      expect(tallyOf(values).scale, `to ${longest} s`).to.equal(scale);
    }
  });

  it('never has more buckets than allowed, and loses no value', () => {
    const random = randomFrom(3);
    for (const maxSize of [2, 3, 20, 160]) {
      const values = Array.from({ length: 300 }, () => (random() - 0.3) * 2 ** (random() * 2000 - 1000));
      const { positive, negative, count, zeroCount, scale } = tallyOf([...values, 0], maxSize);

      expect(positive.bucketCounts.length).to.be.at.most(maxSize);
      expect(negative.bucketCounts.length).to.be.at.most(maxSize);
      expect(scale).to.be.at.least(-11);
      expect(sum(positive.bucketCounts) + sum(negative.bucketCounts) + zeroCount).to.equal(count);
      expect(count).to.equal(301);
    }
  });

  it('is the same whether values are recorded at once or absorbed in parts', () => {
    const random = randomFrom(11);
    for (let round = 0; round < 50; round++) {
      const parts = Array.from({ length: 4 }, () =>
        Array.from({ length: Math.floor(random() * 20) }, () =>
          random() < 0.2 ? 0 : (random() - 0.4) * 1000,
        ),
      );
      const absorbed = new ExponentialTally({ ...OPTIONS, maxSize: 10 });
      for (const part of parts) {
        const tally = new ExponentialTally({ ...OPTIONS, maxSize: 10 });
        for (const value of part) tally.record(value);
        absorbed.absorb(tally);
      }

      const { sum: partial, ...others } = absorbed.value();
      const { sum: whole, ...expected } = tallyOf(parts.flat(), 10);
      expect(others).to.deep.equal(expected);
      expect(partial).to.be.closeTo(whole!, 1e-6);
    }
  });

  it('starts anew when it is cleared', () => {
    const tally = new ExponentialTally(OPTIONS);
    for (const value of [1e-9, 1e9, -5, 0]) tally.record(value);

    tally.clear();

    expect(tally.hasRecords).to.equal(false);
    tally.record(3);
    expect(tally.value()).to.deep.equal(tallyOf([3]));
  });

  it('leaves out what makes no sense, or is not wanted', () => {
    const tally = new ExponentialTally({ maxSize: 160, hasMinMax: false, hasSum: false });
    tally.record(-1);

    expect(tally.value()).to.have.all.keys('positive', 'negative', 'count', 'scale', 'zeroCount');
  });
});

function tallyOf(values: readonly number[], maxSize = 160): ExponentialHistogram {
  const tally = new ExponentialTally({ ...OPTIONS, maxSize });
  for (const value of values) tally.record(value);
  return tally.value();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
