// What does a crowd cost? 10,000 concurrent calls for one key that is missing, with a factory that takes 50 ms: how
// often does the factory run, and how long does the crowd take beyond it? Wall-clock time, median of 7 crowds, each
// library in a process of its own, one after the other, so that none pays for another one's garbage.
//
// Each library's own way to load on a miss, with its memory tier and defaults otherwise.
import { fork } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const CROWD = 10_000;
const FACTORY_MS = 50;
const ROUNDS = 7;

/** Makes a function that loads one key, given the factory. */
const LIBRARIES = {
  'floor: a Map of promises': async (factory) => {
    const flights = new Map();
    return (key) => {
      if (!flights.has(key)) flights.set(key, factory());
      return flights.get(key);
    };
  },
  'ours: getOrSet': async (factory) => {
    const { CacheManager } = await import('../dist/index.js');
    const cache = new CacheManager({ name: 'stampede', defaultTtl: 60 });
    return (key) => cache.getOrSet(key, factory);
  },
  'ours: cached(fn)': async (factory) => {
    const { cached } = await import('../dist/index.js');
    const load = cached({ ttl: 60 })(async (_key) => factory());
    return (key) => load(key);
  },
  'bentocache: getOrSet': async (factory) => {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const cache = new BentoCache({
      default: 'memory',
      stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 1000 })) },
    });
    return (key) => cache.getOrSet({ key, factory, ttl: 60_000 });
  },
  'cacheable: getOrSet': async (factory) => {
    const { Cacheable } = await import('cacheable');
    const cache = new Cacheable();
    return (key) => cache.getOrSet(key, factory, { ttl: 60_000 });
  },
  'cache-manager: wrap': async (factory) => {
    const { createCache } = await import('cache-manager');
    const cache = createCache({ ttl: 60_000 });
    return (key) => cache.wrap(key, factory);
  },
  'layered-loader: get': async (factory) => {
    const { Loader } = await import('layered-loader');
    const loader = new Loader({
      inMemoryCache: { cacheType: 'lru-object', ttlInMsecs: 60_000, maxItems: 1000 },
      dataSourceGetOneFn: factory,
    });
    return (key) => loader.get(key);
  },
};

if (process.send === undefined) await compare();
else process.send(await measure(process.argv[2]));

async function compare() {
  const asJson = process.argv.includes('--json');
  const results = [];
  for (const name of Object.keys(LIBRARIES)) {
    results.push({ name, ...(await inChild(name)) });
  }
  const ours = results.find(({ name }) => name === 'ours: getOrSet');
  if (!asJson) {
    console.log(
      `cache-stampede: ${CROWD} calls for one missing key, factory ${FACTORY_MS} ms, median of ${ROUNDS}`,
    );
    console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}\n`);
  }
  for (const { name, calls, beyondMs } of results) {
    const ratio = beyondMs / ours.beyondMs;
    if (asJson) {
      const row = {
        bench: 'cache-stampede',
        case: name,
        ns: beyondMs * 1e6,
        ratio,
        baseline: ours.name,
        calls,
      };
      console.log(JSON.stringify(row));
    } else {
      const numbers = `${String(calls).padStart(6)} factory calls  ${beyondMs.toFixed(1).padStart(7)} ms beyond the factory`;
      console.log(`${name.padEnd(26)} ${numbers}  ${ratio.toFixed(1).padStart(6)} x ours`);
    }
  }
}

function inChild(name) {
  const child = fork(fileURLToPath(import.meta.url), [name]);
  return new Promise((resolve, reject) => {
    child.once('message', (result) => {
      resolve(result);
      child.kill();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with exit code ${code}`)));
  });
}

async function measure(name) {
  const beyond = [];
  let calls = 0;
  for (let round = 0; round < ROUNDS; round++) {
    calls = 0;
    const factory = async () => {
      calls += 1;
      await sleep(FACTORY_MS);
      return { id: round };
    };
    const load = await LIBRARIES[name](factory);
    const start = performance.now();
    const values = await Promise.all(Array.from({ length: CROWD }, () => load(`key ${round}`)));
    beyond.push(performance.now() - start - FACTORY_MS);
    if (values.some((value) => value?.id !== round)) throw new Error(`${name} gave something else`);
  }
  return { calls, beyondMs: Math.max(0, beyond.toSorted((a, b) => a - b)[ROUNDS >> 1]) };
}
