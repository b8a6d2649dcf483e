import { expect } from 'chai';
import { MissRatioCurve } from '../../../src/cache/curve/miss-ratio-curve.js';
import { randomFrom } from '../../fakes/random.js';
import { zipfKeys } from '../policy/zipf-keys.js';

function curveWith({ samples = 2048, secret = 1, step = 0, kept }: CurveSettings = {}) {
  const time = { now: 0 };
  const curve = new MissRatioCurve({
    unit: 'bytes',
    samples,
    now: () => (time.now += step),
    random: randomFrom(secret),
    ...(kept !== undefined && { kept }),
  });
  return { curve, time };
}

interface CurveSettings {
  readonly samples?: number;
  readonly secret?: number;
  /** Milliseconds from one look at the clock to the next: with many it sees no reason to rest. */
  readonly step?: number;
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
    const { curve } = curveWith({ step: 60_000 });
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
      const keys = scanned(80_000, 200_000);
      const times = [0.25, 0.5, 1, 2, 4];
      const exact = times.map((factor) => 1 - hitsOfLru(keys, factor * KEPT) / keys.length);
      const errors = [1, 2, 3, 4].flatMap((secret) => {
        const { curve } = curveWith({ secret, kept: () => KEPT });
        for (let hour = 0; hour < 5; hour++) play(curve, scanned(80_000, hour * 40_000));
        const before = curve.sampledShare;
        const start = curve.mark();

        play(curve, keys);

        // 1,024 of the 6,400 keys that fit into eight times the cache; of all that ever came it would be one in 200.
        expect(before).to.be.within(0.1, 0.25);
        expect(curve.sampledShare).to.be.within(before / 1.5, before);
        const window = curve.since(start);
        return times.map((factor, i) =>
          Math.abs(window.missesAt(factor * KEPT) / window.lookups - exact[i]!),
        );
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
    // 256 of the 760 keys that fit into eight times the cache.
    expect(curve.sampledShare).to.be.within(0.25, 0.45);
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

  describe('of more and more keys', () => {
    /** Of so many keys, each of which comes ten times. */
    const followed = (keys: number, settings: CurveSettings = {}) => {
      const { curve } = curveWith({ samples: 200, ...settings });
      play(
        curve,
        Array.from({ length: 10 * keys }, (_, i) => Math.floor(i / 10)),
      );
      return curve.sampledShare * keys;
    };

    it('follows all while they are few enough, then half as many, then as many as it may', () => {
      expect(followed(200)).to.equal(200);
      for (const keys of [201, 500]) expect(followed(keys), `of ${keys}`).to.be.within(80, 120);
      expect(followed(4000)).to.be.within(170, 230);
    });

    it('follows as many as it may where lookups are rare', () => {
      for (const keys of [201, 500, 4000])
        expect(followed(keys, { step: 60_000 }), `of ${keys}`).to.be.within(170, 230);
    });
  });

  describe('that rests, as nothing is missed', () => {
    /** All keys are written; hits only from then on. Returns a function that plays them. */
    const filled = (keys: number, settings: CurveSettings = {}) => {
      const { curve } = curveWith(settings);
      const hashes = Array.from({ length: keys }, (_, key) => curve.write(`k${key}`, sizeOf(key), Infinity));
      const hit = (requested: readonly number[]) => {
        for (const key of requested) curve.hit(hashes[key]!);
      };
      return { curve, hit };
    };
    const loopOf = (keys: number, requests: number) => Array.from({ length: requests }, (_, i) => i % keys);
    const bytesOf = (keys: number) =>
      Array.from({ length: keys }, (_, key) => sizeOf(key)).reduce((sum, size) => sum + size);

    it('is right about popular keys, and counts every lookup', () => {
      const keys = zipfKeys(800, 400_000);
      const { curve, hit } = filled(800);
      const start = curve.mark();

      hit(keys);

      const window = curve.since(start);
      expect(window.lookups).to.be.closeTo(400_000, 1e-6);
      for (const size of [20_000, 100_000, 300_000, 600_000]) {
        const exact = 1 - hitsOfLru(keys, size) / keys.length;
        expect(window.missesAt(size) / window.lookups, `at ${size}`).to.be.closeTo(exact, 0.01);
      }
    });

    it('puts the keys in order before it counts again: a loop stays a loop', () => {
      const { curve, hit } = filled(500);
      hit(loopOf(500, 5000));
      const start = curve.mark();

      hit(loopOf(500, 401_234));

      const window = curve.since(start);
      expect(window.missesAt(0.9 * bytesOf(500)) / window.lookups).to.be.above(0.99);
      expect(window.missesAt(1.1 * bytesOf(500)) / window.lookups).to.be.below(0.001);
    });

    it('takes what went by for what it was before, when it is asked in the middle of a rest', () => {
      const { curve, hit } = filled(500);
      hit(loopOf(500, 20_000));
      const start = curve.mark();

      hit(loopOf(500, 500));

      const window = curve.since(start);
      expect(window.lookups).to.be.closeTo(500, 1e-6);
      expect(window.missesAt(0.9 * bytesOf(500)) / window.lookups).to.be.above(0.98);
    });

    it('hears soon of another popularity', () => {
      const { curve, hit } = filled(1000, { samples: 1024 });
      hit(loopOf(1000, 300_000));
      expect(curve.hitRatioAt(1.1 * bytesOf(100)), 'a loop over all').to.be.below(0.05);

      hit(loopOf(100, 300_000));

      expect(curve.hitRatioAt(1.1 * bytesOf(100)), 'a loop over few').to.be.above(0.9);
    });

    it('follows everything again after a miss that more memory would have spared', () => {
      const { curve, hit } = filled(500);
      hit(loopOf(500, 20_000));
      const start = curve.mark();
      hit(loopOf(500, 100));

      curve.miss('k7');
      hit(loopOf(500, 2000));

      const window = curve.since(start);
      expect(window.lookups).to.be.closeTo(2101, 1e-6);
      expect(window.missesAt(0.9 * bytesOf(500))).to.be.within(1900, 2101);
      expect(window.missesAt(1.1 * bytesOf(500))).to.be.below(1);
    });

    it('counts each miss of what was over, once', () => {
      const { curve, hit } = filled(500);
      hit(loopOf(500, 20_000));
      const start = curve.mark();

      hit(loopOf(500, 50_000));
      curve.lost('k7');
      curve.write('k7', sizeOf(7), Infinity);
      hit(loopOf(500, 50_000));

      const window = curve.since(start);
      expect(window.lookups).to.be.closeTo(100_001, 1e-6);
      expect(window.missesAt(1e12)).to.be.within(0.9, 10);
    });

    it('does not rest where hits are rare', () => {
      const keys = zipfKeys(800, 100_000);
      const { curve, hit } = filled(800, { step: 60_000 });
      const start = curve.mark();

      hit(keys);

      const window = curve.since(start);
      const exact = 1 - hitsOfLru(keys, 300_000) / keys.length;
      expect(window.missesAt(300_000) / window.lookups).to.be.closeTo(exact, 0.004);
    });
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
