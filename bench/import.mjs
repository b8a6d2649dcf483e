// What does it cost to load the package, cold? Wall and CPU time in a process of its own, less an empty process; the
// files that are loaded; and the time from the start to the first page of /metrics.
//
// Every case is a fresh process, in turns, so that slow moments of the machine hit all alike. Files are in the disk cache.
// OpenTelemetry's API, which an application that uses OpenTelemetry loads anyhow, is part of ours and has a row of its own.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { fromRoot } from './lib/from-root.mjs';

const DIST = new URL('../dist/', import.meta.url);
if (!existsSync(new URL('index.js', DIST))) throw new Error('dist is missing, build the package first');

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    filter: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

const PROGRAM = fileURLToPath(new URL('lib/import-once.mjs', import.meta.url));
const run = promisify(execFile);

const ours = {
  'ours: .': 'index.js',
  'ours: ./http': 'integrations/http.js',
  'ours: ./express': 'integrations/express.js',
  'ours: ./fastify': 'integrations/fastify.js',
  'ours: ./hono': 'integrations/hono.js',
  'ours: ./nestjs': 'integrations/nestjs.js',
};
const peers = {
  '@opentelemetry/api': fromRoot,
  '@opentelemetry/sdk-metrics': fromRoot,
  '@opentelemetry/exporter-prometheus': fromRoot,
  'lru-cache': fromRoot,
  'prom-client': createRequire(import.meta.url),
  '@prometheus-io/client': createRequire(import.meta.url),
  'cache-manager': createRequire(import.meta.url),
  bentocache: createRequire(import.meta.url),
  cacheable: createRequire(import.meta.url),
};

const EMPTY = 'empty process';
const START = 'ours: start to first /metrics';
const CASES = [
  [EMPTY, 'nothing'],
  ...Object.entries(ours).map(([name, file]) => [name, new URL(file, DIST).href]),
  [START, 'start', new URL('index.js', DIST).href],
  ...Object.entries(peers).map(([name, from]) => [name, urlOf(name, from)]),
].filter(([name]) => name === EMPTY || name.includes(flags.filter));

const samples = new Map(CASES.map(([name]) => [name, []]));
for (let round = 0; round < Number(flags.rounds); round++)
  for (const [name, ...args] of CASES) samples.get(name).push(await once(args));

const empty = medians(samples.get(EMPTY));
const rows = [];
for (const [name, ...args] of CASES) {
  const { files } = await once(args, 'count');
  rows.push({ name, ...lessEmpty(medians(samples.get(name)), name), files });
}
if (flags.json) {
  for (const row of rows) {
    const { name, ...measured } = row;
    console.log(JSON.stringify({ bench: 'import', case: name, ...measured }));
  }
} else {
  print(rows);
}

/** A package is loaded as `import` finds it; those for `require` only, by their file. */
function urlOf(name, from) {
  try {
    return import.meta.resolve(name, pathToFileURL(from.resolve('./package.json')));
  } catch {
    return pathToFileURL(from.resolve(name)).href;
  }
}

async function once([what, url = what], mode = 'time') {
  const { stdout } = await run(process.execPath, [PROGRAM, what, url, mode]);
  return JSON.parse(stdout);
}

function medians(taken) {
  const median = (key) => taken.map((one) => one[key]).toSorted((a, b) => a - b)[taken.length >> 1];
  return { wallMs: median('wallMs'), cpuMs: median('cpuMs') };
}

/** The row of the empty process shows what is taken away from the others. */
function lessEmpty({ wallMs, cpuMs }, name) {
  const base = name === EMPTY ? { wallMs: 0, cpuMs: 0 } : empty;
  return { wallMs: tenths(wallMs - base.wallMs), cpuMs: tenths(cpuMs - base.cpuMs) };
}

function tenths(value) {
  return Number(value.toFixed(1));
}

function print(table) {
  const width = Math.max(...table.map(({ name }) => name.length));
  console.log(`node ${process.versions.node}, median of ${flags.rounds} processes, less an empty one\n`);
  console.log(`${''.padEnd(width)}   wall ms    CPU ms     files`);
  for (const { name, wallMs, cpuMs, files } of table)
    console.log(
      `${name.padEnd(width)}  ${wallMs.toFixed(1).padStart(8)}  ${cpuMs.toFixed(1).padStart(8)}  ${String(files).padStart(8)}`,
    );
}
