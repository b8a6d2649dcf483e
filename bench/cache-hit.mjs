// What does a cache cost where it should cost nothing: a hit in memory, and a set that pushes another entry out?
//
// Hits: 1,024 keys take turns, each with a nested object of about 1 KiB. Sets: 32,768 keys take turns in a cache with
// room for 10,000, so that each one evicts. Everything has a time to live of an hour, given in the call where the
// call takes one. Every case is checked before and after: it hits what it should, and evicts what it should.
//
// The same work does not mean the same defaults; where they differ, both are shown:
// - bentocache serializes its memory tier by default, so that each reader gets a copy of its own. `serialize: false`
//   hands out the object itself, as ours, lru-cache, cache-manager and layered-loader do.
// - cacheable clones on each read and write by default; `useClone: false` does not.
// - cache-manager keeps everything in a Map by default; with a limit it needs a store, here cacheable's LRU.
// - layered-loader is told at construction how to load, so its `get` is what the others call getOrSet or wrap.
// - lru-cache is the floor: it counts nothing and knows no flights. Ours counts hits and misses for its metrics.
// lru-cache, and with it every cache that is built on it, reads the clock once per millisecond of event loop. A batch
// is one long turn of the loop, so here the clock is nearly free for them; the others read it in each call.
import { createSuite } from './harness.mjs';
import { expectCollected } from './lib/collected.mjs';
import { fromRoot } from './lib/from-root.mjs';
import { oursFor } from './lib/ours.mjs';

const HOUR = 3600;
const HOUR_MS = HOUR * 1000;
const ROOM = 10_000;

const KEYS = Array.from({ length: 1024 }, (_, i) => `user:${i}`);
const USERS = new Map(KEYS.map((key, i) => [key, userOf(i)]));
const MANY_KEYS = Array.from({ length: 32_768 }, (_, i) => `user:${i}`);
const USER = userOf(0);

const suite = createSuite('cache-hit', {
  packages: [
    '@gary-zero/performance',
    '@opentelemetry/sdk-metrics',
    'lru-cache',
    'bentocache',
    'cacheable',
    'cache-manager',
    'layered-loader',
  ],
});

const LRU_GET = 'lru-cache: get';
const LRU_SET = 'lru-cache: set';
const AWAIT_MAP = 'floor: await async Map.get';
const GET = 'ours: await CacheManager.get';
const GET_OR_SET = 'ours: await CacheManager.getOrSet';
const CACHED = 'ours: await cached(fn)';
const GET_IF_PRESENT = 'ours: CacheManager.getIfPresent';
const MEMORY_SET = 'ours: MemoryCache.set';
const SET = 'ours: await CacheManager.set';

addHitsOfFloors();
addHitsOfOurs();
addHitsOfPeers();
suite.group({ batchFactor: 4 });
addSets();
await suite.run();

function addHitsOfFloors() {
  hit('sync', LRU_GET, LRU_GET, () => {
    const cache = filled(lruCache());
    const nextKey = inTurn(KEYS);
    return () => cache.get(nextKey());
  });
  hit('sync', 'floor: Map.get', LRU_GET, () => {
    const map = filled(new Map());
    const nextKey = inTurn(KEYS);
    return () => map.get(nextKey());
  });
  hit('awaited', AWAIT_MAP, LRU_GET, () => {
    const map = filled(new Map());
    const nextKey = inTurn(KEYS);
    const get = async (key) => map.get(key);
    return () => get(nextKey());
  });
}

