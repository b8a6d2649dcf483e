import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv-6';
import * as vitest from 'vitest';
import {
  CacheManager,
  KeyvStore,
  KeyvTier,
  MemoryCache,
  PersistentCache,
  RedisCache,
} from '../../src/index.ts';
import { tierContract } from '../../src/testing.ts';
import { startRedis } from '../../bench/lib/redis-server.mjs';

/** Caches under test: how each is opened, and what lists the keys of those that cannot do it themselves. */
const CACHES = {
  MemoryCache: () => ({ cache: new MemoryCache() }),
  PersistentCache: ({ folder }) => ({ cache: new PersistentCache({ cacheDir: join(folder, 'alone') }) }),
  RedisCache: ({ redis }) => ({
    cache: new RedisCache({ url: redis.url, readTimeout: 5, writeTimeout: 5 }),
  }),
  'CacheManager of memory': () => {
    const primary = new MemoryCache();
    return { cache: new CacheManager({ primary, name: 'memory' }), keys: () => primary.keys() };
  },
  'CacheManager of memory and files': ({ folder }) => {
    const secondary = new PersistentCache({ cacheDir: join(folder, 'below') });
    return { cache: new CacheManager({ secondary, name: 'files' }), keys: () => secondary.keys() };
  },
  'CacheManager of memory and Redis': ({ redis }) => {
    const secondary = new RedisCache({ url: redis.url, readTimeout: 5, writeTimeout: 5 });
    return { cache: new CacheManager({ secondary, name: 'redis' }), keys: () => secondary.keys() };
  },
};

/** The suite is written for Keyv 5, where `deleteMany` has one answer for all keys; Keyv 6 gives one for each. */
class Keyv6OfSuite extends Keyv6 {
  async deleteMany(keys) {
    return (await super.deleteMany(keys)).some(Boolean);
  }
}

const VERSIONS = { 'Keyv 5': Keyv5, 'Keyv 6': Keyv6OfSuite };

let folder;
let redis;

vitest.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'performance-keyv-'));
  const server = await startRedis();
  redis = { url: `redis://127.0.0.1:${server.port}`, stop: server.stop };
});

vitest.afterAll(async () => {
  redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

for (const [version, Keyv] of Object.entries(VERSIONS)) {
  for (const [name, open] of Object.entries(CACHES)) {
    vitest.describe(`${version} over KeyvStore over ${name}`, () => {
      let opened;
      // A store of its own for each Keyv, all of them over one cache, as the suite expects it.
      const store = () => new KeyvStore(opened.cache, opened.keys && { keys: opened.keys });

      vitest.beforeAll(() => {
        opened = open({ folder, redis });
      });
      vitest.afterAll(() => opened.cache.close?.());

      keyvTestSuite(vitest, Keyv, store);
      keyvIteratorTests(vitest, Keyv, store);
    });
  }
}

for (const [version, Keyv] of Object.entries({ 'Keyv 5': Keyv5, 'Keyv 6': Keyv6 })) {
  vitest.describe(`KeyvTier over ${version}`, () => {
    for (const { title, run } of tierContract) {
      vitest.it(title, () =>
        run(() => ({ tier: new KeyvTier({ store: new Keyv({ namespace: 'users' }) }) })),
      );
    }

    vitest.it('reads what cannot be decoded as a miss and goes on', async () => {
      const map = new Map();
      const tier = new KeyvTier({ store: new Keyv({ store: map }) });
      await tier.setEntry('good', { value: 1, grace: 0 });
      await tier.setEntry('bad', { value: 1, grace: 0 });
      for (const key of map.keys()) if (key.endsWith('bad')) map.set(key, 'no json');

      vitest.expect(await tier.getEntry('bad')).toBe(undefined);
      vitest.expect([...(await tier.getEntries(['bad', 'good'])).keys()]).toEqual(['good']);
    });
  });
}
