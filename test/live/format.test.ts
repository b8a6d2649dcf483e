import { expect } from 'chai';
import { asBytes, asCount, asRate, asShare, asSpan, asTime } from '../../src/live/format.js';

describe('numbers for people', () => {
  it('have units', () => {
    expect([0, 0.00042, 0.0123, 0.25, 1.5, 42, 600].map((value) => asTime(value))).to.deep.equal([
      '0.00 ms',
      '0.42 ms',
      '12.3 ms',
      '250 ms',
      '1.50 s',
      '42.0 s',
      '10 min',
    ]);
    expect([0, 1023, 1536, 5 * 1024 ** 2, 300 * 1024 ** 3].map((value) => asBytes(value))).to.deep.equal([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '5.0 MiB',
      '300 GiB',
    ]);
    expect(asShare(0.8766)).to.equal('87.7 %');
    expect([5, 100, 7500, 200_000].map((value) => asSpan(value))).to.deep.equal([
      '5 s',
      '2 min',
      '2 h 5 min',
      '2 d 7 h',
    ]);
  });

  it('are as exact as they are small', () => {
    expect([0, 0.5, 12.34, 999.9, 1234.5].map((value) => asRate(value))).to.deep.equal([
      '0',
      '0.50',
      '12.3',
      '1\u202F000',
      '1\u202F235',
    ]);
    expect(asCount(1_234_567)).to.equal('1\u202F234\u202F567');
  });

  it('are a dash where there are none', () => {
    for (const format of [asTime, asBytes, asShare, asRate, asCount]) expect(format(undefined)).to.equal('–');
  });
});