function addHitsOfOurs() {
  const start = oursFor(suite);
  const hitOfOurs = (kind, name, baseline, setup) =>
    suite[kind](name, async () => setup(await start(), name), {
      baseline,
      verify: async (value) => {
        expectUser(value);
        await expectCounted(await start(), 'perf.cache.lookups', name, { 'perf.cache.result': 'hit' });
      },
    });

  hitOfOurs('sync', 'ours: MemoryCache.get', LRU_GET, ({ MemoryCache }, name) => {
    const cache = filled(new MemoryCache({ maxSize: ROOM, defaultTtl: HOUR, name }));
    const nextKey = inTurn(KEYS);
    return () => cache.get(nextKey());
  });
  hitOfOurs('sync', GET_IF_PRESENT, LRU_GET, async (ours, name) => {
    const cache = await filledLater(managerOf(ours, name));
    const nextKey = inTurn(KEYS);
    return () => cache.getIfPresent(nextKey());
  });
  hitOfOurs('awaited', GET, AWAIT_MAP, async (ours, name) => {
    const cache = await filledLater(managerOf(ours, name));
    const nextKey = inTurn(KEYS);
    return () => cache.get(nextKey());
  });
  hitOfOurs('awaited', GET_OR_SET, AWAIT_MAP, async (ours, name) => {
    const cache = await filledLater(managerOf(ours, name));
    const nextKey = inTurn(KEYS);
    return () => cache.getOrSet(nextKey(), neverCalled, { ttl: HOUR });
  });
  hitOfOurs('awaited', `${GET_OR_SET}, 2 tags`, AWAIT_MAP, async (ours, name) => {
    const cache = managerOf(ours, name);
    const options = { ttl: HOUR, tags: ['users', 'page'] };
    for (const [key, user] of USERS) await cache.set(key, user, options);
    const nextKey = inTurn(KEYS);
    return () => cache.getOrSet(nextKey(), neverCalled, options);
  });
  hit('awaited', CACHED, AWAIT_MAP, async () => {
    // cached() keeps its results in the default cache, which has room for fewer keys than there are.
    const { cache, cached } = await start();
    cache.resize(ROOM);
    const load = cached({ ttl: HOUR })(loadUser);
    await loadAll(load);
    const nextKey = inTurn(KEYS);
    return () => load(nextKey());
  });
}

function addHitsOfPeers() {
  hit('awaited', 'bentocache: get, default', GET, async () => {
    const cache = await filledBento();
    const nextKey = inTurn(KEYS);
    return () => cache.get({ key: nextKey() });
  });
  hit('awaited', 'bentocache: get, serialize: false', GET, async () => {
    const cache = await filledBento({ serialize: false });
    const nextKey = inTurn(KEYS);
    return () => cache.get({ key: nextKey() });
  });
  hit('awaited', 'bentocache: getOrSet, default', GET_OR_SET, async () => {
    const cache = await filledBento();
    const nextKey = inTurn(KEYS);
    return () => cache.getOrSet({ key: nextKey(), factory: neverCalled, ttl: HOUR_MS });
  });
  hit('awaited', 'bentocache: getOrSet, serialize: false', GET_OR_SET, async () => {
    const cache = await filledBento({ serialize: false });
    const nextKey = inTurn(KEYS);
    return () => cache.getOrSet({ key: nextKey(), factory: neverCalled, ttl: HOUR_MS });
  });

  hit('awaited', 'cacheable: get, default', GET, async () => {
    const cache = await filledLater(await cacheable());
    const nextKey = inTurn(KEYS);
    return () => cache.get(nextKey());
  });
  hit('awaited', 'cacheable: get, useClone: false', GET, async () => {
    const cache = await filledLater(await cacheable({ useClone: false }));
    const nextKey = inTurn(KEYS);
    return () => cache.get(nextKey());
  });
  hit('awaited', 'cacheable: getOrSet, default', GET_OR_SET, async () => {
    const cache = await filledLater(await cacheable());
    const nextKey = inTurn(KEYS);
    return () => cache.getOrSet(nextKey(), neverCalled, { ttl: HOUR_MS });
  });
  hit('awaited', 'cacheable: getOrSet, useClone: false', GET_OR_SET, async () => {
    const cache = await filledLater(await cacheable({ useClone: false }));
    const nextKey = inTurn(KEYS);
    return () => cache.getOrSet(nextKey(), neverCalled, { ttl: HOUR_MS });
  });
  hit('awaited', 'cacheable: wrap(fn), useClone: false', CACHED, async () => {
    const load = (await cacheable({ useClone: false })).wrap(loadUser, { ttl: HOUR_MS, keyPrefix: 'user' });
    await loadAll(load);
    const nextKey = inTurn(KEYS);
    return () => load(nextKey());
  });

  hit('awaited', 'cache-manager: get', GET, async () => {
    const { createCache } = await import('cache-manager');
    const cache = await filledLater(createCache({ ttl: HOUR_MS }));
    const nextKey = inTurn(KEYS);
    return () => cache.get(nextKey());
  });
  hit('awaited', 'cache-manager: wrap', GET_OR_SET, async () => {
    const { createCache } = await import('cache-manager');
    const cache = await filledLater(createCache({ ttl: HOUR_MS }));
    const nextKey = inTurn(KEYS);
    return () => cache.wrap(nextKey(), neverCalled, HOUR_MS);
  });

  hit('sync', 'layered-loader: getInMemoryOnly', GET_IF_PRESENT, async () => {
    const loader = await layeredLoader();
    await loadAll((key) => loader.get(key));
    const nextKey = inTurn(KEYS);
    return () => loader.getInMemoryOnly(nextKey());
  });
  hit('awaited', 'layered-loader: get', GET_OR_SET, async () => {
    const loader = await layeredLoader();
    await loadAll((key) => loader.get(key));
    const nextKey = inTurn(KEYS);
    return () => loader.get(nextKey());
  });
}

