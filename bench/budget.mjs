// What do the misses of several caches cost that share one budget of bytes, and what if each had its own?
//
// `node bench/budget.mjs [--requests N] [--megabytes 64] [--quick] [--json]`. A get, and a set after a miss, for each
// request, through `MemoryCache` as an application uses it, keys as text. A miss costs what loading would have taken;
// nothing waits, the time is told with the entry, as a cache manager tells it. The cost is that of all misses divided
// by the requests, the cold start included.
//
// - `equal`: a cache each with `maxBytes`, all alike. This is 1.
// - `one lru`: all in one cache, least recently used first.
// - `best fixed`: the best split that stays as it is, known from the exact curves of all the requests to come.
// - `budget`: one `CacheBudget` of the same bytes; beside it with 60 % of them.
//
// Five scenarios are made up: six caches, one asked in a circle or not, a mix that stays, shifts once or flips again and
// again. Then the shared access traces, all at once, each in a cache of its own; those without sizes get made-up ones.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bestSplit } from './lib/best-split.mjs';
import { ExactCurve } from './lib/exact-curve.mjs';
import { numbered } from './lib/numbered.mjs';
import { randomFrom } from './lib/random.mjs';
import { SCENARIOS, SIX_CACHES, sixCaches } from './lib/six-caches.mjs';
import { findTraces, readTrace } from './lib/trace.mjs';

const BUILT = new URL('../dist/index.js', import.meta.url);
const TRACES = fileURLToPath(new URL('../../shared/traces', import.meta.url));
const MB = 1024 * 1024;
/** Of what all entries of the traces take together. */
const TRACE_SHARES = [0.05, 0.2];
const TRACE_COSTS = [0.005, 0.02, 0.08, 0.01, 0.04];
const LESS_MEMORY = 0.6;
/** More entries than ever come: only bytes bound these caches. */
const ENTRIES = 1_000_000;
/** What the estimate takes for a key and a value besides their characters. */
const TEXT_BYTES = 24;
/** Values are parts of this one, so that they cost next to nothing to make. */
const TEXT = 'x'.repeat(4 * MB);

