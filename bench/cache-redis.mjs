// What does a hit cost that only Redis has: one after the other, 100 at once, and 100 keys in one call?
//
// Everything is compared with plain ioredis, GET and JSON.parse, in the same process on a Redis of its own. The numbers
// are answers per second of wall time, because most of it is waiting; they depend on the machine, the ratios less so. The
// cases of a group take turns in an order that changes with every round, and the median of the rounds counts.
//
// Every case reads 256 keys in turn, each an object of about 1 KiB with a time to live of an hour, and is checked before
// it is measured. Caches with a memory tier get room for one entry there, so that every read goes to Redis.

import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { fromRoot } from './lib/from-root.mjs';
import { quantile } from './lib/measure.mjs';
import { startRedis } from './lib/redis-server.mjs';

const BUILT = new URL('../dist/index.js', import.meta.url);
const HOUR_MS = 3_600_000;
const KEYS = Array.from({ length: 256 }, (_, i) => `user:${i}`);
const CONCURRENT = 100;
/** Reads in one measurement: enough for about a tenth of a second. */
const SEQUENTIAL_READS = 1000;
const CONCURRENT_READS = 10_000;

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } },
});

const TITLES = { sequential: 'one after the other', concurrent: '100 at once', many: '100 keys in one call' };

const closers = [];

try {
  await main();
} catch (error) {
  process.exitCode = 1;
  console.error(`cache-redis: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  for (const close of closers.toReversed()) await close();
}

async function main() {
  const rounds = Number(flags.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a positive integer');
  if (!existsSync(BUILT)) throw new Error('dist is missing, build the package first');
  const { port, stop } = await startRedis();
  closers.push(stop);
  const { Redis } = fromRoot('ioredis');
  const connect = () => {
    const client = new Redis(port, '127.0.0.1');
    closers.push(() => client.disconnect());
    return client;
  };
  const cases = await allCases(port, connect);
  if (!flags.json) printHead(rounds);
  for (const group of ['sequential', 'concurrent', 'many']) {
    const results = await measure(
      cases.filter((one) => one.group === group),
      rounds,
    );
    if (flags.json) for (const result of results) console.log(JSON.stringify(result));
    else printGroup(group, results);
  }
}

/** The first case of a group is what the others are divided by. */
async function allCases(port, connect) {
  const raw = connect();
  const getRaw = async (key) => JSON.parse(await raw.get(key));
  for (const key of KEYS) await raw.set(key, JSON.stringify(userOf(key)), 'PX', HOUR_MS);

  const ours = await ourTier(port);
  const manager = await ourManager(port);
  const readers = [
    ['ioredis GET + JSON.parse', getRaw],
    ['ours: RedisCache', (key) => ours.get(key)],
    ['ours: CacheManager over RedisCache', (key) => manager.get(key)],
    ...(await Promise.all([bentocacheReader(connect), layeredLoaderReader(connect)])),
  ];
  const many = [
    ['ioredis Promise.all of GET + JSON.parse', (keys) => Promise.all(keys.map(getRaw))],
    ['ioredis MGET + JSON.parse', async (keys) => (await raw.mget(keys)).map((text) => JSON.parse(text))],
    ['ours: RedisCache.getEntries', async (keys) => [...(await ours.getEntries(keys)).values()].map(valueOf)],
    ...(await layeredLoaderMany(connect)),
  ];
  return [
    ...readers.map(([name, read]) => sequential(name, read)),
    ...readers.map(([name, read]) => concurrent(name, read)),
    ...many.map(([name, read]) => manyAtOnce(name, read)),
  ];
}

function valueOf({ value }) {
  return value;
}

function sequential(name, read) {
  return {
    group: 'sequential',
    name,
    reads: SEQUENTIAL_READS,
    verify: async () => expectUser(KEYS[7], await read(KEYS[7])),
    run: async () => {
      for (let i = 0; i < SEQUENTIAL_READS; i++) await read(KEYS[i % KEYS.length]);
    },
  };
}

function concurrent(name, read) {
  return {
    group: 'concurrent',
    name,
    reads: CONCURRENT_READS,
    verify: async () => expectUser(KEYS[7], await read(KEYS[7])),
    run: async () => {
      for (let i = 0; i < CONCURRENT_READS; i += CONCURRENT) await Promise.all(hundredFrom(i).map(read));
    },
  };
}

function manyAtOnce(name, read) {
  return {
    group: 'many',
    name,
    reads: CONCURRENT_READS,
    verify: async () => (await read(KEYS.slice(0, 3))).forEach((user, i) => expectUser(KEYS[i], user)),
    run: async () => {
      for (let i = 0; i < CONCURRENT_READS; i += CONCURRENT) await read(hundredFrom(i));
    },
  };
}

function hundredFrom(start) {
  return Array.from({ length: CONCURRENT }, (_, i) => KEYS[(start + i) % KEYS.length]);
}

async function ourTier(port) {
  const { RedisCache } = await import(BUILT.href);
  const cache = new RedisCache({ url: `redis://127.0.0.1:${port}`, readTimeout: 1, ...metrics() });
  closers.push(() => cache.close());
  await cache.ready();
  const entries = KEYS.map((key) => [key, { value: userOf(key), ttl: 3600, grace: 0 }]);
  await cache.setEntries(new Map(entries));
  return cache;
}

async function ourManager(port) {
  const { CacheManager, MemoryCache } = await import(BUILT.href);
  const provider = metrics();
  const secondary = await ourTier(port);
  const cache = new CacheManager({ primary: new MemoryCache({ maxSize: 1 }), secondary, ...provider });
  closers.push(() => cache.close());
  return cache;
}

/** Metrics are on, as in an application. */
function metrics() {
  const { MeterProvider } = fromRoot('@opentelemetry/sdk-metrics');
  const { PrometheusExporter } = fromRoot('@opentelemetry/exporter-prometheus');
  const reader = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [reader] });
  closers.push(() => meterProvider.shutdown());
  return { meterProvider };
}

