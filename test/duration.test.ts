import { expect } from 'chai';
import { toBytes, toSeconds } from '../src/duration.js';
import { InvalidOptionError } from '../src/errors.js';

describe('toSeconds', () => {
  const texts: [unknown, number][] = [
    [0.25, 0.25],
    ['250ms', 0.25],
    ['30s', 30],
    ['5m', 300],
    ['1.5h', 5400],
    ['7d', 604_800],
    [' 2 H ', 7200],
    ['.5s', 0.5],
  ];
  for (const [given, seconds] of texts) {
    it(`reads ${JSON.stringify(given)}`, () => expect(toSeconds('ttl', given)).to.equal(seconds));
  }

  for (const wrong of [
    0,
    -1,
    Number.NaN,
    Infinity,
    '',
    '5',
    '-5s',
    '5 parsecs',
    '1h30m',
    's',
    null,
    undefined,
    {},
    5n,
  ]) {
    it(`refuses ${typeof wrong === 'bigint' ? '5n' : JSON.stringify(wrong)} and names the option`, () => {
      expect(() => toSeconds('ttl', wrong)).to.throw(
        InvalidOptionError,
        /^ttl must be a duration above 0: seconds/,
      );
    });
  }

  it('takes "never" only where it makes sense', () => {
    expect(toSeconds('ttl', Infinity, { allowInfinity: true })).to.equal(Infinity);
  });
});

describe('toBytes', () => {
  it('reads bytes and units of 1024', () => {
    expect([512, '512b', '1kb', '1.5MB', '2gb'].map((size) => toBytes('maxBytes', size))).to.deep.equal([
      512,
      512,
      1024,
      1.5 * 1024 ** 2,
      2 * 1024 ** 3,
    ]);
  });

  for (const wrong of [0, -5, Infinity, '64', '64 mib', 'mb', null]) {
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      expect(() => toBytes('maxBytes', wrong)).to.throw(
        InvalidOptionError,
        /^maxBytes must be a size above 0: bytes/,
      );
    });
  }
});
