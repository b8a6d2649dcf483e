import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { CacheManager } from '../../src/cache/cache-manager.js';
import type { CacheManagerOptions } from '../../src/cache/cache-manager-options.js';
import { MemoryCache } from '../../src/cache/memory-cache.js';
import { InvalidOptionError } from '../../src/errors.js';
import { instrumentsOf } from '../../src/telemetry/instruments.js';
import { turn } from '../fakes/cache-with.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeTier } from '../fakes/failing-tier.js';
import { collectGarbage } from '../fakes/garbage.js';

let names = 0;

/** A manager of two tiers with a name of its own, so that its series are its own. */
function managerWith(options: CacheManagerOptions = {}) {
  const clock = new FakeClock();
  const below = new FakeTier();
  const name = `cache-${names++}`;
  const primary = new MemoryCache({ clock, maxSize: 100 });
  const cache = new CacheManager({ primary, secondary: below, name, clock, ...options });
  const counted = (metric: string, attributes: Record<string, string> = {}) =>
    instrumentsOf()
      .read()
      .filter((reading) => reading.name === metric && reading.attributes['perf.cache.name'] === name)
      .filter((reading) =>
        Object.entries(attributes).every(([key, value]) => reading.attributes[key] === value),
      )
      .reduce((sum, reading) => sum + (reading.count ?? reading.value), 0);
  return { cache, clock, below, primary, counted };
}

function gate() {
  let open!: () => void;
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open };
}