async function bentocacheReader(connect) {
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const { redisDriver } = await import('bentocache/drivers/redis');
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: 1 }))
    .useL2Layer(redisDriver({ connection: connect() }));
  const cache = new BentoCache({ default: 'redis', ttl: HOUR_MS, prefix: 'bento', stores: { redis: store } });
  for (const key of KEYS) await cache.set({ key, value: userOf(key) });
  return ['bentocache, two tiers', (key) => cache.get({ key })];
}

async function layeredLoaderReader(connect) {
  const { Loader } = await import('layered-loader');
  const cache = await layeredLoaderCache(connect);
  const inMemoryCache = { cacheType: 'lru-map', ttlInMsecs: HOUR_MS, maxItems: 1 };
  const loader = new Loader({ inMemoryCache, asyncCache: cache, dataSourceGetOneFn: neverCalled });
  return ['layered-loader, two tiers', (key) => loader.get(key)];
}

async function layeredLoaderMany(connect) {
  const cache = await layeredLoaderCache(connect);
  const read = async (keys) => (await cache.getMany(keys)).resolvedValues;
  return [['layered-loader RedisCache.getMany', read]];
}

async function layeredLoaderCache(connect) {
  const { RedisCache } = await import('layered-loader/redis');
  const cache = new RedisCache(connect(), { json: true, ttlInMsecs: HOUR_MS, prefix: 'layered' });
  for (const key of KEYS) await cache.set(key, userOf(key));
  return cache;
}

function neverCalled() {
  throw new Error('the data source was asked on a hit');
}

async function measure(cases, rounds) {
  const samples = new Map(cases.map((one) => [one, []]));
  for (const one of cases) {
    await one.verify();
    await one.run();
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < cases.length; i++) {
      // Each round begins with another case, and every other one runs backwards.
      const turn = (i + round) % cases.length;
      const one = cases[round % 2 === 0 ? turn : cases.length - 1 - turn];
      globalThis.gc?.();
      const start = performance.now();
      await one.run();
      samples.get(one).push((one.reads / (performance.now() - start)) * 1000);
    }
  }
  const base = samples.get(cases[0]);
  return cases.map((one) => ({
    bench: 'cache-redis',
    group: one.group,
    case: one.name,
    perSecond: Math.round(quantile(samples.get(one), 0.5)),
    // Of the same rounds: what slowed a round down slowed both.
    ratio: Number(
      quantile(
        samples.get(one).map((sample, round) => sample / base[round]),
        0.5,
      ).toFixed(2),
    ),
  }));
}

function printHead(rounds) {
  const versions = ['ioredis', 'bentocache', 'layered-loader'].map((name) => `${name} ${versionOf(name)}`);
  console.log(`cache-redis: reads per second that only Redis can answer, median of ${rounds} rounds`);
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}, load ${loadavg()[0].toFixed(1)}`,
  );
  console.log(versions.join(', '));
}

function printGroup(group, results) {
  console.log(`\n${TITLES[group].padEnd(42)}${'reads/s'.padStart(10)}${'x plain'.padStart(10)}`);
  for (const { case: name, perSecond, ratio } of results) {
    console.log(`${name.padEnd(42)}${String(perSecond).padStart(10)}${ratio.toFixed(2).padStart(10)}`);
  }
}

function versionOf(name) {
  const folder = name === 'ioredis' ? '../node_modules/' : './node_modules/';
  return JSON.parse(readFileSync(new URL(`${folder}${name}/package.json`, import.meta.url), 'utf8')).version;
}

function expectUser(key, found) {
  if (found?.id !== key) throw new Error(`${key} was not found`);
}

/** About 1 KiB as JSON. */
function userOf(id) {
  return {
    id,
    name: `User ${id}`,
    email: `${id}@example.com`,
    isActive: true,
    deletedAt: null,
    address: { street: 'Unter den Linden 77', city: 'Berlin', zip: '10117', position: [52.5166, 13.3833] },
    roles: ['reader', 'writer', 'reviewer'],
    settings: { theme: 'dark', language: 'de', notifications: { email: true, push: false } },
    orders: Array.from({ length: 7 }, (_, i) => ({
      id: 100 + i,
      total: 19.99 + i,
      currency: 'EUR',
      placedAt: '2026-01-02T03:04:05.678Z',
      isPaid: i > 0,
    })),
  };
}
