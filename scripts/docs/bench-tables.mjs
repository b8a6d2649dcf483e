import { digits, duration, times } from './bench-numbers.mjs';
import { table } from './table.mjs';

/** What ours, the SDK and prom-client do about the same thing. */
const RECORDINGS = [
  [
    'counter, 3 labels, bound',
    'ours: counter bound, 3 tags',
    'otel: counter, 3 attributes same',
    'prom-client: counter bound, 3 labels',
  ],
  [
    'counter, 3 labels of the call',
    'ours: counter by name, 3 tags fresh',
    'otel: counter, 3 attributes fresh',
    'prom-client: counter, 3 labels fresh',
  ],
  [
    'histogram, 3 labels, bound',
    'ours: histogram bound, 3 tags',
    'otel: histogram, 3 attributes same',
    'prom-client: histogram bound, 3 labels',
  ],
  [
    'histogram, 3 labels of the call',
    'ours: histogram by name, 3 tags fresh',
    'otel: histogram, 3 attributes fresh',
    'prom-client: histogram, 3 labels fresh',
  ],
  [
    'timer, 2 labels',
    'ours: timer object, name and 1 tag',
    'otel: hand timer, name and 1 attribute',
    'prom-client: startTimer and end, 2 labels',
  ],
  ['timed function', 'ours: timer(name)(fn)', 'otel: hand-timed sync fn'],
  ['timed async function', 'ours: timer(name)(async fn)', 'otel: hand-timed async fn'],
];

const SERIES = { cells: 'ours', sdk: 'OpenTelemetry SDK', 'prom-client': 'prom-client' };

export function recordTables(numbers) {
  const costs = table(
    ['', 'ours', 'OpenTelemetry SDK', 'prom-client'],
    RECORDINGS.map(([what, own, sdk, promClient]) => {
      const ns = numbers.ns('record', own);
      const peers = [sdk, promClient].map((name) => beside(numbers, 'record', name, ns));
      return [what, duration(ns)].concat(peers);
    }),
  );
  const bytes = table(
    ['bytes of a series', 'counter', 'histogram'],
    Object.entries(SERIES).map(([name, title]) => {
      const { counter, histogram } = numbers.row('memory', name);
      return [title, counter, histogram];
    }),
  );
  return `${costs}\n\nMemory, by \`npm run bench -- record --memory\`: one of 50,000 series with 3 labels.\n\n${bytes}`;
}

const CACHES = [
  [
    'ours',
    'ours: await CacheManager.get',
    'ours: await CacheManager.getOrSet',
    'ours: await CacheManager.set',
  ],
  ['layered-loader', undefined, 'layered-loader: get', 'layered-loader: set'],
  ['cache-manager', 'cache-manager: get', 'cache-manager: wrap', 'cache-manager: set, useClone: false'],
  [
    'cacheable, useClone: false',
    'cacheable: get, useClone: false',
    'cacheable: getOrSet, useClone: false',
    'cacheable: set, useClone: false',
  ],
  ['cacheable', 'cacheable: get, default', 'cacheable: getOrSet, default', 'cacheable: set, default'],
  [
    'bentocache, serialize: false',
    'bentocache: get, serialize: false',
    'bentocache: getOrSet, serialize: false',
    'bentocache: set, serialize: false',
  ],
  ['bentocache', 'bentocache: get, default', 'bentocache: getOrSet, default', 'bentocache: set, default'],
];

export function cacheTables(numbers) {
  const [[, ...own]] = CACHES;
  const hits = table(
    ['', 'get', 'get or load, a hit', 'set that evicts'],
    CACHES.map(([who, ...cases]) => {
      const cell = (name, i) =>
        name === own[i]
          ? duration(numbers.ns('cache-hit', name))
          : beside(numbers, 'cache-hit', name, numbers.ns('cache-hit', own[i]));
      return [who].concat(cases.map(cell));
    }),
  );
  return [hits, stampedeTables(numbers), traceTable(numbers)].join('\n\n');
}

function stampedeTables(numbers) {
  const rows = numbers.rows('cache-stampede');
  const crowd = rows
    .filter(({ ns, case: name }) => ns !== undefined && !name.startsWith('floor'))
    .map(({ case: name, ns, calls }) => [name, calls, duration(ns)]);
  const processes = rows
    .filter(({ p50Ms }) => p50Ms !== undefined)
    .map(({ case: name, fewest, most, p50Ms }) => [
      name,
      fewest === most ? most : `${fewest} to ${most}`,
      `${digits(p50Ms)} ms`,
    ]);
  return `By \`npm run bench -- cache-stampede\`: 10,000 calls for one key that is missing, and what they take beyond the load: milliseconds on the
clock, which repeat less well than CPU time.

${table(['10,000 calls', 'loads', 'beyond the load'], crowd)}

The same key in four processes at once, with a tier below that they share.

${table(['4 processes', 'loads in all', 'beyond the load'], processes)}`;
}

/** Of the sizes that were tried, the second and the fourth: small, and a tenth of the keys. */
const SHOWN_ROOMS = [1, 3];

