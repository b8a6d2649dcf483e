import { expect } from 'chai';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { InvalidOptionError } from '../../src/errors.js';
import { cacheWith, turn } from '../fakes/cache-with.js';
import { SharedTier } from '../fakes/shared-tier.js';

describe('tags of a cache', () => {
  it('take away all entries that carry them, and no others', async () => {
    const { cache, loads } = cacheWith();
    await cache.set('a', 1, { tags: ['user:7', 'page'] });
    await cache.getOrSet('b', loads.returning(2), { tags: ['user:7'] });
    await cache.set('c', 3, { tags: ['page'] });
    await cache.set('d', 4);

    await cache.invalidateTags('user:7');

    expect(['a', 'b', 'c', 'd'].map((key) => cache.getIfPresent(key))).to.deep.equal([
      undefined,
      undefined,
      3,
      4,
    ]);
    await cache.invalidateTags(['page', 'unknown']);
    expect(cache.getIfPresent('c')).to.equal(undefined);
  });

  it('count for entries written after an invalidation again', async () => {
    const { cache } = cacheWith();
    await cache.invalidateTags('t');
    await cache.set('k', 1, { tags: ['t'] });

    expect(cache.getIfPresent('k')).to.equal(1);
  });

  it('reach a value that is being loaded', async () => {
    const { cache, loads } = cacheWith();
    const { load, finish, begun } = loads.held<string>();
    const loading = cache.getOrSet('k', load, { tags: ['t'] });
    await begun;

    await cache.invalidateTags('t');
    finish('loaded before');

    expect(await loading).to.equal('loaded before');
    expect(cache.getIfPresent('k'), 'and is not kept').to.equal(undefined);
  });

  it('are not served stale either', async () => {
    const { cache, clock, loads } = cacheWith({ ttl: 1, grace: 60 });
    await cache.getOrSet('k', loads.returning('old'), { tags: ['t'] });
    clock.advance(2);

    await cache.invalidateTags('t');

    expect(await cache.getOrSet('k', loads.returning('new'), { tags: ['t'] })).to.equal('new');
  });

  it('survive in the tier below, and so do their invalidations', async () => {
    const secondary = new SharedTier();
    const before = cacheWith({ secondary });
    await before.cache.set('kept', 1, { tags: ['a'] });
    await before.cache.set('gone', 2, { tags: ['b'] });
    await before.cache.invalidateTags('b');

    const after = cacheWith({ secondary });

    expect(await after.cache.get('kept')).to.equal(1);
    expect(await after.cache.get('gone')).to.equal(undefined);
  });

  it('are one write each, whatever the number of entries', async () => {
    const secondary = new SharedTier();
    const { cache } = cacheWith({ secondary });
    for (let i = 0; i < 100; i++) await cache.set(`k${i}`, i, { tags: ['all'] });
    secondary.calls.length = 0;

    await cache.invalidateTags('all');

    expect(secondary.calls).to.deep.equal(['invalidate all']);
    expect(await cache.get('k50')).to.equal(undefined);
  });

  it('reach the other processes by the message of the tier', async () => {
    const secondary = new SharedTier();
    const [here, there] = [cacheWith({ secondary }), cacheWith({ secondary })];
    await here.cache.set('k', 1, { tags: ['t'] });
    expect(await there.cache.get('k')).to.equal(1);

    await here.cache.invalidateTags('t');
    secondary.tell({ tags: ['t'] });

    expect(there.cache.getIfPresent('k')).to.equal(undefined);
    expect(await there.cache.get('k')).to.equal(undefined);
  });

  it('of a store that cannot be asked prove nothing', async () => {
    const secondary = new SharedTier();
    secondary.entries.set('k', { value: 1, ttl: 60, grace: 0, tags: { t: '1' } });
    secondary.versions.set('t', '1');
    const { cache } = cacheWith({ secondary });
    const { readVersions } = secondary.tagStore;
    Object.assign(secondary.tagStore, { readVersions: () => Promise.reject(new Error('down')) });

    expect(await cache.get('k')).to.equal(undefined);
    Object.assign(secondary.tagStore, { readVersions });

    expect(await cache.get('k')).to.equal(1);
  });

  it('have no version in common that two processes made up while they could not ask', async () => {
    const secondary = new SharedTier();
    Object.assign(secondary.tagStore, { readVersions: () => Promise.reject(new Error('down')) });
    const [writer, reader] = [cacheWith({ secondary }), cacheWith({ secondary })];
    await writer.cache.set('k', 'old', { tags: ['t'] });
    await writer.cache.invalidateTags('t');

    expect(await reader.cache.get('k')).to.equal(undefined);
  });

  it('refuse what is no list of texts', async () => {
    const { cache } = cacheWith();

    for (const tags of [7, [7], [''], null]) {
      const error = await cache.invalidateTags(tags as never).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(InvalidOptionError);
    }
  });
});