function addSets() {
  const start = oursFor(suite);
  const evicted = async (name) =>
    expectCounted(await start(), 'perf.cache.evictions', name, { 'perf.cache.reason': 'capacity' });

  evictingSet('sync', LRU_SET, LRU_SET, () => {
    const cache = lruCache();
    const nextKey = inTurn(MANY_KEYS);
    return { set: () => cache.set(nextKey(), USER, { ttl: HOUR_MS }), get: (key) => cache.get(key) };
  });
  evictingSet(
    'sync',
    MEMORY_SET,
    LRU_SET,
    async () => {
      const { MemoryCache } = await start();
      const cache = new MemoryCache({ maxSize: ROOM, defaultTtl: HOUR, name: MEMORY_SET });
      const nextKey = inTurn(MANY_KEYS);
      return { set: () => cache.set(nextKey(), USER, { ttl: HOUR }), get: (key) => cache.get(key) };
    },
    () => evicted(MEMORY_SET),
  );
  evictingSet(
    'awaited',
    SET,
    LRU_SET,
    async () => {
      const cache = managerOf(await start(), SET);
      const nextKey = inTurn(MANY_KEYS);
      return { set: () => cache.set(nextKey(), USER, { ttl: HOUR }), get: (key) => cache.get(key) };
    },
    () => evicted(SET),
  );
  evictingSet('awaited', 'bentocache: set, default', SET, async () => {
    const cache = await bentocache();
    const nextKey = inTurn(MANY_KEYS);
    return {
      set: () => cache.set({ key: nextKey(), value: USER, ttl: HOUR_MS }),
      get: (key) => cache.get({ key }),
    };
  });
  evictingSet('awaited', 'bentocache: set, serialize: false', SET, async () => {
    const cache = await bentocache({ serialize: false });
    const nextKey = inTurn(MANY_KEYS);
    return {
      set: () => cache.set({ key: nextKey(), value: USER, ttl: HOUR_MS }),
      get: (key) => cache.get({ key }),
    };
  });
  evictingSet('awaited', 'cacheable: set, default', SET, async () => {
    const cache = await cacheable();
    const nextKey = inTurn(MANY_KEYS);
    return { set: () => cache.set(nextKey(), USER, HOUR_MS), get: (key) => cache.get(key) };
  });
  evictingSet('awaited', 'cacheable: set, useClone: false', SET, async () => {
    const cache = await cacheable({ useClone: false });
    const nextKey = inTurn(MANY_KEYS);
    return { set: () => cache.set(nextKey(), USER, HOUR_MS), get: (key) => cache.get(key) };
  });
  evictingSet('awaited', 'cache-manager: set, useClone: false', SET, async () => {
    const { createCache } = await import('cache-manager');
    const { createKeyv } = await import('cacheable');
    const cache = createCache({ stores: [createKeyv({ lruSize: ROOM, useClone: false })], ttl: HOUR_MS });
    const nextKey = inTurn(MANY_KEYS);
    return { set: () => cache.set(nextKey(), USER, HOUR_MS), get: (key) => cache.get(key) };
  });
  evictingSet('awaited', 'layered-loader: set', SET, async () => {
    const { ManualCache } = await import('layered-loader');
    const cache = new ManualCache({ inMemoryCache: layeredMemory() });
    const nextKey = inTurn(MANY_KEYS);
    return { set: () => cache.set(nextKey(), USER), get: (key) => cache.getInMemoryOnly(key) };
  });
}

/** A read that must return one of the users. */
function hit(kind, name, baseline, setup) {
  suite[kind](name, setup, { baseline, verify: expectUser });
}

