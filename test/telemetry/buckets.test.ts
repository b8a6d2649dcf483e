import { expect } from 'chai';
import { BYTES_BUCKETS, GENERAL_BUCKETS, SECONDS_BUCKETS, bucketsFor } from '../../src/telemetry/buckets.js';

describe('bucketsFor', () => {
  it('knows seconds and bytes, and takes general bounds for the rest', () => {
    const units = ['s', 'By', '1', '{lookup}', ''];

    const bounds = units.map((unit) => bucketsFor(unit));

    expect(bounds).to.deep.equal([
      SECONDS_BUCKETS,
      BYTES_BUCKETS,
      GENERAL_BUCKETS,
      GENERAL_BUCKETS,
      GENERAL_BUCKETS,
    ]);
  });

  for (const unit of ['s', 'By', '1']) {
    it(`ascends from above zero for the unit "${unit}"`, () => {
      const bounds = bucketsFor(unit);

      expect(bounds[0]).to.be.above(0);
      expect(bounds).to.deep.equal([...new Set(bounds)].toSorted((a, b) => a - b));
    });
  }

  it('spans 100 microseconds to a minute, and 64 bytes to a gigabyte', () => {
    expect([SECONDS_BUCKETS[0], SECONDS_BUCKETS.at(-1)]).to.deep.equal([0.0001, 60]);
    expect([BYTES_BUCKETS[0], BYTES_BUCKETS.at(-1)]).to.deep.equal([64, 1024 ** 3]);
  });
});