function traceTable(numbers) {
  const rows = numbers.rows('cache-trace').filter(({ optimum }) => optimum !== undefined);
  if (rows.length === 0) return 'Hit ratios on access traces were not measured: there were no traces.';
  const shown = [...new Set(rows.map(({ trace }) => trace))].flatMap((name) => {
    const ofTrace = rows.filter(({ trace }) => trace === name);
    return SHOWN_ROOMS.map((index) => ofTrace[index]);
  });
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const head = ['trace', 'entries', 'LRU', '`tinylfu`', 'best possible'];
  return `By \`npm run bench -- cache-trace FILE...\`: hit ratios of eviction policies on published access traces.

${table(
  head,
  shown.map(({ trace, max, lru, tinylfu, optimum }) => [
    trace,
    max,
    percent(lru),
    percent(tinylfu.reduce((sum, ratio) => sum + ratio, 0) / tinylfu.length),
    percent(optimum),
  ]),
)}`;
}

/** What is done, ours, and peers, some of which are measured beside a case of ours of their own. */
const ASYNC = [
  [
    '1,000 calls, 10 at a time',
    'queue of 1000: ours, provider of cells',
    { 'p-queue': 'queue of 1000: p-queue', cockatiel: 'queue of 1000: cockatiel bulkhead' },
  ],
  [
    '20,000 calls with priorities',
    'queue of 20000: ours, provider of cells',
    { 'p-queue': 'queue of 20000: p-queue' },
  ],
  [
    'a resource of a pool',
    'pool: ours, get, provider of cells',
    { 'generic-pool': 'pool: generic-pool', tarn: 'pool: tarn' },
  ],
  [
    '1,000 users of 10 resources',
    'pool, crowd of 1000: ours, get, provider of cells',
    { 'generic-pool': 'pool, crowd of 1000: generic-pool', tarn: 'pool, crowd of 1000: tarn' },
  ],
  ['a retry not needed', 'ours: retry(fn)', { 'p-retry': 'p-retry', cockatiel: 'cockatiel: retry' }],
  [
    '100 time limits',
    'ours: withTimeout(fn), beside AbortSignal.timeout',
    {
      'AbortSignal.timeout': 'AbortSignal.timeout, takes the signal',
      'p-timeout': 'p-timeout: promise',
      cockatiel: 'cockatiel: timeout, aggressive',
    },
  ],
];

export function asyncTables(numbers) {
  return table(
    ['', 'ours', 'others'],
    ASYNC.map(([what, own, peers]) => [
      what,
      duration(numbers.ns('async', own)),
      asyncPeers(numbers, own, peers).join(', '),
    ]),
  );
}

/** `p-queue 3.9 ×`, for each peer of a row. */
function asyncPeers(numbers, own, peers) {
  return Object.entries(peers).map(([title, name]) => {
    const row = numbers.row('async', name);
    // Time limits are measured beside a case of ours each, as they leave much to the collector.
    const base = row.baseline.includes('beside') ? row.baseline : own;
    return `${title} ${times(row.ns / numbers.ns('async', base))}`;
  });
}

const SCRAPED = {
  'ours over cells': 'ours',
  'ours over sdk': 'ours, over the OpenTelemetry SDK',
  '@prometheus-io/client': '@prometheus-io/client',
  'prom-client': 'prom-client',
  stock: '@opentelemetry/exporter-prometheus',
};

export function scrapeTables(numbers) {
  const rows = Object.entries(SCRAPED).map(([name, title]) => {
    const [counters, histograms] = ['counter', 'histogram'].map((kind) =>
      numbers.row('scrape', name, (row) => row.kind === kind),
    );
    const both = (show) => `${show(counters)} / ${show(histograms)}`;
    return [
      title,
      both(({ cpuMs }) => duration(1e6 * cpuMs)),
      both(({ longestMs }) => duration(1e6 * longestMs)),
      both(({ extraMb }) => `${Math.max(0, Math.round(extraMb))} MB`),
    ];
  });
  const head = ['counters / histograms', 'CPU time', 'longest hold of the event loop', 'memory'];
  return table(head, rows);
}

const OWN = /^ours|: ours|^cells|^floor|^sdk: collect/;
/** Less than that is noise. */
const AHEAD = 0.95;

export function aheadTable(numbers) {
  const rows = ['record', 'cache-hit', 'cache-stampede', 'async', 'resources'].flatMap((run) =>
    numbers
      .rows(run)
      .filter(({ case: name, ns }) => ns !== undefined && !OWN.test(name))
      .flatMap((row) => comparisons(numbers, run, row))
      .filter(([, , ratio]) => ratio < AHEAD)
      .map(([peer, own, ratio]) => [run, peer, own, times(ratio)]),
  );
  return rows.length === 0 ? 'Nothing.' : table(['benchmark', 'who', 'beside', ''], rows);
}

/** A case is a comparison when it, or the case it is compared with, is ours. Baselines of peers are compared with ours. */
function comparisons(numbers, run, { case: name, ns, baseline }) {
  if (OWN.test(baseline) && !baseline.startsWith('floor'))
    return [[name, baseline, ns / numbers.ns(run, baseline)]];
  return numbers
    .rows(run)
    .filter((row) => row.baseline === baseline && OWN.test(row.case) && !row.case.startsWith('floor'))
    .map((row) => [name, row.case, ns / row.ns]);
}

/** Time and ratio of a peer, or nothing where it has no such thing. */
function beside(numbers, run, name, ns) {
  if (name === undefined) return '';
  const peer = numbers.ns(run, name);
  return `${duration(peer)}, ${times(peer / ns)}`;
}
