import { expect } from 'chai';
import { MissRatioCurve } from '../../../src/cache/curve/miss-ratio-curve.js';
import { randomFrom } from '../../fakes/random.js';
import { zipfKeys } from '../policy/zipf-keys.js';

function curveWith({ samples = 2048, secret = 1, kept }: CurveSettings = {}) {
  const time = { now: 0 };
  const curve = new MissRatioCurve({
    unit: 'bytes',
    samples,
    now: () => time.now,
    random: randomFrom(secret),
    ...(kept !== undefined && { kept }),
  });
  return { curve, time };
}

interface CurveSettings {
  readonly samples?: number;
  readonly secret?: number;
  readonly kept?: () => number;
}

const sizeOf = (key: number): number => 100 + ((key * 7919) % 1900);

/** Plays requests to a curve as a cache with room for everything would. */
function play(curve: MissRatioCurve, keys: readonly number[]): void {
  const hashes = new Map<number, number>();
  for (const key of keys) {
    const hash = hashes.get(key);
    if (hash === undefined) {
      curve.miss(`k${key}`);
      hashes.set(key, curve.write(`k${key}`, sizeOf(key), Infinity));
    } else curve.hit(hash);
  }
}

/** Hits of a byte-bounded LRU cache: the plain way. */
function hitsOfLru(keys: readonly number[], maxBytes: number): number {
  const kept = new Map<number, number>();
  let [bytes, hits] = [0, 0];
  for (const key of keys) {
    const size = kept.get(key);
    if (size !== undefined) {
      hits += 1;
      kept.delete(key);
    } else bytes += sizeOf(key);
    kept.set(key, sizeOf(key));
    for (const [oldest, oldestSize] of kept) {
      if (bytes <= maxBytes) break;
      kept.delete(oldest);
      bytes -= oldestSize;
    }
  }
  return hits;
}

