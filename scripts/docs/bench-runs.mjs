import { readFileSync } from 'node:fs';
import { arch, cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { capture } from '../run.mjs';

/** What is run for docs/benchmarks.json, one after the other, and how its output is read. */
const RUNS = {
  record: { args: ['--rounds', '9'], read: jsonLines },
  memory: { bench: 'record', args: ['--memory'], read: seriesBytes },
  'cache-hit': { args: ['--rounds', '9'], read: jsonLines },
  'cache-stampede': { args: [], read: jsonLines },
  'cache-trace': { args: [], read: jsonLines },
  async: { args: ['--rounds', '5'], read: jsonLines },
  scrape: { args: ['--lines', '50000', '--rounds', '5'], read: jsonLines },
  resources: { args: [], read: jsonLines },
};

const PEERS = [
  'bentocache',
  'cache-manager',
  'cacheable',
  'cockatiel',
  'generic-pool',
  'layered-loader',
  'p-queue',
  'p-retry',
  'p-timeout',
  'prom-client',
  '@prometheus-io/client',
  'tarn',
];
const FROM_ROOT = ['@opentelemetry/sdk-metrics', '@opentelemetry/exporter-prometheus', 'lru-cache'];

/** Runs everything. Resolves to what docs/benchmarks.json holds. @throws {Error} when a benchmark fails. */
export async function runBenchmarks(root, { now = new Date(), log = () => {} } = {}) {
  const results = {};
  for (const [name, { bench = name, args, read }] of Object.entries(RUNS)) {
    const script = join(root, 'bench', `${bench}.mjs`);
    results[name] = read(await output(log, ['--expose-gc', script, '--json', ...args]));
  }
  results.traps = trapTables(await output(log, [join(root, 'scripts', 'test-traps.mjs')]));
  return { date: now.toISOString().slice(0, 10), machine: machine(), packages: versions(root), results };
}

async function output(log, args) {
  log(`node ${args.join(' ')}`);
  const { code, stdout, stderr } = await capture(process.execPath, args);
  if (code !== 0) throw new Error(`node ${args.join(' ')} failed with exit code ${code}:\n${stderr}`);
  return stdout;
}

function jsonLines(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const { bench: _, ...row } = JSON.parse(line);
      return row;
    });
}

/** Lines such as `prom-client   342   806`: bytes of a counter and of a histogram. */
export function seriesBytes(text) {
  return [...text.matchAll(/^(\S.*?) {2,}(\d+) +(\d+)$/gm)].map(([, name, counter, histogram]) => ({
    case: name,
    counter: Number(counter),
    histogram: Number(histogram),
  }));
}

/** Of each table of traps: who was tried in how many, and caught in how many. A dash is a trap that a library cannot meet. */
export function trapTables(text) {
  return text
    .split(/\n\s*\n/)
    .map((part) => part.trim().split('\n'))
    .filter(([head]) => /^\w+ {2,}ours\b/.test(head))
    .map(([head, ...lines]) => {
      const [table, ...subjects] = head.trim().split(/ {2,}/);
      const marks = lines.map((line) => line.trim().split(/ {2,}/).slice(1));
      return {
        table,
        subjects: subjects.map((name, column) => ({
          name,
          tried: marks.filter((row) => row[column] !== '-').length,
          caught: marks.filter((row) => row[column] === 'FAIL').length,
        })),
      };
    });
}

function machine() {
  return {
    cpu: cpus()[0].model.trim(),
    cores: cpus().length,
    system: `${type()} ${release().split('-')[0]} ${arch()}`,
    node: process.version,
  };
}

function versions(root) {
  const found = {};
  for (const [folder, names] of [
    ['bench', PEERS],
    ['', FROM_ROOT],
  ])
    for (const name of names) {
      const path = join(root, folder, 'node_modules', name, 'package.json');
      found[name] = JSON.parse(readFileSync(path, 'utf8')).version;
    }
  return found;
}