const { values: flags } = parseArgs({
  options: {
    requests: { type: 'string' },
    megabytes: { type: 'string', default: '64' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

await main();

async function main() {
  if (!existsSync(BUILT)) throw new Error('dist/index.js is missing, build the package first');
  const ours = await import(BUILT.href);
  const requests = Number(flags.requests ?? (flags.quick ? 300_000 : 2_000_000));
  const bytes = Number(flags.megabytes) * MB;
  const rows = Object.entries(SCENARIOS).map(([name, scenario]) => {
    const load = { name, of: SIX_CACHES, ...sixCaches(scenario, requests) };
    return Object.assign(compare(load, bytes, ours), { isCyclic: scenario.cyclic });
  });
  const traces = tracesAtOnce();
  if (traces === undefined) console.error(`budget: no traces in ${TRACES}, made-up requests only`);
  else
    rows.push(...TRACE_SHARES.map((share) => compare(traces, Math.round(share * traces.totalBytes), ours)));
  if (flags.json) for (const row of rows) console.log(JSON.stringify({ bench: 'budget', ...row }));
  else print(rows, requests);
}

function compare(load, bytes, { MemoryCache, CacheBudget }, isCyclic) {
  const costs = load.of.map(({ cost }) => cost);
  const own = (maxBytes) => new MemoryCache({ maxSize: ENTRIES, maxBytes });
  const sharing = (maxBytes) => {
    const budget = new CacheBudget({ maxBytes, random: randomFrom(5) });
    return load.of.map(({ name }) => new MemoryCache({ name, budget }));
  };
  const one = own(bytes);
  const split = bestSplit(exactCurves(load), costs, bytes);
  return {
    load: load.name,
    bytes,
    isCyclic,
    equal: play(
      load,
      load.of.map(() => own(Math.floor(bytes / load.of.length))),
    ),
    oneLru: play(
      load,
      load.of.map(() => one),
    ),
    bestFixed: play(load, split.map(own)),
    budget: play(load, sharing(bytes)),
    lessMemory: play(load, sharing(Math.floor(LESS_MEMORY * bytes))),
  };
}

/** Plays all requests; milliseconds a request, the share of hits, and nanoseconds of CPU time a request took here. */
function play({ of, caches, keys, sizes }, memory) {
  let [cost, hits] = [0, 0];
  const before = process.cpuUsage();
  for (let i = 0; i < keys.length; i++) {
    const { name, cost: loadSeconds } = of[caches[i]];
    const key = `${name}:${keys[i]}`;
    const cache = memory[caches[i]];
    if (cache.get(key) !== undefined) {
      hits += 1;
      continue;
    }
    cost += loadSeconds;
    cache.setEntry(key, { value: valueOf(sizes[i], key), grace: 0, loadSeconds });
  }
  const { user, system } = process.cpuUsage(before);
  const requests = keys.length;
  return { ms: (1000 * cost) / requests, hits: hits / requests, ns: ((user + system) * 1000) / requests };
}

/** A text that makes the entry as large as it shall be, or little larger where that is very small. */
function valueOf(bytes, key) {
  return TEXT.slice(0, Math.max(1, bytes - 2 * TEXT_BYTES - key.length));
}

function exactCurves({ of, caches, keys, sizes }) {
  return of.map((_, cache) => {
    const own = Array.from(caches.keys()).filter((i) => caches[i] === cache);
    return new ExactCurve(
      Int32Array.from(own, (i) => keys[i]),
      Float64Array.from(own, (i) => sizes[i]),
    );
  });
}

/** All traces from their beginnings to their ends at the same time. */
function tracesAtOnce() {
  const traces = findTraces(TRACES).map((file) => numbered(readTrace(file)));
  if (traces.length === 0) return undefined;
  const all = traces.flatMap(({ keys }, cache) =>
    Array.from(keys, (_, i) => ({ cache, i, time: (i + 0.5) / keys.length })),
  );
  all.sort((a, b) => a.time - b.time);
  return {
    name: 'traces',
    of: traces.map(({ name }, i) => ({ name, cost: TRACE_COSTS[i % TRACE_COSTS.length] })),
    caches: Uint8Array.from(all, ({ cache }) => cache),
    keys: Int32Array.from(all, ({ cache, i }) => traces[cache].keys[i]),
    sizes: Float64Array.from(all, ({ cache, i }) => traces[cache].sizes[i]),
    totalBytes: traces.reduce((sum, trace) => sum + distinctBytes(trace), 0),
  };
}

function distinctBytes({ keys, sizes }) {
  const bytes = new Map(Array.from(keys, (key, i) => [key, sizes[i]]));
  return [...bytes.values()].reduce((sum, size) => sum + size, 0);
}

function print(rows, requests) {
  console.log(`budget: cost of misses, ms a request, ${requests} made-up requests, Node ${process.version}`);
  console.log();
  const against = ({ ms }, { equal }) => `${ms.toFixed(2)} ${(ms / equal.ms).toFixed(3)}x`;
  const head = [
    'load',
    'MB',
    'equal',
    'one lru',
    'best fixed',
    'budget',
    'budget 60 %',
    'hits %',
    'ns/request',
  ];
  const cells = rows.map((row) => [
    row.load,
    (row.bytes / MB).toFixed(0),
    row.equal.ms.toFixed(2),
    against(row.oneLru, row),
    against(row.bestFixed, row),
    against(row.budget, row),
    against(row.lessMemory, row),
    `${(100 * row.equal.hits).toFixed(1)} -> ${(100 * row.budget.hits).toFixed(1)}`,
    `${row.equal.ns.toFixed(0)} -> ${row.budget.ns.toFixed(0)}`,
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  for (const row of [head, ...cells]) {
    console.log(
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    );
  }
  console.log();
  const ratio = ({ budget, equal }) => budget.ms / equal.ms;
  const made = rows.filter(({ isCyclic }) => isCyclic !== undefined);
  const isFlip = ({ load }) => load.includes('flips');
  say(
    '0.88x of the equal split without a cycle',
    made.filter((row) => !row.isCyclic && ratio(row) > 0.88),
  );
  say(
    '0.65x with one',
    made.filter((row) => row.isCyclic && !isFlip(row) && ratio(row) > 0.65),
  );
  say(
    '1.02x at most where the mix flips',
    made.filter((row) => isFlip(row) && ratio(row) > 1.02),
  );
  say(
    'the same cost with 60 % of the memory',
    made.filter(({ lessMemory, equal }) => lessMemory.ms > equal.ms),
  );
}

function say(wanted, exceptions) {
  const names = exceptions.map(({ load }) => load).join(', ');
  console.log(`${wanted}: ${exceptions.length === 0 ? 'met' : `not met by ${names}`}`);
}
