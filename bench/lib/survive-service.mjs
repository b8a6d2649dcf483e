// A service with three caches under a heap limit, for survive.mjs: runs as a process of its own and prints one line of JSON.
//
// Open loop: requests arrive at fixed times, and latency counts from then. What is behind the caches does 30 things at a
// time, 15 ms each, so that empty caches hurt. After the first phase values grow tenfold and the application keeps 40 MB
// more, as services do that were tuned long ago.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { randomFrom, zipfFrom } from './random.mjs';

const BUILT = new URL('../../dist/index.js', import.meta.url);
const { CacheBudget, CacheManager, MemoryCache, startPerformance } = await import(BUILT.href);

const MB = 1 << 20;
const RATE = 3000;
const GROWTH = 10;
const KEPT_MB = 40;
const KEYS = [60_000, 40_000, 20_000];
const ORIGIN = { slots: 30, ms: 15 };
const MAX_WAITING = 20_000;
/** Entries of each cache: tuned for the small values, and what survives the large ones. */
const COUNTS = { small: [30_000, 20_000, 10_000], safe: [4500, 7000, 4000] };
/** Of one cache, by how much is asked of it. */
const SHARES = [0.6, 0.9, 1];

const [policy, firstSeconds, secondSeconds] = process.argv
  .slice(2)
  .map((text, i) => (i === 0 ? text : Number(text)));

const random = randomFrom(21);
const draws = KEYS.map((count) => zipfFrom(count, 0.9, random));
let growth = 1;
let phase = 0;
let worstGcMs = 0;
let majors = 0;
let lookups = 0;
let misses = 0;
let originCalls = 0;
const latencies = [[], []];
const kept = [];
const waiting = [];
let busy = 0;

new PerformanceObserver((list) => {
  for (const { duration, detail } of list.getEntries()) {
    worstGcMs = Math.max(worstGcMs, duration);
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) majors += 1;
  }
}).observe({ entryTypes: ['gc'] });

const perf = startPerformance({
  prometheus: false,
  optimizer: { autoOptimizeInterval: 10, auto: policy === 'ours' },
});
await perf.ready;
const decisions = [];
perf.optimizer.addListener({
  onDecision: ({ outcome, reason, explanation }) => {
    if (outcome === 'applied' || outcome === 'rolled_back')
      decisions.push([round(now()), outcome, reason, explanation]);
  },
});
const caches = makeCaches();

let start = performance.now();
await warmUp();
start = performance.now();
lookups = misses = originCalls = 0;
run();

function makeCaches() {
  if (policy === 'ours') {
    // As large as the whole heap: whoever sets it does not know what the rest of the process needs.
    const budget = new CacheBudget({ name: 'caches', maxBytes: '256mb' });
    perf.optimizer.registerBudget(budget);
    return KEYS.map((_, c) => manager(c, new MemoryCache({ budget, name: `cache ${c}` })));
  }
  const counts = policy === 'safe-count' ? COUNTS.safe : COUNTS.small;
  const made = counts.map((maxSize, c) => manager(c, new MemoryCache({ maxSize })));
  if (policy === 'clear-and-gc') setInterval(() => void clearAndCollect(made), 1000).unref();
  return made;
}

function manager(c, primary) {
  return new CacheManager({ name: `cache ${c}`, primary });
}

/** What many do when memory is short. */
async function clearAndCollect(made) {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  if (used <= 0.8 * limit) return;
  decisions.push([round(now()), 'applied', 'heap', 'clear and gc']);
  for (const cache of made) await cache.clear();
  globalThis.gc();
}

async function warmUp() {
  for (let i = 0; i < 120_000; i++) {
    const { c, key, cache } = draw();
    if (cache.getIfPresent(key) === undefined) await cache.getOrSet(key, () => build(c, Number(key)));
    if (i % 1000 === 0) await new Promise(setImmediate);
  }
}

function run() {
  let arrived = 0;
  let left = 0;
  let counted;
  const timer = setInterval(() => {
    const seconds = now();
    if (phase === 0 && seconds > firstSeconds) {
      phase = 1;
      growth = GROWTH;
      left = KEPT_MB * 10;
      counted = { lookups, misses };
    }
    if (left > 0 && arrived % 30 === 0) {
      left -= 1;
      kept.push(Array.from({ length: 900 }, (_, i) => ({ i, text: `session${i}:${arrived}` })));
    }
    for (const due = Math.floor(seconds * RATE); arrived < due; arrived++) {
      if (waiting.length < MAX_WAITING) void request(start + (arrived * 1000) / RATE);
    }
    if (seconds > firstSeconds + secondSeconds) {
      clearInterval(timer);
      finish(counted);
    }
  }, 2);
}

async function request(due) {
  const into = latencies[phase];
  const { c, key, cache } = draw();
  lookups += 1;
  let value = cache.getIfPresent(key);
  if (value === undefined) {
    misses += 1;
    value = await cache.getOrSet(key, async () => {
      await askOrigin();
      return build(c, Number(key));
    });
  }
  JSON.stringify(value[0]);
  into.push(performance.now() - due);
}

function draw() {
  const one = random();
  const c = SHARES.findIndex((share) => one < share);
  return { c, key: String(draws[c]()), cache: caches[c] };
}

async function askOrigin() {
  if (busy >= ORIGIN.slots) await new Promise((resolve) => waiting.push(resolve));
  busy += 1;
  await new Promise((resolve) => setTimeout(resolve, ORIGIN.ms));
  busy -= 1;
  originCalls += 1;
  waiting.shift()?.();
}

/** Rows of a table; those of the first cache grow. */
function build(c, key) {
  const factor = c === 0 ? growth : c === 1 ? 1.5 : 1;
  const count = Math.ceil((8 + (((key * 2_654_435_761) % 2 ** 32) % 16)) * factor);
  return Array.from({ length: count }, (_, i) => ({
    id: key + i,
    name: `row ${key}:${i}`,
    price: i * 1.5,
    ok: true,
  }));
}

function finish(counted) {
  const hits = (from, to) => 1 - (to.misses - from.misses) / (to.lookups - from.lookups);
  const result = {
    policy,
    hitsBefore: hits({ lookups: 0, misses: 0 }, counted),
    hitsAfter: hits(counted, { lookups, misses }),
    p50Ms: percentile(latencies[1], 0.5),
    p99Ms: percentile(latencies[1], 0.99),
    worstGcMs,
    majors,
    originCalls,
    keptMb: kept.length / 10,
    heapMb: getHeapStatistics().used_heap_size / MB,
    decisions,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

function now() {
  return (performance.now() - start) / 1000;
}

function round(number) {
  return Math.round(number * 10) / 10;
}

function percentile(values, share) {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