describe('changes others made in a shared tier', () => {
  it('take the copies in memory away, and what is being read', async () => {
    const secondary = new SharedTier();
    const { cache, loads } = cacheWith({ secondary });
    await cache.set('a', 'old');
    const { load, finish, begun } = loads.held<string>();
    const loading = cache.getOrSet('b', load);
    await begun;

    secondary.tell({ keys: ['a', 'b'] });
    finish('read before');
    await loading;

    expect([cache.getIfPresent('a'), cache.getIfPresent('b')]).to.deep.equal([undefined, undefined]);
  });

  it('take everything away when messages were missed', async () => {
    const secondary = new SharedTier();
    const { cache } = cacheWith({ secondary });
    await cache.set('a', 1);
    await cache.set('b', 2, { tags: ['t'] });

    secondary.tell('everything');

    expect([cache.getIfPresent('a'), cache.getIfPresent('b')]).to.deep.equal([undefined, undefined]);
    expect(await cache.get('b'), 'it is still below').to.equal(2);
  });

  it('are not listened to after the end', async () => {
    const secondary = new SharedTier();
    const { cache } = cacheWith({ secondary });
    await cache.set('a', 1);
    await cache.close();

    secondary.tell('everything');

    expect(cache.getIfPresent('a')).to.equal(1);
  });
});

describe('a namespace of a cache', () => {
  it('is no part of another one, whatever their names', async () => {
    const { cache } = cacheWith({});
    await cache.namespace('a').set('b:c', 1);
    await cache.namespace('a:b').set('c', 2);
    await cache.namespace('a%3Ab').set('c', 3);

    const found = ['a', 'a:b', 'a%3Ab'].map((name) => cache.namespace(name).getIfPresent('c'));
    expect([cache.namespace('a').getIfPresent('b:c'), ...found]).to.deep.equal([1, undefined, 2, 3]);
  });

  it('has keys of its own and is cleared alone', async () => {
    const secondary = new SharedTier();
    const { cache, loads } = cacheWith({ secondary });
    const users = cache.namespace('users');
    const posts = cache.namespace('posts');
    await users.set('1', 'Ada');
    await posts.set('1', 'Hello');
    await users.setMany([['2', 'Grace']], { ttl: 60 });
    expect(await users.getOrSet('3', loads.returning('Edith'))).to.equal('Edith');

    expect([...(await users.getMany(['1', '2', '3', '4']))]).to.deep.equal([
      ['1', 'Ada'],
      ['2', 'Grace'],
      ['3', 'Edith'],
    ]);
    secondary.calls.length = 0;
    await users.clear();

    expect(secondary.calls).to.deep.equal(['invalidate namespace users']);
    expect([users.getIfPresent('1'), await users.get('2'), posts.getIfPresent('1')]).to.deep.equal([
      undefined,
      undefined,
      'Hello',
    ]);
    expect(await posts.has('1')).to.equal(true);
    expect([await posts.delete('1'), await posts.deleteMany(['1'])]).to.deep.equal([true, 0]);
  });

  it('loads many with the keys as it knows them', async () => {
    const { cache } = cacheWith();
    const users = cache.namespace('users');
    await users.set('1', 'Ada');

    const found = await users.getOrSetMany(['1', '2'], (missing) => {
      expect(missing).to.deep.equal(['2']);
      return { 2: 'Grace' };
    });

    expect([...found]).to.deep.equal([
      ['1', 'Ada'],
      ['2', 'Grace'],
    ]);
    expect(cache.getIfPresent('users:2')).to.equal('Grace');
  });
});

