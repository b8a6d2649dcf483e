import { expect } from 'chai';
import { CacheBudget, type CacheBudgetOptions } from '../../../src/cache/budget/cache-budget.js';
import { CacheManager } from '../../../src/cache/cache-manager.js';
import { MemoryCache, type MemoryCacheOptions } from '../../../src/cache/memory-cache.js';
import { InvalidOptionError } from '../../../src/errors.js';
import { captureMetrics, seriesOf } from '../../fakes/captured-telemetry.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { randomFrom } from '../../fakes/random.js';
import { zipfKeys } from '../policy/zipf-keys.js';
import { passesTheTierContract } from '../tier-contract.js';

const KB = 1024;

function budgetWith(options: Partial<CacheBudgetOptions> = {}) {
  const clock = new FakeClock();
  const budget = new CacheBudget({ maxBytes: '100kb', clock, random: randomFrom(2), ...options });
  const cacheOf = (name: string, own: MemoryCacheOptions = {}) =>
    new MemoryCache({ name, budget, clock, ...own });
  return { budget, clock, cacheOf };
}

/** Sets an entry of about 1 KB that took so long to load. */
function load(cache: MemoryCache, key: string, seconds = 0.01): void {
  cache.setEntry(key, { value: 'x'.repeat(950), grace: 0, loadSeconds: seconds });
}

function fill(cache: MemoryCache, entries: number, seconds?: number, from = 0): void {
  for (let i = 0; i < entries; i++) load(cache, `k${from + i}`, seconds);
}

/** Asks for keys and loads what is missing; returns how often that was. */
function serve(cache: MemoryCache, keys: readonly number[], seconds?: number): number {
  let misses = 0;
  for (const key of keys) {
    if (cache.get(`k${key}`) !== undefined) continue;
    misses += 1;
    load(cache, `k${key}`, seconds);
  }
  return misses;
}

