import { expect } from 'chai';
import { Keyv } from 'keyv';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { KeyvStore } from '../../src/cache/keyv/keyv-store.js';
import { KeyvTier } from '../../src/cache/keyv/keyv-tier.js';
import { MemoryCache } from '../../src/cache/memory-cache.js';
import { PersistentCache } from '../../src/cache/persistent-cache.js';
import { InvalidOptionError, InvalidUseError } from '../../src/errors.js';
import { cacheWith } from '../fakes/cache-with.js';
import { FakeTier } from '../fakes/failing-tier.js';
import { FakeClock } from '../fakes/fake-clock.js';

/** Everything an iterator gives. */
async function all(keyv: Keyv): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const each of keyv.iterator!(undefined)) found.push(each);
  return found;
}

describe('KeyvStore', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'performance-keyv-store-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** The kinds of caches it has to do differently. */
  const caches: Readonly<Record<string, () => MemoryCache | PersistentCache | KeyvTier | CacheManager>> = {
    'a MemoryCache': () => new MemoryCache(),
    'a PersistentCache': () => new PersistentCache({ cacheDir: join(folder, 'tier') }),
    'a KeyvTier': () => new KeyvTier({ store: new Keyv() }),
    'a CacheManager': () => cacheWith().cache,
  };

  for (const [title, open] of Object.entries(caches)) {
    describe(`over ${title}`, () => {
      it('clears one namespace and leaves everything else', async () => {
        const cache = open();
        const [users, pages, unnamed] = ['users', 'pages', undefined].map(
          (namespace) =>
            new Keyv({ store: new KeyvStore(cache), ...(namespace !== undefined && { namespace }) }),
        ) as [Keyv, Keyv, Keyv];
        unnamed.namespace = undefined;
        for (const keyv of [users, pages, unnamed]) await keyv.set('k', keyv.namespace ?? 'none');
        await (cache instanceof CacheManager
          ? cache.set('own', 1)
          : cache.setEntry('own', { value: 1, grace: 0 }));

        await users.clear();

        expect(await users.get('k')).to.equal(undefined);
        expect(await pages.get('k')).to.equal('pages');
        expect(await unnamed.get('k')).to.equal('none');
        await unnamed.clear();
        expect(await pages.get('k')).to.equal('pages');
        const own = await (cache instanceof CacheManager ? cache.get('own') : cache.getEntry('own'));
        expect(own).to.not.equal(undefined);
        expect(await users.delete('k')).to.equal(false);
        await cache.clear();
      });

      it('mixes no namespaces up, where Keyv leaves prefixes to its store', async () => {
        const cache = open();
        const keyvs = ['a', 'a:b', 'a%3Ab', '%'].map(
          (namespace) => new Keyv({ store: new KeyvStore(cache), namespace, useKeyPrefix: false }),
        );
        const keys = ['b:c', 'c', 'c', 'c'];

        for (const [i, keyv] of keyvs.entries()) await keyv.set(keys[i]!, i);

        expect(await Promise.all(keyvs.map((keyv, i) => keyv.get(keys[i]!)))).to.deep.equal([0, 1, 2, 3]);
        await keyvs[0]!.clear();
        expect(await keyvs[1]!.get('c')).to.equal(1);
        await cache.clear();
      });

      it('does for many keys what it does for one', async () => {
        const cache = open();
        const keyv = new Keyv({ store: new KeyvStore(cache) });

        const kept = await keyv.setMany(['a', 'b', 'c'].map((key) => ({ key, value: key, ttl: 60_000 })));

        expect(kept).to.deep.equal([true, true, true]);
        expect(await keyv.get(['a', 'x', 'c'])).to.deep.equal(['a', undefined, 'c']);
        expect(await keyv.has(['a', 'x'])).to.deep.equal([true, false]);
        expect(await keyv.delete(['a', 'x'])).to.equal(true);
        expect(await keyv.delete(['a', 'x'])).to.equal(false);
        expect(await keyv.get('a')).to.equal(undefined);
        await cache.clear();
      });
    });
  }

  it('takes milliseconds, and the cache’s own lifetime without any', async () => {
    const clock = new FakeClock();
    const cache = new MemoryCache({ clock, defaultTtl: 10 });
    const store = new KeyvStore(cache);

    await store.set('short', 'a', 1500);
    await store.set('default', 'b');
    await store.set('over', 'c');
    await store.set('over', 'c', -1);

    expect(await store.getMany(['short', 'default', 'over'])).to.deep.equal(['a', 'b', undefined]);
    clock.advance(1.6);
    expect(await store.hasMany(['short', 'default'])).to.deep.equal([false, true]);
    clock.advance(8.5);
    expect(await store.get('default')).to.equal(undefined);
  });

  it('lists what the cache can list, without what is over or cleared', async () => {
    const files = new PersistentCache({ cacheDir: join(folder, 'listed') });
    const [users, pages] = ['users', 'pages'].map(
      (namespace) => new Keyv({ store: new KeyvStore(files), namespace }),
    ) as [Keyv, Keyv];
    for (let i = 0; i < 250; i++) await users.set(`u${i}`, i);
    await pages.set('p', 1);

    const listed = await all(users);
    await users.clear();
    await users.set('new', 1);

    expect(new Map(listed as [string, number][]).size).to.equal(250);
    expect(listed).to.deep.include(['u249', 249]);
    expect(await all(users)).to.deep.equal([['new', 1]]);
    await files.close();
  });

  it('lists a manager by the keys of the tier it is told', async () => {
    const primary = new MemoryCache();
    const cache = new CacheManager({ primary, name: 'keyv-listed' });
    const keyv = new Keyv({ store: new KeyvStore(cache, { keys: () => primary.keys() }) });
    await keyv.set('k', 'v');

    expect(await all(keyv)).to.deep.equal([['k', 'v']]);
    const blind = new Keyv({ store: new KeyvStore(cache) });
    expect(await all(blind).catch((error: unknown) => error)).to.be.instanceOf(InvalidUseError);
  });

  it('tells a failed read and reads it as a miss; a failed write rejects', async () => {
    const tier = new FakeTier();
    const told: unknown[] = [];
    const keyv = new Keyv({ store: new KeyvStore(tier) });
    keyv.on('error', (error: unknown) => told.push(error));
    await keyv.set('k', 1);
    tier.isBroken = true;

    expect(await keyv.get('k')).to.equal(undefined);
    expect(await keyv.get(['k', 'l'])).to.deep.equal([undefined, undefined]);
    expect(await keyv.has('k')).to.equal(false);
    expect(told).to.have.length(3);
    expect(await keyv.set('k', 2)).to.equal(false);
    expect(await keyv.delete('k')).to.equal(false);
    expect(told).to.have.length(5);
    expect(String(told[0])).to.contain('tier is broken');
  });

  it('tells what a manager met in its tiers', async () => {
    const tier = new FakeTier();
    const told: unknown[] = [];
    const store = new KeyvStore(new CacheManager({ secondary: tier, name: 'keyv-told' }));
    const listener = (error: unknown) => void told.push(error);
    store.on('error', listener).on('other', listener);
    tier.isBroken = true;

    expect(await new Keyv({ store }).get('k')).to.equal(undefined);
    expect(told).to.have.length(1);
    store.off('error', listener);
    await store.get('k');
    expect(told).to.have.length(1);
  });

  it('says that a tier without versions and keys cannot clear a part of itself', async () => {
    const tier = new FakeTier();
    const store = new KeyvStore(tier);
    await store.set('k', 1);
    expect(await store.clear().catch((error: unknown) => error)).to.be.instanceOf(InvalidUseError);

    const listing = new KeyvStore(tier, { keys: () => tier.entries.keys() });
    await listing.clear();
    expect(tier.entries.size).to.equal(0);
  });

  it('closes the cache when Keyv disconnects', async () => {
    let closes = 0;
    const tier = Object.assign(new FakeTier(), { close: () => void (closes += 1) });

    await new Keyv({ store: new KeyvStore(tier) }).disconnect();

    expect(closes).to.equal(1);
    await new Keyv({ store: new KeyvStore(new MemoryCache()) }).disconnect();
  });

  it('refuses what is no cache, and options it does not know', () => {
    for (const cache of [undefined, null, {}, new Map()]) {
      expect(() => new KeyvStore(cache as never)).to.throw(InvalidOptionError, /^cache must be/);
    }
    expect(() => new KeyvStore(new MemoryCache(), { ttl: 1 } as never)).to.throw(InvalidOptionError);
    expect(() => new KeyvStore(new MemoryCache(), { keys: 1 } as never)).to.throw(InvalidOptionError);
  });
});
