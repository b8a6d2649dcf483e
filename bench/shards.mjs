// How far is the sampled miss-ratio curve of a cache from the exact one, and what does it cost to draw?
//
// `node bench/shards.mjs [--samples 2048] [--requests N] [--quick] [--json] [TRACE...]`. Each list of requests is played
// to the exact curve (all stack distances, sorted) and to ours with several secrets of its hash. The error is the mean
// of the differences at 100 sizes up to that of all entries together, in points of the miss ratio.
//
// `error` is that of a window over all requests, `worst` the largest of the secrets; `lately` that of the curve that
// halves its past, so where requests change it should differ. `followed` is the share of the keys at the end. `ns/hit` is
// CPU time of a hit with the hash at hand, mean over the requests, median of the rounds; `awake` the same when it never
// rests, as where misses come again and again.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ExactCurve } from './lib/exact-curve.mjs';
import { numbered } from './lib/numbered.mjs';
import { randomFrom, zipfFrom } from './lib/random.mjs';
import { quantile } from './lib/measure.mjs';
import { findTraces, readTrace } from './lib/trace.mjs';

const BUILT = new URL('../dist/cache/curve/miss-ratio-curve.js', import.meta.url);
const TRACES = fileURLToPath(new URL('../../shared/traces', import.meta.url));
const SECRETS = [1, 2, 3];
const POINTS = 100;
const ROUNDS = 7;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    samples: { type: 'string', default: '2048' },
    requests: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const samples = Number(flags.samples);
const requests = Number(flags.requests ?? (flags.quick ? 200_000 : 2_000_000));

/** Name, and what draws the key of the next request. */
const SYNTHETIC = {
  'zipf 0.9': (random) => zipfFrom(300_000, 0.9, random),
  'zipf 0.6': (random) => zipfFrom(300_000, 0.6, random),
  loop: () => {
    let next = 0;
    return () => (next = (next + 1) % 60_000);
  },
  'zipf and scan': (random) => {
    const popular = zipfFrom(200_000, 1, random);
    let scanned = 0;
    return () => (random() < 0.3 ? 1_000_000 + (scanned++ % 400_000) : popular());
  },
  drift: (random) => {
    const popular = zipfFrom(100_000, 0.9, random);
    let time = 0;
    return () => popular() + Math.floor(time++ / 20);
  },
  'few keys': (random) => zipfFrom(1500, 0.9, random),
};

await main();

async function main() {
  if (!existsSync(BUILT)) throw new Error('dist/ has no miss-ratio curve, build the package first');
  const { MissRatioCurve } = await import(BUILT.href);
  const files = positionals.length > 0 ? positionals : findTraces(TRACES);
  if (files.length === 0) console.error(`shards: no traces in ${TRACES}, made-up requests only`);
  const loads = [
    ...Object.entries(SYNTHETIC).map(
      ([name, make]) =>
        () =>
          synthetic(name, make),
    ),
    ...files.map((file) => () => numbered(readTrace(file))),
  ];
  const rows = loads.map((load) => measure(load(), MissRatioCurve));
  if (flags.json) for (const row of rows) console.log(JSON.stringify({ bench: 'shards', ...row }));
  else print(rows);
}

function synthetic(name, make) {
  const draw = make(randomFrom(7));
  return numbered({ name, keys: Array.from({ length: requests }, draw) });
}

function measure({ name, keys, sizes, count }, MissRatioCurve) {
  const exact = new ExactCurve(keys, sizes);
  const texts = Array.from({ length: count }, (_, number) => `user:${number}`);
  const runs = SECRETS.map((secret) => {
    const clock = { now: 0, step: 0 };
    const now = () => (clock.now += clock.step);
    const curve = new MissRatioCurve({ unit: 'bytes', samples, now, random: randomFrom(secret) });
    const start = curve.mark();
    const hashes = play(curve, { keys, sizes, texts });
    const window = curve.since(start);
    const result = {
      error: meanError(exact, (size) => window.missesAt(size) / window.lookups),
      lately: meanError(exact, (size) => 1 - curve.hitRatioAt(size)),
      followed: curve.sampledShare,
      bytes: curve.byteLength,
    };
    const ns = timeHits(curve, keys, hashes);
    // What takes an hour gives no reason to rest.
    clock.step = 3_600_000;
    return { ...result, ns, awake: timeHits(curve, keys, hashes) };
  });
  const mean = (field) => runs.reduce((sum, run) => sum + run[field], 0) / runs.length;
  return {
    load: name,
    requests: keys.length,
    keys: count,
    error: mean('error'),
    worst: Math.max(...runs.map(({ error }) => error)),
    lately: mean('lately'),
    followed: mean('followed'),
    bytes: mean('bytes'),
    ns: mean('ns'),
    awake: mean('awake'),
  };
}

/** A cache with room for everything: a miss and a write for each key, hits from then on. Returns the hashes by key. */
function play(curve, { keys, sizes, texts }) {
  const hashes = new Int32Array(texts.length);
  const isKnown = new Uint8Array(texts.length);
  keys.forEach((key, i) => {
    if (isKnown[key] === 1) {
      curve.hit(hashes[key]);
      return;
    }
    curve.miss(texts[key]);
    hashes[key] = curve.write(texts[key], sizes[i], Infinity);
    isKnown[key] = 1;
  });
  return hashes;
}

function meanError(exact, missRatioAt) {
  let sum = 0;
  for (let point = 1; point <= POINTS; point++) {
    const size = (exact.totalSize * point) / POINTS;
    sum += Math.abs(1 - exact.hitsAt(size) / exact.requests - missRatioAt(size));
  }
  return sum / POINTS;
}

function timeHits(curve, keys, hashes) {
  const lookups = Int32Array.from(keys, (key) => hashes[key]);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < lookups.length; i++) curve.hit(lookups[i]);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / lookups.length;
  });
  return quantile(rounds, 0.5);
}

function print(rows) {
  console.log(`shards: ${samples} samples, ${SECRETS.length} secrets, Node ${process.version}`);
  console.log();
  const head = ['load', 'requests', 'keys', 'error', 'worst', 'lately', 'followed', 'KB', 'ns/hit', 'awake'];
  const cells = rows.map((row) => [
    row.load,
    String(row.requests),
    String(row.keys),
    (100 * row.error).toFixed(2),
    (100 * row.worst).toFixed(2),
    (100 * row.lately).toFixed(2),
    row.followed.toFixed(4),
    (row.bytes / 1024).toFixed(0),
    row.ns.toFixed(1),
    row.awake.toFixed(1),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  for (const row of [head, ...cells]) {
    console.log(
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    );
  }
  console.log();
  const names = (isOut) => rows.filter(isOut).map(({ load }) => load);
  const mean = (field) => (rows.reduce((sum, row) => sum + row[field], 0) / rows.length).toFixed(1);
  say(
    'mean error of 2 points at most',
    names(({ error }) => error > 0.02),
  );
  say(
    '256 KB at most',
    names(({ bytes }) => bytes > 256 * 1024),
  );
  say(
    `15 ns a hit at most (mean of the loads ${mean('ns')})`,
    names(({ ns }) => ns > 15),
  );
  // A cache of few keys has an exact curve while it misses, and that is dearer for each hit.
  say(
    `15 ns a hit where it never rests (mean ${mean('awake')})`,
    names(({ awake }) => awake > 15),
  );
}

function say(wanted, exceptions) {
  console.log(`${wanted}: ${exceptions.length === 0 ? 'met' : `not met by ${exceptions.join(', ')}`}`);
}