/**
 * A write that pushes the oldest entry out. `setup` returns the call to measure, which goes through all keys in turn,
 * and a read to check with; `expectMore` checks what else the case promises.
 */
function evictingSet(kind, name, baseline, setup, expectMore = async () => {}) {
  let cache;
  const setUpAndFill = async () => {
    cache = await setup();
    for (let i = 0; i < MANY_KEYS.length; i++) await cache.set();
    return cache.set;
  };
  const verify = async () => {
    const found = await Promise.all(MANY_KEYS.map((key) => cache.get(key)));
    const count = found.filter((value) => value !== undefined).length;
    if (count !== ROOM) throw new Error(`holds ${count} entries, not ${ROOM}`);
    await expectMore();
  };
  suite[kind](name, setUpAndFill, { baseline, verify });
}

function expectUser(value) {
  if (value?.address?.city !== 'Berlin') throw new Error(`not a hit: ${JSON.stringify(value)}`);
}

/** Metrics of ours are on: what the case does must be in the next scrape, under the name of its cache. */
function expectCounted({ reader }, metric, name, attributes) {
  const wanted = Object.entries({ 'perf.cache.name': name, ...attributes });
  return expectCollected(
    reader,
    (collected, found) => collected === metric && wanted.every(([key, value]) => found[key] === value),
  );
}

function neverCalled() {
  throw new Error('the factory was called on a hit');
}

async function loadUser(key) {
  return USERS.get(key);
}

async function loadAll(load) {
  await Promise.all(KEYS.map((key) => load(key)));
}

function inTurn(keys) {
  let position = 0;
  return () => keys[(position = (position + 1) & (keys.length - 1))];
}

function filled(cache) {
  for (const [key, value] of USERS) cache.set(key, value);
  return cache;
}

async function filledLater(cache) {
  await Promise.all([...USERS].map(([key, value]) => cache.set(key, value)));
  return cache;
}

function lruCache() {
  const { LRUCache } = fromRoot('lru-cache');
  return new LRUCache({ max: ROOM, ttl: HOUR_MS });
}

function managerOf({ CacheManager, MemoryCache }, name) {
  const cache = new CacheManager({ primary: new MemoryCache({ maxSize: ROOM, defaultTtl: HOUR }), name });
  suite.onClose(() => cache.close());
  return cache;
}

async function bentocache(options) {
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const memory = bentostore().useL1Layer(memoryDriver({ maxItems: ROOM, ...options }));
  const cache = new BentoCache({ default: 'memory', ttl: HOUR_MS, stores: { memory } });
  suite.onClose(() => cache.disconnectAll());
  return cache;
}

async function filledBento(options) {
  const cache = await bentocache(options);
  await Promise.all([...USERS].map(([key, value]) => cache.set({ key, value })));
  return cache;
}

async function cacheable(options) {
  const { Cacheable, createKeyv } = await import('cacheable');
  const cache = new Cacheable({ ttl: HOUR_MS, primary: createKeyv({ lruSize: ROOM, ...options }) });
  suite.onClose(() => cache.disconnect());
  return cache;
}

async function layeredLoader() {
  const { Loader } = await import('layered-loader');
  const loader = new Loader({ inMemoryCache: layeredMemory(), dataSourceGetOneFn: loadUser });
  suite.onClose(() => loader.close());
  return loader;
}

function layeredMemory() {
  return { cacheType: 'lru-map', ttlInMsecs: HOUR_MS, maxItems: ROOM };
}

/** About 1 KiB as JSON: nested objects, an array of objects, texts, numbers, booleans and a null. */
function userOf(id) {
  return {
    id,
    name: `User ${id}`,
    email: `user${id}@example.com`,
    isActive: true,
    deletedAt: null,
    address: {
      street: 'Unter den Linden 77',
      city: 'Berlin',
      zip: '10117',
      position: { lat: 52.5166, lon: 13.3833 },
    },
    roles: ['reader', 'writer', 'reviewer'],
    settings: {
      theme: 'dark',
      language: 'de',
      notifications: { email: true, push: false, digest: 'weekly' },
    },
    orders: Array.from({ length: 6 }, (_, i) => ({
      id: id * 100 + i,
      total: 19.99 + i,
      currency: 'EUR',
      placedAt: '2026-01-02T03:04:05.678Z',
      isPaid: i > 0,
    })),
  };
}
