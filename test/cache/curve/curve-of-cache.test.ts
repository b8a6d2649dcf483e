import { expect } from 'chai';
import { CacheManager } from '../../../src/cache/cache-manager.js';
import { MemoryCache, type MemoryCacheOptions } from '../../../src/cache/memory-cache.js';
import { InvalidOptionError } from '../../../src/errors.js';
import { FakeClock } from '../../fakes/fake-clock.js';

function managerWith(options: MemoryCacheOptions = {}) {
  const clock = new FakeClock();
  const memory = new MemoryCache({ curve: true, clock, ...options });
  const cache = new CacheManager({ primary: memory, name: 'curve-of-cache', clock });
  return { cache, memory, clock, curve: memory.curve! };
}

describe('curve of a memory cache', () => {
  it('is there when asked for, in bytes where bytes bound the cache', () => {
    expect(new MemoryCache().curve).to.equal(undefined);
    expect(new MemoryCache({ curve: true }).curve?.unit).to.equal('entries');
    expect(new MemoryCache({ curve: { samples: 100 }, maxBytes: '1mb' }).curve?.unit).to.equal('bytes');
    for (const curve of [{ samples: 0 }, { sample: 5 }, 7]) {
      expect(() => new MemoryCache({ curve: curve as never })).to.throw(InvalidOptionError, 'curve');
    }
  });

  it('says what more room would have given', () => {
    const { memory, curve } = managerWith({ maxSize: 10 });
    for (let i = 0; i < 2000; i++) {
      const key = `k${i % 20}`;
      if (memory.get(key) === undefined) memory.set(key, i);
    }

    expect(memory.stats().hits).to.equal(0);
    expect(curve.hitRatioAt(10)).to.equal(0);
    expect(curve.hitRatioAt(25)).to.be.closeTo(0.99, 0.001);
  });

  it('sees every lookup of a manager once, whatever its way', async () => {
    const { cache, memory, curve } = managerWith();
    await cache.set('here', 1);

    await cache.get('here');
    await cache.get('absent');
    cache.getIfPresent('here');
    cache.getIfPresent('absent');
    await cache.getOrSet('here', () => 2);
    await cache.getOrSet('loaded', () => 2);
    await Promise.all([cache.getOrSet('joined', async () => 3), cache.getOrSet('joined', async () => 3)]);
    await cache.getMany(['here', 'absent', 'loaded']);
    memory.get('here');
    memory.getEntry('absent');

    expect(curve.lookups).to.equal(memory.stats().totalRequests);
    expect(curve.lookups).to.equal(13);
  });

  it('sees a lookup that the tier below answers', async () => {
    const primary = new MemoryCache({ curve: true });
    const secondary = new MemoryCache();
    const cache = new CacheManager({ primary, secondary, name: 'curve-below' });
    secondary.set('below', 1);
    const start = primary.curve!.mark();

    await cache.get('below');
    await cache.get('below');

    const { lookups } = primary.curve!.since(start);
    expect([lookups, primary.stats().misses, primary.stats().hits]).to.deep.equal([2, 1, 1]);
  });

  it('knows that no size helps against time, tags and deletes', async () => {
    const { cache, clock, curve } = managerWith();
    await cache.set('short', 1, { ttl: 10 });
    await cache.set('tagged', 1, { tags: ['t'] });
    await cache.set('deleted', 1);
    await cache.set('stale', 1, { ttl: 10, grace: 1000 });
    clock.advance(11);
    await cache.invalidateTags('t');
    await cache.delete('deleted');
    const start = curve.mark();

    for (const key of ['short', 'tagged', 'deleted', 'stale']) await cache.get(key);

    const window = curve.since(start);
    expect([window.lookups, window.missesAt(1e9)]).to.deep.equal([4, 4]);
  });

  it('does not take what came back from the garbage for a hit of this size', () => {
    const { memory, curve } = managerWith({ maxSize: 1, weak: 'victim' });
    const values = [{}, {}];
    for (const [i, value] of values.entries()) memory.set(`k${i}`, value);
    const start = curve.mark();

    for (let i = 0; i < 20; i++) expect(memory.get(`k${i % 2}`)).to.equal(values[i % 2]);

    const window = curve.since(start);
    expect([window.missesAt(1), window.missesAt(2)]).to.deep.equal([20, 0]);
  });

  it('is told of copies too', () => {
    const memory = new MemoryCache({ curve: true, clone: true });
    memory.set('k', { a: 1 });
    memory.get('k');

    expect(memory.curve!.hitRatioAt(1)).to.equal(1);
  });
});
