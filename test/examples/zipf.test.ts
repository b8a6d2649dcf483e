import { expect } from 'chai';
import { seededRandom } from '../../examples/storefront/random.js';
import { Rush } from '../../examples/storefront/rush.js';
import { ShiftingPopularity, ZipfSampler } from '../../examples/storefront/zipf.js';

describe('storefront zipf', () => {
  for (const exponent of [0.9, 1]) {
    it(`draws every rank as often as Zipf's law with exponent ${exponent} says`, () => {
      const [products, draws] = [50, 100_000];
      const sampler = new ZipfSampler({ products, exponent, random: seededRandom(7) });
      const seen = new Float64Array(products);

      for (let draw = 0; draw < draws; draw++) seen[sampler.next()]! += 1;

      const weights = Array.from({ length: products }, (_, rank) => 1 / (rank + 1) ** exponent);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const chiSquared = weights.reduce((sum, weight, rank) => {
        const expected = (draws * weight) / total;
        return sum + (seen[rank]! - expected) ** 2 / expected;
      }, 0);
      // With 49 degrees of freedom a right sampler stays under 85.4 in 999 of 1000 seeds.
      expect(chiSquared).to.be.below(85.4);
    });
  }

  it('reaches the first and the last rank and nothing beyond', () => {
    const ends = (value: number) =>
      new ZipfSampler({ products: 10, exponent: 1, random: () => value }).next();

    expect(ends(0)).to.equal(0);
    expect(ends(1 - Number.EPSILON)).to.equal(9);
  });

  it('draws the same with the same seed', () => {
    const [one, other] = [popularity().keys, popularity().keys];

    const drawn = (keys: ShiftingPopularity) => Array.from({ length: 100 }, () => keys.next());

    expect(drawn(one)).to.deep.equal(drawn(other));
  });

  it('draws each product for one rank', () => {
    const { keys } = popularity();

    expect(new Set(ranking(keys)).size).to.equal(100);
  });

  it('keeps the ranking until a rush begins', () => {
    const { keys, advance } = popularity();
    const before = ranking(keys);

    advance(19.9);

    expect(ranking(keys)).to.deep.equal(before);
    expect(keys.progress).to.equal('a usual day');
  });

  it('moves the most popular products to the end during a rush, and back after it', () => {
    const { keys, advance } = popularity();
    const before = ranking(keys);

    advance(20);

    expect(ranking(keys)).to.deep.equal([...before.slice(10), ...before.slice(0, 10)]);
    expect(keys.progress).to.include('rush');
    advance(20);
    expect(ranking(keys)).to.deep.equal(before);
  });
});

/** 100 products, of which the 10 most popular fall in a rush; from 20 s to 30 s of every 40 s. */
function popularity(): { readonly keys: ShiftingPopularity; readonly advance: (seconds: number) => void } {
  let now = 5000;
  const keys = new ShiftingPopularity({
    products: 100,
    exponent: 1,
    rush: new Rush({ periodSeconds: 40, now: () => now }),
    shiftedRanks: 10,
    random: seededRandom(1),
  });
  return { keys, advance: (seconds) => (now += seconds * 1000) };
}

function ranking(keys: ShiftingPopularity): string[] {
  return Array.from({ length: 100 }, (_, rank) => keys.idAt(rank));
}
