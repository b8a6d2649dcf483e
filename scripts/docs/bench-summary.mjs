import { digits, duration, Numbers, times } from './bench-numbers.mjs';
import { table } from './table.mjs';

/** The short table of README: what it is, ours, and how much of that others take. */
export function readmeNumbers({ date, machine, results }) {
  const numbers = new Numbers(results);
  const rows = [
    compared(numbers, 'record', 'count, 3 labels, bound', 'ours: counter bound, 3 tags', {
      'OpenTelemetry SDK': 'otel: counter, 3 attributes same',
      'prom-client': 'prom-client: counter bound, 3 labels',
    }),
    compared(numbers, 'record', 'histogram, 3 labels of the call', 'ours: histogram by name, 3 tags fresh', {
      'OpenTelemetry SDK': 'otel: histogram, 3 attributes fresh',
      'prom-client': 'prom-client: histogram, 3 labels fresh',
    }),
    compared(numbers, 'record', 'timed async function', 'ours: timer(name)(async fn)', {
      'timed by hand into the SDK': 'otel: hand-timed async fn',
    }),
    seriesRow(numbers),
    scrapeRow(numbers),
    compared(numbers, 'cache-hit', 'cache hit, get or load', 'ours: await CacheManager.getOrSet', {
      'layered-loader': 'layered-loader: get',
      'cache-manager': 'cache-manager: wrap',
      'cacheable without copies': 'cacheable: getOrSet, useClone: false',
      'bentocache without copies': 'bentocache: getOrSet, serialize: false',
    }),
    crowdRow(numbers),
    loadsRow(numbers),
    compared(numbers, 'async', '1,000 calls, 10 at a time', 'queue of 1000: ours, provider of cells', {
      cockatiel: 'queue of 1000: cockatiel bulkhead',
      'p-queue': 'queue of 1000: p-queue',
    }),
    compared(numbers, 'async', 'resource of a pool', 'pool: ours, get, provider of cells', {
      'generic-pool': 'pool: generic-pool',
      tarn: 'pool: tarn',
    }),
    trapsRow(numbers),
  ];
  return `${table(['', 'ours', 'others take', '`npm run`'], rows)}

CPU time, but for the 10,000 calls, of one run on ${date} (${machine.cores} cores of ${machine.cpu}, Node ${machine.node}); trust the ratios. All tables, also of where another one takes
less: [docs/benchmarks.md](docs/benchmarks.md).`;
}

/** What each step of docs/architecture.md costs. */
export function stepCosts({ date, results }) {
  const numbers = new Numbers(results);
  const of = (run, name) => [duration(numbers.ns(run, name)), `\`${run}\`, "${name}"`];
  const page = numbers.row('scrape', 'ours over cells', ({ kind }) => kind === 'counter');
  const rows = [
    ['recording', 'two looks at the clock', ...of('record', 'floor: two performance.now()')],
    ['', 'a bound counter', ...of('record', 'ours: counter bound, 3 tags')],
    [
      '',
      'a histogram whose series is found by its tags',
      ...of('record', 'ours: histogram by name, 3 tags fresh'),
    ],
    ['', 'a timed function, all of it', ...of('record', 'ours: timer(name)(fn)')],
    ['', 'a hit in memory, counted', ...of('cache-hit', 'ours: CacheManager.getIfPresent')],
    ['', 'the same, awaited', ...of('cache-hit', 'ours: await CacheManager.get')],
    ['exporting', 'a page of 50,000 lines', duration(1e6 * page.cpuMs), '`scrape`, "ours over cells"'],
    ['', 'the longest hold of the event loop by it', duration(1e6 * page.longestMs), 'the same'],
    ['optimizing', 'one sample of the resources', ...of('resources', 'ours: sample')],
  ];
  return `${table(['flow', 'step', 'takes', '`npm run bench --`'], rows)}\n\nOf the run of ${date} that [benchmarks.md](benchmarks.md) shows.`;
}

function compared(numbers, run, what, own, peers) {
  const ns = numbers.ns(run, own);
  const others = Object.entries(peers).map(
    ([title, name]) => `${title} ${times(numbers.ns(run, name) / ns)}`,
  );
  return [what, duration(ns), others.join(', '), `bench -- ${run}`];
}

function seriesRow(numbers) {
  const { histogram: own } = numbers.row('memory', 'cells');
  const peers = Object.entries({ 'OpenTelemetry SDK': 'sdk', 'prom-client': 'prom-client' });
  const others = peers.map(
    ([title, name]) => `${title} ${times(numbers.row('memory', name).histogram / own)}`,
  );
  return ['series of a histogram, memory', `${own} bytes`, others.join(', '), 'bench -- record --memory'];
}

function scrapeRow(numbers) {
  const cpu = (name) => numbers.row('scrape', name, ({ kind }) => kind === 'histogram').cpuMs;
  const own = cpu('ours over cells');
  const peers = Object.entries({
    '@prometheus-io/client': '@prometheus-io/client',
    'prom-client': 'prom-client',
    "OpenTelemetry's exporter": 'stock',
  });
  const others = peers.map(([title, name]) => `${title} ${times(cpu(name) / own)}`);
  return ['/metrics with 50,000 lines', duration(1e6 * own), others.join(', '), 'bench -- scrape'];
}

/** Milliseconds on the clock, which repeat too badly for ratios. */
function crowdRow(numbers) {
  const time = (name) => duration(numbers.ns('cache-stampede', name));
  const peers = {
    'layered-loader': 'layered-loader: get',
    'cache-manager': 'cache-manager: wrap',
    cacheable: 'cacheable: getOrSet',
    bentocache: 'bentocache: getOrSet',
  };
  const others = Object.entries(peers).map(([title, name]) => `${title} ${time(name)}`);
  return [
    '10,000 calls for a missing key, beyond the load',
    time('ours: getOrSet'),
    others.join(', '),
    'bench -- cache-stampede',
  ];
}

function loadsRow(numbers) {
  const most = (name) => numbers.row('cache-stampede', name).most;
  const others = ['bentocache', 'cacheable', 'cache-manager', 'layered-loader'].map(
    (name) => `${name} ${most(`${name}, Redis`)}`,
  );
  return [
    'loads of one key in 4 processes, `lockLoads`',
    digits(most('ours: getOrSet with lockLoads, Redis')),
    others.join(', '),
    'bench -- cache-stampede',
  ];
}

/** Of the traps for pools, queues, retries and time limits. */
function trapsRow(numbers) {
  const totals = new Map();
  for (const { subjects } of numbers.rows('traps'))
    for (const { name, tried, caught } of subjects) {
      const known = totals.get(name) ?? { tried: 0, caught: 0 };
      totals.set(name, { tried: known.tried + tried, caught: known.caught + caught });
    }
  const shown = ([name, { tried, caught }]) => `${name.split(' ')[0]} ${caught} of ${tried}`;
  const { tried, caught } = totals.get('ours');
  const peers = ['generic-pool 3', 'tarn 3', 'p-queue 9', 'p-retry 7', 'p-timeout 7', 'cockatiel 3'];
  const others = peers.map((name) => shown([name, totals.get(name)]));
  return ['bad days that go wrong', `${caught} of ${tried}`, others.join(', '), 'test:traps'];
}
