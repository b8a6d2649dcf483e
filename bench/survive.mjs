// Who survives when memory gets short? A service with three caches in a heap of 256 MB; after some seconds values grow
// tenfold and the application keeps 40 MB more. Each case is a process of its own, on the real clock, with the same
// requests: see lib/survive-service.mjs.
//
// "count bound" was tuned for the small values, "safe count bound" survives the large ones, "clear and gc" empties all
// caches and collects garbage above 80 % of the heap, "ours" has one CacheBudget as large as the whole heap and the
// optimizer with its defaults.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

if (!existsSync(new URL('../dist/index.js', import.meta.url)))
  throw new Error('dist is missing, build the package first');

const SERVICE = fileURLToPath(new URL('lib/survive-service.mjs', import.meta.url));
const CASES = {
  'count-bound': 'count bound',
  'safe-count': 'safe count bound',
  'clear-and-gc': 'clear and gc',
  ours: 'ours',
};
/** How a process ends whose heap is full. */
const OUT_OF_MEMORY = 134;
/** By spawn: the signal has no exit code. */
const ABORTED = 'SIGABRT';

const { values: flags } = parseArgs({
  options: {
    repeats: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '50' },
    filter: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const repeats = flags.quick ? 1 : Number(flags.repeats);
const firstSeconds = 8;

const results = {};
const names = Object.keys(CASES).filter((name) => name.includes(flags.filter));
for (const name of names) {
  results[name] = [];
  for (let i = 0; i < repeats; i++) results[name].push(await run(name));
  report(name, results[name]);
}
if (names.length === Object.keys(CASES).length && !flags.json) compare();

async function run(name) {
  const args = [
    '--max-old-space-size=256',
    '--expose-gc',
    SERVICE,
    name,
    String(firstSeconds),
    flags.seconds,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const end = await ended;
  if (end === 0) return { end, ...JSON.parse(stdout) };
  const isOutOfMemory = end === ABORTED || end === OUT_OF_MEMORY;
  if (isOutOfMemory && stderr.includes('heap out of memory')) return { end: OUT_OF_MEMORY };
  throw new Error(`${name} ended with ${end}: ${stderr.slice(-2000)}`);
}

function report(name, runs) {
  const alive = runs.filter(({ end }) => end === 0);
  const median = (of) => alive.map(of).toSorted((a, b) => a - b)[alive.length >> 1];
  const perMinute =
    (60 * median(({ decisions }) => decisions.length)) / (firstSeconds + Number(flags.seconds));
  const numbers = {
    survived: `${alive.length}/${runs.length}`,
    ends: runs.map(({ end }) => end),
    hitsBefore: median(({ hitsBefore }) => hitsBefore),
    hitsAfter: median(({ hitsAfter }) => hitsAfter),
    p99Ms: median(({ p99Ms }) => p99Ms),
    worstGcMs: median(({ worstGcMs }) => worstGcMs),
    originCalls: median(({ originCalls }) => originCalls),
    decisionsPerMinute: perMinute,
  };
  if (flags.json) {
    console.log(JSON.stringify({ bench: 'survive', case: CASES[name], ...numbers, runs }));
    return;
  }
  if (name === names[0]) {
    console.log(
      `survive: a heap of 256 MB, ${repeats} runs of ${firstSeconds} + ${flags.seconds} s, medians, Node ${process.version}\n`,
    );
    console.log(
      '                  survived  hits before  after  p99 ms  worst gc ms  origin calls  changes/min',
    );
  }
  const columns = [
    numbers.survived,
    percent(numbers.hitsBefore),
    percent(numbers.hitsAfter),
    whole(numbers.p99Ms),
    whole(numbers.worstGcMs),
    whole(numbers.originCalls),
    alive.length === 0 ? '-' : perMinute.toFixed(1),
  ];
  const widths = [10, 13, 7, 8, 13, 14, 13];
  const died = alive.length < runs.length ? '   ends out of memory' : '';
  console.log(
    CASES[name].padEnd(16) + columns.map((column, i) => column.padStart(widths[i])).join('') + died,
  );
}

function compare() {
  const median = (name, of) => {
    const alive = results[name]
      .filter(({ end }) => end === 0)
      .map(of)
      .toSorted((a, b) => a - b);
    return alive[alive.length >> 1];
  };
  const hits = (name) => median(name, ({ hitsAfter }) => hitsAfter);
  const p99 = (name) => median(name, ({ p99Ms }) => p99Ms);
  const changes = median('ours', ({ decisions }) => decisions.length);
  console.log(
    `\nours: hits ${(hits('ours') / hits('safe-count')).toFixed(2)} x those of the safe count bound (1.15 is wanted)`,
  );
  console.log(
    `ours: p99 ${(p99('ours') / p99('clear-and-gc')).toFixed(2)} x that of clear and gc (0.4 or less is wanted)`,
  );
  const minutes = (firstSeconds + Number(flags.seconds)) / 60;
  console.log(`ours: ${(changes / minutes).toFixed(1)} changes a minute (6 or less are wanted)`);
}

function percent(share) {
  return share === undefined ? '-' : `${(100 * share).toFixed(1)} %`;
}

function whole(number) {
  return number === undefined ? '-' : String(Math.round(number));
}