describe('CacheManager', () => {
  it('keeps nothing of the caller that first asked for an entry', async () => {
    const { cache } = managerWith();
    const storage = new AsyncLocalStorage<object>();
    await cache.set('k', 'v');
    const request = await storage.run({ headers: 'many' }, async () => {
      await cache.getOrSet('k', () => 'loaded');
      return new WeakRef(storage.getStore()!);
    });
    await turn();
    collectGarbage();

    expect(request.deref()).to.equal(undefined);
    expect(await cache.get('k')).to.equal('v');
  });

  it('fills the memory tier with the time an entry has left below', async () => {
    const { cache, below, primary, clock } = managerWith();
    below.entries.set('k', { value: 'v', ttl: 5, grace: 0 });

    expect(await cache.get('k')).to.equal('v');

    expect(cache.getIfPresent('k')).to.equal('v');
    clock.advance(5.1);
    expect(primary.has('k')).to.equal(false);
  });

  it('leaves the lifetime to each tier when nobody says one', async () => {
    const clock = new FakeClock();
    const primary = new MemoryCache({ clock, defaultTtl: 10 });
    const cache = new CacheManager({ primary, clock });
    await cache.set('k', 1);

    clock.advance(10.1);

    expect(await cache.get('k')).to.equal(undefined);
  });

  it('counts each lookup once, with the tier that answered', async () => {
    const { cache, below, counted } = managerWith();
    below.entries.set('below', { value: 1, ttl: Infinity, grace: 0 });
    await cache.set('here', 1);

    await cache.get('here');
    await cache.get('below');
    await cache.get('nowhere');

    const { hits, misses, totalRequests, hitRatio, primaryHits, secondaryHits } = cache.stats();
    expect({ hits, misses, totalRequests, primaryHits, secondaryHits }).to.deep.equal({
      hits: 2,
      misses: 1,
      totalRequests: 3,
      primaryHits: 1,
      secondaryHits: 1,
    });
    expect(hitRatio).to.be.closeTo(2 / 3, 1e-9);
    const lookups = (tier: string, result: string) =>
      counted('perf.cache.lookups', { 'perf.cache.tier': tier, 'perf.cache.result': result });
    expect([lookups('memory', 'hit'), lookups('custom', 'hit'), lookups('custom', 'miss')]).to.deep.equal([
      1, 1, 1,
    ]);
    expect(counted('perf.cache.lookups')).to.equal(3);
  });

  it('counts a lookup that a failing tier made a miss as an error', async () => {
    const { cache, below, counted } = managerWith();
    below.isBroken = true;

    await cache.get('a');
    await cache.getOrSet('b', () => 1);
    await cache.getMany(['c', 'd']);

    expect(counted('perf.cache.lookups', { 'perf.cache.result': 'error' })).to.equal(4);
    expect(counted('perf.cache.lookups')).to.equal(4);
    expect(cache.stats().misses).to.equal(4);
  });

  it('tells how many wait for loads, and what its memory tier takes', async () => {
    const { cache, counted } = managerWith({ primary: new MemoryCache({ maxBytes: '1mb' }) });
    const { closed, open } = gate();
    const load = async () => {
      await closed;
      return 'x'.repeat(1000);
    };

    const calls = [1, 2, 3].map(() => cache.getOrSet('k', load));
    const waiting = counted('perf.cache.load.waiters');
    open();
    await Promise.all(calls);

    expect([waiting, counted('perf.cache.load.waiters')]).to.deep.equal([3, 0]);
    expect(counted('perf.cache.usage')).to.be.within(1000, 2500);
    expect(counted('perf.cache.usage.limit')).to.equal(1024 ** 2);
  });

  it('loads a missing value once, however many ask', async () => {
    const { cache, counted } = managerWith();
    let loads = 0;
    const load = async () => {
      loads += 1;
      await Promise.resolve();
      return { n: loads };
    };

    const values = await Promise.all(Array.from({ length: 1000 }, () => cache.getOrSet('k', load)));

    expect(loads).to.equal(1);
    expect(new Set(values).size).to.equal(1);
    expect(counted('perf.cache.load.duration')).to.equal(1);
    expect(counted('perf.cache.writes')).to.equal(1);
  });

  it('gives the error of the loader to everybody, unchanged, and tries again next time', async () => {
    const { cache, counted } = managerWith();
    const error = new RangeError('no');
    const failing = () => Promise.reject(error);

    const results = await Promise.allSettled([cache.getOrSet('k', failing), cache.getOrSet('k', failing)]);

    for (const result of results) expect(result).to.include({ status: 'rejected', reason: error });
    expect(await cache.getOrSet('k', () => 'now')).to.equal('now');
    expect(counted('perf.cache.load.duration', { 'error.type': 'RangeError' })).to.equal(1);
  });

  it('takes a loader that throws at once like one that rejects', async () => {
    const { cache } = managerWith();
    const error = new Error('at once');

    const thrown = await cache
      .getOrSet('k', () => {
        throw error;
      })
      .catch((reason: unknown) => reason);

    expect(thrown).to.equal(error);
  });

  it('keeps null but not undefined', async () => {
    const { cache } = managerWith();

    expect(await cache.getOrSet('null', () => null)).to.equal(null);
    expect(await cache.getOrSet('undefined', () => undefined)).to.equal(undefined);

    expect(await cache.has('null')).to.equal(true);
    expect(await cache.has('undefined')).to.equal(false);
  });

  it('lets the loaded value decide how long it is kept', async () => {
    const { cache, clock } = managerWith();
    await cache.getOrSet('k', () => ({ maxAge: 3 }), { ttl: (value) => value.maxAge });

    clock.advance(3.1);

    expect(cache.getIfPresent('k')).to.equal(undefined);
  });

  it('does not keep what was loaded before a delete', async () => {
    const { cache } = managerWith();
    const { closed, open } = gate();
    const started = gate();
    const loading = cache.getOrSet('k', async () => {
      started.open();
      await closed;
      return 'old';
    });
    await started.closed;

    await cache.delete('k');
    open();

    expect(await loading).to.equal('old');
    expect(await cache.get('k')).to.equal(undefined);
  });

  it('does not copy up what was read below before a write', async () => {
    const { cache, below } = managerWith();
    below.entries.set('k', { value: 'old', ttl: Infinity, grace: 0 });
    const { closed, open } = gate();
    below.gate = closed;
    const reading = cache.get('k');

    below.gate = undefined;
    await cache.set('k', 'new');
    open();
    await reading;

    expect(cache.getIfPresent('k')).to.equal('new');
  });

  it('reads a broken tier as a miss, counts it and goes on', async () => {
    const { cache, below, counted } = managerWith();
    below.isBroken = true;

    expect(await cache.get('k')).to.equal(undefined);
    expect(await cache.getOrSet('k', () => 'loaded')).to.equal('loaded');
    expect(await cache.get('k'), 'the memory tier still works').to.equal('loaded');
    expect(await cache.delete('k')).to.equal(true);
    await cache.clear();

    const errors = (operation: string) =>
      counted('perf.cache.tier.errors', { 'perf.cache.operation': operation });
    expect([errors('get'), errors('set'), errors('delete'), errors('clear')]).to.deep.equal([2, 1, 1, 1]);
  });

  it('deletes from the tier below first', async () => {
    const { cache, below } = managerWith();
    await cache.set('k', 1);
    const { closed, open } = gate();
    below.gate = closed;

    const deleting = cache.delete('k');
    expect(cache.getIfPresent('k'), 'still here while it is still there').to.equal(1);
    open();

    expect(await deleting).to.equal(true);
    expect(cache.getIfPresent('k')).to.equal(undefined);
  });

  it('reports entries, limit and evictions of its tiers until closed', async () => {
    const clock = new FakeClock();
    const { cache, counted } = managerWith({ primary: new MemoryCache({ maxSize: 2, clock }) });
    for (const key of ['a', 'b', 'c']) await cache.set(key, 1);

    expect(counted('perf.cache.entries', { 'perf.cache.tier': 'memory' })).to.equal(2);
    expect(counted('perf.cache.entries.limit', { 'perf.cache.tier': 'memory' })).to.equal(2);
    expect(counted('perf.cache.evictions', { 'perf.cache.reason': 'capacity' })).to.equal(1);
    await cache.close();
    expect(counted('perf.cache.entries')).to.equal(0);
  });

  it('says which option is wrong, and how', async () => {
    const { cache } = managerWith();

    expect(() => new CacheManager({ secondary: {} as never })).to.throw(
      InvalidOptionError,
      'secondary must be a cache tier',
    );
    expect(() => new CacheManager({ primary: new Map() as never })).to.throw(
      InvalidOptionError,
      'primary must be a MemoryCache, got a Map',
    );
    expect(() => new CacheManager({ name: '' })).to.throw(InvalidOptionError, 'name must be a text');
    expect(() => new CacheManager({ ttl: 5 } as never)).to.throw(
      InvalidOptionError,
      'CacheManager option name',
    );
    const error = await cache.getOrSet('k', 'value' as never).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(InvalidOptionError);
    expect(String(error)).to.include('factory must be a function, got "value"');
  });
});
