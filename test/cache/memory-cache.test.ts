import { expect } from 'chai';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { MemoryCache } from '../../src/cache/memory-cache.js';
import { UnserializableError } from '../../src/cache/serializer/serializer.js';
import { InvalidOptionError } from '../../src/errors.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { passesTheTierContract } from './tier-contract.js';

function cacheWith(options: ConstructorParameters<typeof MemoryCache>[0] = {}) {
  const clock = new FakeClock();
  return { clock, cache: new MemoryCache({ clock, ...options }) };
}

for (const policy of ['lru', 'tinylfu'] as const) {
  describe(`MemoryCache with ${policy}`, () => {
    passesTheTierContract(() => {
      const { cache, clock } = cacheWith({ policy, weak: 'victim' });
      return { tier: cache, advance: (seconds) => clock.advance(seconds) };
    });

    it('holds no more entries than it may, and those it counts', () => {
      const { cache } = cacheWith({ policy, maxSize: 50 });

      for (let i = 0; i < 1000; i++) cache.set(`k${i % 200}`, i);

      expect(cache.size).to.equal(50);
      expect(cache.keys()).to.have.lengthOf(50);
      cache.resize(10);
      expect(cache.size).to.equal(10);
    });
  });
}

describe('MemoryCache', () => {
  it('finds an object again that had to leave, while it is alive', () => {
    const { cache, clock } = cacheWith({ maxSize: 1, weak: 'victim', defaultTtl: 10 });
    const alive = { name: 'Ada' };
    cache.set('a', alive);
    cache.set('b', { name: 'Grace' });

    expect(cache.get('a')).to.equal(alive);

    expect(cache.stats().weakHits).to.equal(1);
    cache.delete('a');
    expect(cache.get('a'), 'what is deleted stays so').to.equal(undefined);
    cache.set('a', alive);
    cache.set('c', {});
    clock.advance(10.001);
    expect(cache.get('a'), 'its time goes on').to.equal(undefined);
  });

  passesTheTierContract(() => {
    const { cache, clock } = cacheWith();
    return { tier: cache, advance: (seconds) => clock.advance(seconds) };
  });

  it('gives back the very object it was given', () => {
    const { cache } = cacheWith();
    const value = { id: 7 };

    cache.set('k', value);

    expect(cache.get('k')).to.equal(value);
  });

  it('keeps null, false, 0 and the empty text as values', () => {
    const { cache } = cacheWith();

    for (const value of [null, false, 0, '']) cache.set(`k${String(value)}`, value);

    expect([cache.get('knull'), cache.get('kfalse'), cache.get('k0'), cache.get('k')]).to.deep.equal([
      null,
      false,
      0,
      '',
    ]);
  });

  it('takes undefined as nothing: the entry is gone', () => {
    const { cache } = cacheWith();
    cache.set('k', 1);

    cache.set('k', undefined);

    expect(cache.has('k')).to.equal(false);
  });

  it('drops the least recently used entry when it is full', () => {
    const { cache } = cacheWith({ maxSize: 2 });
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');

    cache.set('c', 3);

    expect(cache.keys()).to.have.members(['a', 'c']);
    expect(cache.stats().evictions).to.equal(1);
  });

  it('forgets an entry when its time is over, to the millisecond', () => {
    const { cache, clock } = cacheWith({ defaultTtl: 10 });
    cache.set('default', 1);
    cache.set('short', 1, { ttl: '250ms' });
    cache.set('forever', 1, { ttl: Infinity });

    clock.advance(0.249);
    expect(cache.get('short')).to.equal(1);
    clock.advance(0.002);
    expect(cache.get('short')).to.equal(undefined);
    clock.advance(9.8);
    expect(cache.get('default')).to.equal(undefined);
    clock.advance(1e6);
    expect(cache.get('forever')).to.equal(1);
  });

  it('does not notice when the wall clock is set', () => {
    const { cache, clock } = cacheWith({ defaultTtl: 10 });
    cache.set('k', 1);

    clock.jumpWall(-3600);
    clock.jumpWall(7200);

    expect(cache.get('k')).to.equal(1);
  });

  it('counts hits, misses, evictions and expirations exactly', () => {
    const { cache, clock } = cacheWith({ maxSize: 2, defaultTtl: 1 });
    cache.set('a', 1);
    cache.get('a');
    cache.get('b');
    cache.set('b', 1);
    cache.set('c', 1);
    clock.advance(2);
    cache.get('c');

    const { hits, misses, totalRequests, hitRatio, evictions, expirations, maxSize } = cache.stats();

    expect({ hits, misses, totalRequests, hitRatio, evictions, expirations, maxSize }).to.deep.equal({
      hits: 1,
      misses: 2,
      totalRequests: 3,
      hitRatio: 1 / 3,
      evictions: 1,
      expirations: 1,
      maxSize: 2,
    });
  });

  it('holds no more bytes than it may', () => {
    const { cache } = cacheWith({ maxBytes: '10kb', maxSize: 1000 });

    for (let i = 0; i < 100; i++) cache.set(`k${i}`, 'x'.repeat(1000));

    expect(cache.stats().memoryUsage).to.be.within(8000, 10 * 1024);
    expect(cache.size).to.be.within(8, 10);
    cache.set('huge', 'x'.repeat(20_000));
    expect(cache.has('huge'), 'an entry larger than the cache is not kept').to.equal(false);
  });

  it('estimates its memory from a sample when it has no byte limit', () => {
    const { cache } = cacheWith();

    for (let i = 0; i < 500; i++) cache.set(`key-${i}`, { text: 'x'.repeat(1000) });

    expect(cache.stats().memoryUsage).to.be.within(500 * 1000, 500 * 1100);
  });

  it('changes its size and keeps order and remaining time', () => {
    const { cache, clock } = cacheWith({ maxSize: 3, defaultTtl: 10 });
    for (const key of ['a', 'b', 'c']) cache.set(key, key);
    clock.advance(6);
    cache.get('a');

    cache.resize(2);

    expect(cache.keys()).to.deep.equal(['a', 'c']);
    clock.advance(5);
    expect(cache.get('a')).to.equal(undefined);
    expect(cache.maxSize).to.equal(2);
  });

  it('takes any text as a key and refuses everything else', () => {
    const { cache } = cacheWith();
    const odd = ['', '__proto__', 'constructor', '../../etc', '\0', '💡'.repeat(1000)];

    for (const key of odd) cache.set(key, key);

    for (const key of odd) expect(cache.get(key)).to.equal(key);
    expect(() => cache.set(7 as never, 1)).to.throw(InvalidOptionError, 'cache key must be a text, got 7');
  });

  it('says which option is wrong, and how', () => {
    const wrong = [
      [{ maxSize: 0 }, 'maxSize must be a positive integer, got 0'],
      [{ maxSize: 1.5 }, 'maxSize must be a positive integer, got 1.5'],
      [{ maxBytes: 'lots' }, 'maxBytes must be a size above 0'],
      [{ defaultTtl: -1 }, 'defaultTtl must be a duration above 0'],
      [{ defaultTtl: '5 parsecs' }, 'defaultTtl must be a duration above 0'],
      [{ max_size: 5 }, 'MemoryCache option name must be maxSize, perhaps, got "max_size"'],
      [{ max: 5 }, 'MemoryCache option name must be one of maxSize'],
      [{ policy: 'fifo' }, 'policy must be one of lru, tinylfu'],
      [{ weak: true }, "weak must be 'victim' or left out"],
      [null, 'MemoryCache options must be an object, got null'],
    ] as unknown as [never, string][];
    for (const [options, message] of wrong) {
      expect(() => new MemoryCache(options), JSON.stringify(options)).to.throw(InvalidOptionError, message);
    }
    expect(() => new MemoryCache().set('k', 1, { ttl: 0 })).to.throw(
      InvalidOptionError,
      'ttl must be a duration above 0',
    );
  });

  describe('with clone', () => {
    it('lets nobody change what is cached', async () => {
      const primary = new MemoryCache({ clone: true });
      const cache = new CacheManager({ primary });
      const given = { list: [1], at: new Date(0) };
      const key = 'k';
      await cache.set(key, given);
      given.list.push(2);

      const read = [
        primary.get<typeof given>(key),
        cache.getIfPresent<typeof given>(key),
        await cache.get<typeof given>(key),
        await cache.getOrSet(key, () => given),
        (await cache.getMany<typeof given>([key])).get(key),
        await cache.getOrSet('loaded', () => given),
      ];
      for (const one of read) one!.list.push(9);

      expect(await cache.get(key)).to.deep.equal({ list: [1], at: new Date(0) });
      expect(await cache.get('loaded')).to.deep.equal({ list: [1, 2], at: new Date(0) });
    });

    it('copies by a function of yours', () => {
      const cache = new MemoryCache({ clone: (value) => ({ ...(value as object), isCopy: true }) });
      cache.set('k', { a: 1 });

      expect(cache.get('k')).to.deep.equal({ a: 1, isCopy: true });
    });

    it('refuses what cannot be copied, and keeps what it had', () => {
      const cache = new MemoryCache({ clone: true });
      cache.set('k', 1);

      expect(() => cache.set('k', { call() {} })).to.throw(UnserializableError, 'cannot carry the value');
      expect(cache.get('k')).to.equal(1);
      expect(() => new MemoryCache({ clone: 'deep' as never })).to.throw(InvalidOptionError, 'clone must be');
      expect(() => new MemoryCache({ clone: true, weak: 'victim' })).to.throw(InvalidOptionError, 'weak');
    });
  });
});
