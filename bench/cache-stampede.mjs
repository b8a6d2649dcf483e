// What does a crowd cost? 10,000 concurrent calls for one key that is missing, with a factory that takes 50 ms: how
// often does the factory run, and how long does the crowd take beyond it? Wall-clock time, median of 7 crowds, each
// library in a process of its own, one after the other, so that none pays for another one's garbage.
//
// Each library's own way to load on a miss, with its memory tier and defaults otherwise.
//
// And over processes: 4 of them ask for one missing key at the same moment, 10 times, with a tier below that they share.
// How often does the factory run in all of them together, and how much longer than it does each process take?
import { fork } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { quantile } from './lib/measure.mjs';
import { crowdsOfProcesses } from './lib/process-crowd.mjs';

const CROWD = 10_000;
const FACTORY_MS = 50;
const ROUNDS = 7;
const PROCESSES = 4;
const PROCESS_ROUNDS = 10;

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

if (process.send === undefined) await main();
else process.send(await measure(process.argv[2]));

async function main() {
  const options = { json: { type: 'boolean', default: false }, only: { type: 'string' } };
  const { values: flags } = parseArgs({ options });
  const parts = { crowd: compare, processes: compareProcesses };
  if (flags.only !== undefined && !(flags.only in parts)) throw new Error('--only is crowd or processes');
  if (!flags.json) console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}`);
  for (const [name, part] of Object.entries(parts)) {
    if (flags.only === undefined || flags.only === name) await part(flags.json);
  }
}

async function compare(asJson) {
  const results = [];
  for (const name of Object.keys(LIBRARIES)) {
    results.push({ name, ...(await inChild(name)) });
  }
  const ours = results.find(({ name }) => name === 'ours: getOrSet');
  if (!asJson) {
    console.log(
      `\ncache-stampede: ${CROWD} calls for one missing key, factory ${FACTORY_MS} ms, median of ${ROUNDS}\n`,
    );
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

async function compareProcesses(asJson) {
  const crowd = { processes: PROCESSES, rounds: PROCESS_ROUNDS, factoryMs: FACTORY_MS };
  const results = await crowdsOfProcesses(crowd);
  if (!asJson) {
    console.log(
      `\ncache-stampede: ${PROCESSES} processes, one missing key, factory ${FACTORY_MS} ms, ${PROCESS_ROUNDS} rounds\n`,
    );
    const titles = ['factory calls a round', 'ms beyond the factory: p50', 'max'];
    console.log(`${''.padEnd(36)} ${titles.join('  ')}`);
  }
  for (const { name, calls, beyondMs } of results) {
    const [p50, max] = [quantile(beyondMs, 0.5), Math.max(...beyondMs)].map((ms) => Number(ms.toFixed(1)));
    const [fewest, most] = [Math.min(...calls), Math.max(...calls)];
    if (asJson) {
      console.log(
        JSON.stringify({
          bench: 'cache-stampede processes',
          case: name,
          fewest,
          most,
          p50Ms: p50,
          maxMs: max,
        }),
      );
    } else {
      const range = fewest === most ? String(most) : `${fewest} to ${most}`;
      console.log(
        `${name.padEnd(36)} ${range.padStart(21)}  ${String(p50).padStart(26)}  ${String(max).padStart(3)}`,
      );
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