describe('MissRatioCurve', () => {
  it('is exact to the width of its bins as long as it follows all keys', () => {
    const { curve } = curveWith();
    const keys = zipfKeys(1500, 40_000);
    const start = curve.mark();

    play(curve, keys);

    const window = curve.since(start);
    expect(curve.sampledShare).to.equal(1);
    expect([curve.lookups, window.lookups]).to.deep.equal([40_000, 40_000]);
    for (const size of [20_000, 100_000, 400_000, 1_000_000, 2_000_000]) {
      const exact = 1 - hitsOfLru(keys, size) / keys.length;
      expect(window.missesAt(size) / window.lookups, `at ${size}`).to.be.closeTo(exact, 0.006);
    }
  });

  for (const [name, keys] of [
    ['popular keys', zipfKeys(40_000, 60_000)],
    ['a loop', Array.from({ length: 60_000 }, (_, i) => i % 9000)],
  ] as const) {
    it(`is 2 points off in the mean at most when it follows few: ${name}`, () => {
      const sizes = [0.02, 0.1, 0.3, 0.5, 0.7, 0.9].map((share) => Math.round(share * 20_000_000));
      const exact = sizes.map((size) => 1 - hitsOfLru(keys, size) / keys.length);
      for (const secret of [1, 2, 3]) {
        const { curve } = curveWith({ secret });
        const start = curve.mark();
        play(curve, keys);

        const window = curve.since(start);
        const errors = sizes.map((size, i) => Math.abs(window.missesAt(size) / window.lookups - exact[i]!));

        expect(curve.sampledShare).to.be.within(0.05, 0.4);
        expect(errors.reduce((sum, error) => sum + error) / sizes.length).to.be.below(0.02);
      }
    });
  }

  it('draws points up to the size beyond which nothing more is won', () => {
    const { curve } = curveWith();
    play(curve, zipfKeys(1000, 20_000));

    const points = curve.points(10);

    const ratios = points.map(({ hitRatio }) => hitRatio);
    expect(ratios).to.deep.equal(ratios.toSorted((a, b) => a - b));
    expect(points).to.have.length(10);
    expect(points.at(-1)!.hitRatio).to.equal(curve.hitRatioAt(1e12));
    expect(points.at(-2)!.hitRatio).to.be.below(points.at(-1)!.hitRatio);
  });

  it('follows the requests: what was long ago counts ever less', () => {
    const { curve } = curveWith({ samples: 256 });
    const loop = (from: number) => Array.from({ length: 20_000 }, (_, i) => from + (i % 200));
    play(curve, zipfKeys(5000, 20_000));
    const before = curve.hitRatioAt(1e9);

    for (let i = 0; i < 5; i++) play(curve, loop(10_000));

    expect(before).to.be.below(0.95);
    expect(curve.hitRatioAt(1e9)).to.be.above(0.98);
    expect(curve.lookups, 'of all time').to.equal(120_000);
  });

  it('knows that a larger cache would not have helped where an entry was over, wrong or deleted', () => {
    const { curve, time } = curveWith();
    for (const key of ['over', 'wrong', 'deleted', 'pushed out']) {
      curve.miss(key);
      curve.write(key, 10, key === 'over' ? 1000 : Infinity);
    }
    time.now = 1000;
    const start = curve.mark();

    curve.miss('over');
    curve.lost('wrong');
    curve.forget('deleted');
    curve.miss('deleted');
    curve.miss('pushed out');
    curve.miss('never there');

    const window = curve.since(start);
    expect([window.lookups, window.missesAt(1e9)]).to.deep.equal([5, 4]);
    curve.clear();
    curve.miss('pushed out');
    expect(curve.since(start).missesAt(1e9), 'what is cleared is gone').to.equal(5);
  });

  it('compares two sizes on the same lookups, from one mark or several', () => {
    const { curve } = curveWith();
    const loop = Array.from({ length: 3000 }, (_, i) => i % 100);
    play(curve, loop);
    const total = Array.from({ length: 100 }, (_, key) => sizeOf(key)).reduce((sum, size) => sum + size);
    const mark = curve.mark();
    play(curve, loop);
    const between = curve.mark();
    play(curve, loop);

    const [both, last] = [curve.since(mark), curve.since(between)];

    expect(both.missesAt(total * 1.1)).to.be.below(both.missesAt(total * 0.5) / 10);
    expect([both.lookups, last.lookups]).to.deep.equal([6000, 3000]);
    expect(both.missesAt(total * 0.5)).to.be.closeTo(2 * last.missesAt(total * 0.5), 1);
  });

  describe('of a cache that is scanned for hours', () => {
    const KEPT = 800_000;
    /** Half of the requests are for popular keys, each of the others is for a key nobody ever asks for again. */
    const scanned = (requests: number, from: number) =>
      zipfKeys(1200, requests / 2).flatMap((key, i) => [key, 1_000_000 + from + i]);

    it('still follows enough keys, and is right at four times its size', () => {
      const { curve } = curveWith({ kept: () => KEPT });
      for (let hour = 0; hour < 5; hour++) play(curve, scanned(80_000, hour * 40_000));
      const before = curve.sampledShare;
      const keys = scanned(80_000, 200_000);
      const start = curve.mark();

      play(curve, keys);

      // 2,048 of the 6,400 keys that fit into eight times the cache; of all that ever came it would be one in 100.
      expect(before).to.be.within(0.2, 0.5);
      expect(curve.sampledShare).to.be.within(before / 1.5, before);
      const window = curve.since(start);
      const errors = [0.25, 0.5, 1, 2, 4].map((times) => {
        const exact = 1 - hitsOfLru(keys, times * KEPT) / keys.length;
        return Math.abs(window.missesAt(times * KEPT) / window.lookups - exact);
      });
      expect(errors.reduce((sum, error) => sum + error) / errors.length).to.be.below(0.02);
    });

    it('follows fewer and fewer keys of all that ever came where nobody says how much is kept', () => {
      const { curve } = curveWith({ samples: 512 });

      play(curve, scanned(80_000, 0));

      expect(curve.sampledShare).to.be.below(0.03);
    });
  });

  it('follows more keys again after a time of many that were small', () => {
    const { curve } = curveWith({ samples: 512, kept: () => 100_000 });
    for (let i = 0; i < 300_000; i++) {
      curve.miss(`small${i}`);
      curve.write(`small${i}`, 10, Infinity);
    }
    const amongSmall = curve.sampledShare;

    play(
      curve,
      Array.from({ length: 60_000 }, (_, i) => i),
    );
    play(curve, zipfKeys(400, 40_000));

    expect(amongSmall).to.be.below(0.01);
    expect(curve.sampledShare).to.be.above(0.5);
    expect(curve.byteLength, 'the sample before is gone').to.equal(
      curveWith({ samples: 512 }).curve.byteLength,
    );
  });

  it('lets a new sample take over after a while, also when it never sees the horizon', () => {
    const { curve } = curveWith({ samples: 512, kept: () => 100_000 });
    const sizeOfOne = curve.byteLength;
    for (let i = 0; i < 300_000; i++) {
      curve.miss(`small${i}`);
      curve.write(`small${i}`, 10, Infinity);
    }

    // Until the sample is found to be too small, then few keys for ever.
    for (let i = 0; curve.byteLength === sizeOfOne; i++) play(curve, [i]);
    play(curve, zipfKeys(300, 40_000));

    expect(curve.sampledShare).to.be.above(0.5);
  });

  it('takes less than a quarter of a megabyte', () => {
    expect(curveWith().curve.byteLength).to.be.below(256 * 1024);
  });

  it('says 0 while it has seen nothing', () => {
    const { curve } = curveWith();

    expect([curve.hitRatioAt(1e6), curve.lookups, curve.points(2)[1]]).to.deep.equal([
      0,
      0,
      { size: 0, hitRatio: 0 },
    ]);
  });
});
