import { expect } from 'chai';
import { estimateBytes } from '../../src/cache/estimate-bytes.js';

describe('estimateBytes', () => {
  it('knows the sizes of plain things', () => {
    expect(estimateBytes(1)).to.equal(8);
    expect(estimateBytes('abcd')).to.equal(8 + 20);
    expect(estimateBytes(Buffer.alloc(1000))).to.equal(8 + 1024);
    expect(estimateBytes({ a: 1, b: 'xx' })).to.equal(8 + 24 + 16 + 18);
    expect(estimateBytes([1, 2])).to.equal(8 + 24 + 16);
  });

  it('counts shared and cyclic parts once', () => {
    const part = { text: 'x'.repeat(1000) };
    const whole: Record<string, unknown> = { a: part, b: part };
    whole['self'] = whole;

    expect(estimateBytes(whole)).to.be.below(1200);
  });

  it('looks into maps, sets and nested data, and calls no getter', () => {
    const value = {
      map: new Map([['k', 'x'.repeat(500)]]),
      set: new Set(['y'.repeat(500)]),
      get trap(): never {
        throw new Error('called');
      },
    };

    expect(estimateBytes(value)).to.be.within(1000, 1300);
  });

  it('takes a sample of large collections for the whole', () => {
    const rows = Array.from({ length: 100_000 }, (_, id) => ({ id }));

    expect(estimateBytes(rows)).to.be.closeTo(100_000 * (8 + 24 + 8), 10_000);
    const byId = new Map(rows.map((row) => [`row-${row.id}`, row]));
    expect(estimateBytes(byId)).to.be.closeTo(100_000 * (4 * 8 + 16 + 9 + 32), 200_000);
  });
});