describe('CacheBudget', () => {
  passesTheTierContract(() => {
    const { cacheOf, clock } = budgetWith({ maxBytes: '64mb' });
    return { tier: cacheOf('contract', { weak: 'victim' }), advance: (seconds) => clock.advance(seconds) };
  });

  it('bounds the bytes of several caches together', () => {
    const { budget, cacheOf } = budgetWith();
    const [one, other] = [cacheOf('one'), cacheOf('other')];

    fill(one, 80);
    fill(other, 80);

    expect(budget.bytes).to.be.within(95 * KB, 100 * KB);
    expect(budget.bytes).to.equal(one.usage() + other.usage());
    expect(other.size, 'who needs the room gets it').to.be.above(30);
    expect(one.counts().maxSize, 'no bound of its own').to.equal(Infinity);
  });

  it('keeps what costs more to load', () => {
    const { budget, cacheOf } = budgetWith();
    const [cheap, dear] = [cacheOf('cheap'), cacheOf('dear')];
    const keys = zipfKeys(300, 6000);
    for (let i = 0; i < keys.length; i += 100) {
      serve(cheap, keys.slice(i, i + 100), 0.001);
      serve(dear, keys.slice(i, i + 100), 0.05);
    }

    const [first, second] = budget.shares;

    expect(dear.size).to.be.above(3 * cheap.size);
    expect(second?.missSeconds).to.be.closeTo(0.05, 1e-6);
    expect(first).to.include({ name: 'cheap', lookups: 6000, isPinned: false });
    expect(second?.loadSeconds).to.be.closeTo(0.05 * second!.misses, 1e-6);
    expect(second?.loads).to.equal(second?.misses);
  });

  it('keeps small and popular entries rather than large ones that are used once', () => {
    const { cacheOf } = budgetWith();
    const [popular, once] = [cacheOf('popular'), cacheOf('once')];
    for (let round = 0; round < 20; round++) {
      serve(
        popular,
        Array.from({ length: 30 }, (_, i) => i),
      );
      fill(once, 30, 0.01, round * 30);
    }

    const misses = serve(
      popular,
      Array.from({ length: 30 }, (_, i) => i),
    );

    expect(misses).to.equal(0);
  });

  it('leaves every cache its floor', () => {
    const { cacheOf } = budgetWith({ floor: 0.1 });
    const [quiet, loud] = [cacheOf('quiet'), cacheOf('loud')];
    fill(quiet, 20, 0.0001);

    for (let i = 0; i < 10; i++) fill(loud, 200, 1, i * 200);

    expect(quiet.usage()).to.be.within(9 * KB, 11.5 * KB);
  });

  it('takes nothing from a pinned cache, which keeps its own bound', () => {
    const { cacheOf } = budgetWith();
    const [pinned, other] = [cacheOf('pinned', { pinned: true, maxBytes: '20kb' }), cacheOf('other')];
    fill(pinned, 10, 0.0001);
    fill(other, 300, 1);
    const kept = pinned.size;

    fill(pinned, 40);

    expect(kept).to.equal(10);
    expect(pinned.usage()).to.be.within(18 * KB, 20 * KB);
    expect(pinned.counts()).to.include({ budgetEvictions: 0 });
  });

  it('holds the bounds of each cache besides', () => {
    const { cacheOf } = budgetWith();
    const few = cacheOf('few', { maxSize: 5 });
    const small = cacheOf('small', { maxBytes: '10kb' });

    fill(few, 30);
    fill(small, 30);

    expect([few.size, few.maxSize]).to.deep.equal([5, 5]);
    expect(few.keys(), 'the last ones').to.deep.equal(['k29', 'k28', 'k27', 'k26', 'k25']);
    expect(small.usage()).to.be.within(8 * KB, 10 * KB);
    expect(few.counts()).to.include({ evictions: 25, budgetEvictions: 0 });
    few.resize(2);
    expect(few.keys()).to.deep.equal(['k29', 'k28']);
  });

  it('rejects an entry larger than the budget and leaves everybody else alone', () => {
    const { budget, cacheOf } = budgetWith();
    const [one, other] = [cacheOf('one'), cacheOf('other')];
    fill(one, 50);

    other.set('huge', 'x'.repeat(200 * KB));

    expect([one.size, other.has('huge')]).to.deep.equal([50, false]);
    other.set('large', 'x'.repeat(98 * KB));
    expect(other.has('large'), 'one that fits pushes others out').to.equal(true);
    expect(budget.bytes).to.be.at.most(100 * KB);
  });

  it('makes room among its own entries when all others are at their floors', () => {
    const { budget, cacheOf } = budgetWith({ floor: 0.25 });
    const one = cacheOf('one');
    const pinned = cacheOf('pinned', { pinned: true, maxBytes: '50kb' });
    fill(pinned, 60);
    fill(one, 11);

    one.set('large', 'x'.repeat(45 * KB));

    expect(one.has('large')).to.equal(true);
    expect(pinned.usage()).to.be.above(48 * KB);
    one.set('too large', 'x'.repeat(60 * KB));
    expect([one.has('too large'), one.size]).to.deep.equal([false, 0]);
    expect(budget.bytes).to.equal(pinned.usage());
  });

  it('lets entries go first that are over, and counts them as that', () => {
    const { cacheOf, clock } = budgetWith();
    const [short, long] = [cacheOf('short', { defaultTtl: 10 }), cacheOf('long')];
    fill(short, 45);
    fill(long, 45);
    // Popular ones: they would be the last to leave.
    for (let i = 0; i < 45; i++) short.get(`k${i}`);
    clock.advance(11);

    fill(long, 300, 0.01, 45);

    const { expirations, evictions } = short.stats();
    expect(expirations).to.be.above(30);
    expect(expirations + evictions + short.size).to.equal(45);
  });

  it('counts what left for the budget under a reason of its own', async () => {
    const telemetry = captureMetrics();
    const clock = new FakeClock();
    const meterProvider = telemetry.provider;
    const budget = new CacheBudget({ maxBytes: '20kb', name: 'shared', clock, meterProvider });
    const primary = new MemoryCache({ budget, clock });
    const cache = new CacheManager({ primary, name: 'users', meterProvider, clock });
    for (let i = 0; i < 50; i++) await cache.getOrSet(`k${i}`, () => 'x'.repeat(950));

    const collected = await telemetry.collect();

    const users = { 'perf.cache.name': 'users', 'perf.cache.tier': 'memory' };
    expect(seriesOf(collected, 'perf.cache.evictions')).to.deep.include.members([
      { attributes: { ...users, 'perf.cache.reason': 'budget' }, value: 50 - primary.size },
      { attributes: { ...users, 'perf.cache.reason': 'capacity' }, value: 0 },
    ]);
    expect(seriesOf(collected, 'perf.cache.budget.usage')).to.deep.equal([
      { attributes: { 'perf.cache.budget.name': 'shared', 'perf.cache.name': 'users' }, value: budget.bytes },
    ]);
    expect(seriesOf(collected, 'perf.cache.budget.limit')).to.deep.equal([
      { attributes: { 'perf.cache.budget.name': 'shared' }, value: 20 * KB },
    ]);
    expect(seriesOf(collected, 'perf.cache.usage')[0]?.value).to.equal(budget.bytes);
    await telemetry.shutdown();
  });

  it('learns the cost of misses from what a cache manager loads, and from what the tier below had', async () => {
    const { budget, cacheOf, clock } = budgetWith();
    const [alone, tiered] = [cacheOf('alone'), cacheOf('tiered')];
    const secondary = new MemoryCache({ clock });
    const caches = [
      new CacheManager({ name: 'alone', primary: alone, clock }),
      new CacheManager({ name: 'tiered', primary: tiered, secondary, clock }),
    ];
    const slow = () => {
      clock.advance(0.1);
      return 'value';
    };
    for (const cache of caches) for (let i = 0; i < 10; i++) await cache.getOrSet(`k${i}`, slow);
    tiered.clear();

    for (let i = 0; i < 10; i++) await caches[1]!.getOrSet(`k${i}`, slow);

    expect(budget.shares.map(({ loads }) => loads)).to.deep.equal([10, 10]);
    expect(budget.shares[0]?.missSeconds).to.be.closeTo(0.1, 1e-6);
    expect(budget.shares[1]?.missSeconds).to.be.closeTo(0.05, 1e-6);
  });

  it('grows at once and shrinks in slices, without ever holding more than before', () => {
    const { budget, cacheOf, clock } = budgetWith({ maxBytes: '4mb' });
    const cache = cacheOf('one');
    fill(cache, 4200);
    const full = budget.bytes;

    const set = budget.setMaxBytes('1mb');
    const first = budget.bytes;
    fill(cache, 100, 0.01, 10_000);
    const whileShrinking = budget.bytes;
    clock.advance(0.1);

    expect([set, budget.maxBytes]).to.deep.equal([KB * KB, KB * KB]);
    expect(full - first, 'not all of it in one turn').to.be.within(400 * KB, 600 * KB);
    expect(whileShrinking).to.be.at.most(first);
    expect(budget.bytes).to.be.within(1020 * KB, KB * KB);
    expect(clock.timers, 'and no timer stays').to.equal(0);
    budget.setMaxBytes('2mb');
    fill(cache, 2000, 0.01, 20_000);
    expect(budget.bytes).to.be.within(1900 * KB, 2 * KB * KB);
  });

  it('stops shrinking when it is told to grow', () => {
    const { budget, cacheOf, clock } = budgetWith({ maxBytes: '4mb' });
    fill(cacheOf('one'), 4200);
    budget.setMaxBytes('1mb');
    const bytes = budget.bytes;

    budget.setMaxBytes('4mb');
    clock.advance(1);

    expect([budget.bytes, clock.timers]).to.deep.equal([bytes, 0]);
  });

  it('shrinks to what pinned caches need, no further', () => {
    const { budget, cacheOf } = budgetWith();
    const pinned = cacheOf('pinned', { pinned: true, maxBytes: '20kb' });
    fill(pinned, 30);
    const kept = pinned.size;

    expect([budget.minBytes, budget.setMaxBytes(1)]).to.deep.equal([40 * KB, 40 * KB]);

    expect(pinned.size).to.equal(kept);
    expect(() => budget.setMaxBytes('none' as never)).to.throw(InvalidOptionError, 'maxBytes');
  });

  it('gives the bytes of a closed cache back', async () => {
    const { budget, cacheOf, clock } = budgetWith();
    const [one, other] = [cacheOf('one'), cacheOf('other')];
    const manager = new CacheManager({ primary: one, name: 'closing', clock });
    fill(one, 50);
    fill(other, 10);

    await manager.close();
    one.set('late', 1);
    one.close();

    expect([one.size, budget.shares.map(({ name }) => name)]).to.deep.equal([0, ['other']]);
    expect(budget.bytes).to.equal(other.usage());
  });

  it('refuses what cannot be meant', () => {
    const { budget, cacheOf } = budgetWith();
    const wrong = [
      [() => new CacheBudget({} as never), 'maxBytes must be a size'],
      [() => new CacheBudget({ maxBytes: '1mb', floor: 2 }), 'floor must be'],
      [() => new CacheBudget({ maxBytes: '1mb', max: 1 } as never), 'CacheBudget option name'],
      [() => new MemoryCache({ budget: { maxBytes: 5 } as never }), 'budget must be a CacheBudget'],
      [() => new MemoryCache({ pinned: true }), 'pinned must be left out without a budget'],
      [() => cacheOf('a', { pinned: true }), 'maxBytes must be given with pinned'],
      [() => cacheOf('a', { policy: 'lru' }), 'policy must be left out with a budget'],
      [() => cacheOf('a', { pinned: true, maxBytes: '51kb' }), 'maxBytes must be 51200 at most'],
    ] as const;

    for (const [make, message] of wrong) expect(make).to.throw(InvalidOptionError, message);
    expect(budget.shares).to.deep.equal([]);
  });

  it('holds what it promises, whatever happens', () => {
    for (const seed of [1, 2, 3]) {
      const random = randomFrom(seed);
      const { budget, cacheOf, clock } = budgetWith({ floor: 0.05, random });
      const caches = [
        cacheOf('plain'),
        cacheOf('bounded', { maxSize: 20 }),
        cacheOf('bytes', { maxBytes: '30kb', defaultTtl: 50 }),
        cacheOf('pinned', { pinned: true, maxBytes: '20kb' }),
      ];
      const floor = 0.05;
      /** What was set and not deleted; entries may be missing, others must be right. */
      const values = caches.map(() => new Map<string, unknown>());
      for (let step = 0; step < 8000; step++) {
        const index = Math.floor(random() * caches.length);
        const [cache, known] = [caches[index]!, values[index]!];
        const key = `k${Math.floor(random() ** 2 * 120)}`;
        const action = random();
        const bytesBefore = budget.bytes;
        const heldBefore = caches.map((one) => one.usage());
        if (action < 0.02) {
          cache.delete(key);
          known.delete(key);
        } else if (action < 0.021) {
          cache.clear();
          known.clear();
        } else if (action < 0.023) budget.setMaxBytes(40 * KB + Math.floor(random() * 80 * KB));
        else if (action < 0.03) clock.advance(random() * 20);
        else if (action < 0.5) {
          const value = 'v'.repeat(Math.floor(10 ** (1 + random() * 3))) + step;
          cache.setEntry(key, { value, grace: 0, loadSeconds: random() * 10 ** -index });
          known.set(key, value);
          const others = caches.filter((one) => one !== cache);
          for (const other of others) {
            const before = heldBefore[caches.indexOf(other)]!;
            if (other.usage() === before) continue;
            expect(before, 'below its floor a cache loses nothing').to.be.above(budget.maxBytes * floor);
            expect(other).to.not.equal(caches[3]);
          }
        } else {
          const value = cache.get(key);
          if (value !== undefined) expect(value).to.equal(known.get(key));
        }

        expect(budget.bytes).to.be.at.most(Math.max(budget.maxBytes, bytesBefore));
        expect(budget.bytes).to.equal(caches.reduce((sum, one) => sum + one.usage(), 0));
        expect(caches[1]!.size).to.be.at.most(20);
        expect(caches[2]!.usage()).to.be.at.most(30 * KB);
        expect(caches[3]!.counts().budgetEvictions).to.equal(0);
      }
      for (const cache of caches) {
        const { size, keys } = { size: cache.size, keys: cache.keys() };
        expect(new Set(keys).size).to.equal(keys.length);
        expect(keys.length).to.be.at.most(size);
        for (const key of keys) cache.delete(key);
      }
      clock.advance(1000);
      for (const cache of caches) for (let i = 0; i < 120; i++) cache.get(`k${i}`);
      expect(
        [budget.bytes, caches.map(({ size }) => size)],
        'nothing is lost or counted twice',
      ).to.deep.equal([0, [0, 0, 0, 0]]);
    }
  });
});
