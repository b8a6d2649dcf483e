import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fromRoot } from './from-root.mjs';

// A process that serves /metrics of one library, and measures itself: node scrape-server.mjs SUBJECT KIND LINES.

const [subject, kind, lines] = process.argv.slice(2);
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const LINES_OF_HISTOGRAM = BOUNDS.length + 3;
const FAMILIES = 5;
const LABELS = ['service', 'operation', 'status'];

const series = Math.round(kind === 'counter' ? lines : lines / LINES_OF_HISTOGRAM);
const labelsOf = (i) => ({
  service: `checkout-${i % 10}`,
  operation: `operation_number_${i}`,
  status: i % 3 === 0 ? '500' : '200',
});
const secondsOf = (i) => 0.001 * (1 + (((i * 2654435761) >>> 0) % 12000));
const nameOf = (family) => `bench_metric_${family}`;

const SUBJECTS = {
  stock: () => openTelemetry('sdk', 'stock'),
  'ours over sdk': () => openTelemetry('sdk', 'ours'),
  'sdk: collect only': () => openTelemetry('sdk', 'nobody'),
  'ours over cells': () => openTelemetry('cells', 'ours'),
  'prom-client': () => promClient('prom-client'),
  '@prometheus-io/client': () => promClient('@prometheus-io/client'),
  floor,
};

async function openTelemetry(providerKind, writer) {
  const sdk = fromRoot('@opentelemetry/sdk-metrics');
  const ours = await import(new URL('../../dist/index.js', import.meta.url).href);
  const { PrometheusExporter } = fromRoot('@opentelemetry/exporter-prometheus');
  const reader =
    writer === 'stock' ? new PrometheusExporter({ preventServerStart: true }) : new ours.PullReader();
  const Provider = providerKind === 'cells' ? ours.CellMeterProvider : sdk.MeterProvider;
  const views = [{ instrumentName: '*', aggregationCardinalityLimit: 1e6 }];
  const meter = new Provider({ readers: [reader], views }).getMeter('bench');
  const instruments = Array.from({ length: FAMILIES }, (_, family) =>
    kind === 'counter'
      ? meter.createCounter(nameOf(family))
      : meter.createHistogram(nameOf(family), { unit: 's', advice: { explicitBucketBoundaries: BOUNDS } }),
  );
  const record = (i) => {
    const instrument = instruments[i % FAMILIES];
    if (kind === 'counter') instrument.add(1, labelsOf(i));
    else instrument.record(secondsOf(i), labelsOf(i));
  };
  if (writer === 'stock') return { record, handle: (...both) => reader.getMetricsRequestHandler(...both) };
  if (writer === 'nobody') return { record, handle: (...both) => collectOnly(reader, ...both) };
  const endpoint = new ours.MetricsEndpoint(reader);
  return { record, handle: endpoint.handler };
}

/** What every writer over the SDK has to wait for, in one piece. */
async function collectOnly(reader, request, response) {
  const { resourceMetrics } = await reader.collect();
  response.end(String(resourceMetrics.scopeMetrics.length));
}

async function promClient(name) {
  const { Counter, Histogram, Registry } = await import(name);
  const registry = new Registry();
  const instruments = Array.from({ length: FAMILIES }, (_, family) => {
    const options = { name: nameOf(family), help: 'x', labelNames: LABELS, registers: [registry] };
    return kind === 'counter' ? new Counter(options) : new Histogram({ ...options, buckets: BOUNDS });
  });
  const record = (i) => {
    const instrument = instruments[i % FAMILIES];
    if (kind === 'counter') instrument.inc(labelsOf(i));
    else instrument.observe(labelsOf(i), secondsOf(i));
  };
  const handle = async (request, response) => {
    response.setHeader('content-type', registry.contentType);
    response.end(await registry.metrics());
  };
  return { record, handle };
}

/** As many bytes as ours writes, from one buffer: what the socket costs. */
function floor() {
  const line = kind === 'counter' ? 87 : 100;
  const page = Buffer.alloc(lines * line, 'x');
  return { record: () => {}, handle: (request, response) => response.end(page) };
}

const { record, handle } = await SUBJECTS[subject]();
const touch = () => {
  for (let i = 0; i < series; i++) record(i);
};
const megabytes = (name) =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
const heap = () => {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
};

/** What the last page cost, once it is closed here: who has read it may be quicker. */
let last;
let looksAtLoop = false;
let longest = 0;
let turn = 0;
const look = () => {
  const now = performance.now();
  longest = Math.max(longest, now - turn);
  turn = now;
  if (looksAtLoop) setImmediate(look);
};

function measured(request, response) {
  const asked = new URL(request.url, 'http://localhost').searchParams;
  let rss = 0;
  if (asked.has('memory')) {
    globalThis.gc();
    // Sets the high-water mark of the memory back.
    writeFileSync('/proc/self/clear_refs', '5');
    rss = megabytes('VmRSS');
  }
  if (asked.has('loop')) {
    [turn, longest, looksAtLoop] = [performance.now(), 0, true];
    setImmediate(look);
  }
  const before = process.cpuUsage();
  const closed = new Promise((resolve) => response.once('close', resolve));
  last = closed.then(() => {
    const { user, system } = process.cpuUsage(before);
    looksAtLoop = false;
    longest = Math.max(longest, performance.now() - turn);
    return { cpuMs: (user + system) / 1000, longestMs: longest, extraMb: megabytes('VmHWM') - rss };
  });
  return handle(request, response);
}

touch();
const server = createServer(async (request, response) => {
  if (request.url.startsWith('/metrics')) return void measured(request, response);
  if (request.url === '/touch') {
    touch();
    globalThis.gc();
    return response.end();
  }
  return response.end(JSON.stringify(request.url === '/heap' ? { heapMb: heap() } : await last));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('SIGTERM', () => process.exit(0));