describe('many keys at once', () => {
  it('are looked up in one round trip below', async () => {
    const secondary = new SharedTier();
    for (const key of ['b', 'c']) secondary.entries.set(key, { value: key, ttl: 60, grace: 0 });
    const { cache } = cacheWith({ secondary });
    await cache.set('a', 'a', { skip: 'secondary' });

    const found = await cache.getMany(['a', 'b', 'c', 'd', 'a']);

    expect([...found]).to.deep.equal([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
    expect(secondary.calls).to.deep.equal(['getEntries b c d']);
    const { primaryHits, secondaryHits, misses } = cache.stats();
    expect({ primaryHits, secondaryHits, misses }).to.deep.equal({
      primaryHits: 1,
      secondaryHits: 2,
      misses: 1,
    });
  });

  it('are loaded together, only the missing ones', async () => {
    const { cache, clock } = cacheWith();
    await cache.set('a', 1);
    const asked: (readonly string[])[] = [];
    const load = async (missing: readonly string[]) => {
      asked.push(missing);
      return new Map(missing.filter((key) => key !== 'd').map((key) => [key, key.length]));
    };

    const found = await cache.getOrSetMany<number>(['a', 'b', 'c', 'd'], load, { ttl: 5, tags: ['t'] });

    expect([...found]).to.deep.equal([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]);
    expect(asked).to.deep.equal([['b', 'c', 'd']]);
    await cache.invalidateTags('t');
    expect([cache.getIfPresent('a'), cache.getIfPresent('b')]).to.deep.equal([1, undefined]);
    clock.advance(1);
  });

  it('share loads with single calls', async () => {
    const { cache, loads } = cacheWith();
    const { load, finish, begun } = loads.held<string>();
    const single = cache.getOrSet('a', load);
    await begun;
    const asked: (readonly string[])[] = [];
    const many = cache.getOrSetMany<string>(['a', 'b'], (missing) => {
      asked.push(missing);
      return { b: 'from many' };
    });
    await turn();
    finish('from single');

    expect([...(await many)]).to.have.deep.members([
      ['a', 'from single'],
      ['b', 'from many'],
    ]);
    expect(asked).to.deep.equal([['b']]);
    expect(await single).to.equal('from single');
  });

  it('fail together with the error of the loader, unchanged', async () => {
    const { cache } = cacheWith();
    const error = new Error('origin down');

    const thrown = await cache
      .getOrSetMany(['a', 'b'], () => Promise.reject(error))
      .catch((reason: unknown) => reason);

    expect(thrown).to.equal(error);
    expect(await cache.getOrSet('a', () => 'again')).to.equal('again');
  });

  it('refuse a loader that returns something else', async () => {
    const { cache } = cacheWith();

    for (const wrong of [undefined, [1], 'x']) {
      const error = await cache.getOrSetMany(['a'], () => wrong as never).catch(String);
      expect(error).to.include('must return a Map or an object');
    }
  });

  it('are written and deleted', async () => {
    const cache = new CacheManager({ name: 'many' });
    await cache.setMany(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      { ttl: 60 },
    );

    expect(await cache.deleteMany(['a', 'b', 'c'])).to.equal(2);
    expect((await cache.getMany(['a', 'b'])).size).to.equal(0);
  });
});
