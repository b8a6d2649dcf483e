// How many requests does each eviction policy answer from the cache, on requests that really happened?
//
// A get, and a set after a miss, for each request of a trace: `node bench/cache-trace.mjs [FILE...]`. `optimum` is what
// nobody can beat: it knows the future, keeps what is asked for soonest, and takes nothing in that comes later than all
// it has (Belady 1966). With sizes it is not known, so the byte-bounded runs go without.
//
// What tinylfu does depends a little on its secret hash. The worst and the mean of some runs with different secrets are
// shown, the same ones each time.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bestHits } from './lib/belady.mjs';
import { findTraces, readTrace } from './lib/trace.mjs';

const BUILT = new URL('../dist/cache/policy/eviction-policy.js', import.meta.url);
const TRACES = fileURLToPath(new URL('../../shared/traces', import.meta.url));
/** Of the distinct keys of a trace, or of their bytes. */
const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4];
const SECRETS = [1, 2, 3, 4];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { sizes: { type: 'string' }, json: { type: 'boolean', default: false } },
});

await main();

async function main() {
  const files = positionals.length > 0 ? positionals : findTraces(TRACES);
  if (files.length === 0) return console.log(`cache-trace: skipped, there are no traces in ${TRACES}`);
  if (!existsSync(BUILT)) throw new Error('dist/ has no eviction policies, build the package first');
  const { EVICTION_POLICIES, makePolicyStore } = await import(BUILT.href);
  const policies = EVICTION_POLICIES.filter((policy) => policy !== 'lru');
  const rows = files.flatMap((file) => simulate(readTrace(file), policies, makePolicyStore));
  if (flags.json) for (const row of rows) console.log(JSON.stringify({ bench: 'cache-trace', ...row }));
  else print(rows, policies);
}

function simulate(trace, policies, makePolicyStore) {
  const { keys, sizes } = trace;
  const bytesOf = sizes && new Map(keys.map((key, i) => [key, sizes[i]]));
  const rooms = sizesFrom(flags.sizes, new Set(keys).size).map((max) => ({ max }));
  const total = bytesOf && [...bytesOf.values()].reduce((sum, bytes) => sum + bytes);
  if (total !== undefined) {
    rooms.push(...SHARES.map((share) => ({ max: bytesOf.size, maxBytes: Math.round(share * total) })));
  }
  return rooms.map((room) => compare(trace, room, policies, makePolicyStore));
}

function compare(trace, room, policies, makePolicyStore) {
  const run = (policy, random) => hitRatio(makePolicyStore(policy, { ...room, random }), trace);
  const row = { trace: trace.name, ...room, lru: run('lru') };
  for (const policy of policies) row[policy] = SECRETS.map((secret) => run(policy, randomFrom(secret)));
  if (room.maxBytes === undefined) row.optimum = bestHits(trace.keys, room.max) / trace.keys.length;
  return row;
}

function hitRatio(store, { keys, sizes }) {
  let hits = 0;
  for (let i = 0; i < keys.length; i++) {
    if (store.get(keys[i]) === undefined) store.set(keys[i], true, sizes?.[i]);
    else hits += 1;
  }
  return hits / keys.length;
}

function sizesFrom(flag, distinct) {
  if (flag === undefined) return SHARES.map((share) => Math.max(1, Math.round(share * distinct)));
  const sizes = flag.split(',').map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new Error(`--sizes must be positive integers with commas between them, got "${flag}"`);
}

function print(rows, policies) {
  const percent = (ratio) => (ratio === undefined ? '-' : (100 * ratio).toFixed(1));
  const points = (ratio) => `${ratio < 0 ? '' : '+'}${(100 * ratio).toFixed(1)}`;
  const cells = (row) => [
    row.trace,
    row.maxBytes === undefined ? `${row.max} entries` : `${(row.maxBytes / 1e6).toFixed(1)} MB`,
    percent(row.lru),
    ...policies.flatMap((policy) => {
      const mean = row[policy].reduce((sum, ratio) => sum + ratio, 0) / row[policy].length;
      return [percent(mean), points(mean - row.lru), points(Math.min(...row[policy]) - row.lru)];
    }),
    percent(row.optimum),
  ];
  const head = [
    'trace',
    'room',
    'lru %',
    ...policies.flatMap((p) => [`${p} %`, 'points', 'worst']),
    'optimum %',
  ];
  const table = [head, ...rows.map(cells)];
  const widths = head.map((_, column) => Math.max(...table.map((line) => line[column].length)));
  for (const line of table) {
    console.log(
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    );
  }
}

/** The same numbers on every run, from 0 to 1, 1 left out (mulberry32). */
function randomFrom(seed) {
  let state = seed * 7919;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
