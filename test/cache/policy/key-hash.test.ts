import { expect } from 'chai';
import { makeKeyHash } from '../../../src/cache/policy/key-hash.js';
import { randomFrom } from '../../fakes/random.js';

describe('key hash', () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `user:${i}`);

  it('spreads similar keys evenly over the low bits, whatever the secret', () => {
    for (const secret of [1, 2, 3, 4]) {
      const hash = makeKeyHash(randomFrom(secret));
      const counts = Array.from({ length: 64 }, () => 0);

      for (const key of keys) counts[hash(key) & 63]! += 1;

      const expected = keys.length / counts.length;
      expect(Math.min(...counts)).to.be.above(expected * 0.7);
      expect(Math.max(...counts)).to.be.below(expected * 1.3);
    }
  });

  it('gives hardly two of many keys the same 32 bits', () => {
    const hash = makeKeyHash(randomFrom(1));

    expect(new Set(keys.map(hash)).size).to.be.above(keys.length - 5);
  });

  it('tells keys apart that another secret does not', () => {
    const hash = makeKeyHash(randomFrom(1));
    const other = makeKeyHash(randomFrom(2));
    const crafted = keys.filter((key) => (hash(key) & 255) === (hash('user:0') & 255));

    expect(new Set(crafted.map((key) => other(key) & 255)).size).to.be.above(20);
  });
});
