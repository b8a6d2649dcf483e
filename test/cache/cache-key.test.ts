import { expect } from 'chai';
import { keyOfArguments } from '../../src/cache/cache-key.js';

describe('keyOfArguments', () => {
  it('tells types apart', () => {
    const different = [
      1,
      '1',
      1n,
      true,
      'true',
      null,
      'null',
      undefined,
      [1],
      ['1'],
      [[1]],
      {},
      { a: 1 },
      { a: '1' },
      -0,
      Number.NaN,
      new Date(1),
      new Map([[1, 2]]),
      new Set([1]),
      [1, undefined],
      new Uint8Array([1]),
      new URL('http://a/'),
      /1/,
    ];

    const keys = different.map((value) => keyOfArguments([value]));

    expect(new Set(keys).size).to.equal(different.length);
  });

  it('tells lists of arguments apart', () => {
    const lists = [
      [],
      [undefined],
      ['a,b'],
      ['a', 'b'],
      [['a', 'b']],
      ['"a"', 'b'],
      [{ a: 1 }, { b: 2 }],
      [{ a: 1, b: 2 }],
    ];

    expect(new Set(lists.map(keyOfArguments)).size).to.equal(lists.length);
  });

  it('does not care in which order an object got its fields', () => {
    expect(keyOfArguments([{ a: 1, b: { c: 2, d: 3 } }])).to.equal(
      keyOfArguments([{ b: { d: 3, c: 2 }, a: 1 }]),
    );
  });

  it('makes short keys of long arguments, still different', () => {
    const long = keyOfArguments(['x'.repeat(10_000)]);

    expect(long).to.match(/^sha256:.{43}$/);
    expect(keyOfArguments([`${'x'.repeat(9_999)}y`])).to.not.equal(long);
  });

  it('makes none of what is no data', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    class Instance {}

    for (const value of [() => 1, Symbol('s'), cyclic, new Instance(), Promise.resolve()]) {
      expect(keyOfArguments([value])).to.equal(undefined);
    }
  });
});
