import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fromRoot } from './from-root.mjs';

/** What one series weighs once there are many of them, each in a process of its own. */
const SERIES = 50_000;
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const SUBJECTS = ['cells', 'cells, delta', 'sdk', 'sdk, delta', 'prom-client'];
const KINDS = ['counter', 'histogram'];

export function printSeriesMemory() {
  console.log(`memory: bytes of one series of ${SERIES} with 3 attributes, Node ${process.version}`);
  console.log('measured after everything was collected twice, and as many recordings in between\n');
  console.log(`${'subject'.padEnd(14)}${KINDS.map((kind) => kind.padStart(12)).join('')}`);
  for (const subject of SUBJECTS) {
    const bytes = KINDS.map((kind) => {
      const child = [...process.execArgv, '--expose-gc', fileURLToPath(import.meta.url), subject, kind];
      return Math.round(Number(execFileSync(process.execPath, child, { encoding: 'utf8' })));
    });
    console.log(`${subject.padEnd(14)}${bytes.map((one) => String(one).padStart(12)).join('')}`);
  }
}

/** Records into every series, as an application does: with objects and texts made for the call. */
async function measure(subject, kind) {
  const { record, collect } = await (subject === 'prom-client'
    ? promClient(kind)
    : openTelemetry(subject, kind));
  await collect();
  const before = used();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < SERIES; i++)
      record({
        service: `checkout-${i % 10}`,
        operation: `operation_number_${i}`,
        status: i % 3 === 0 ? '500' : '200',
      });
    await collect();
  }
  // What was collected is still held by the awaiting until the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  const bytes = (used() - before) / SERIES;
  record({ service: 'still', operation: 'in', status: 'use' });
  return bytes;
}

async function openTelemetry(subject, kind) {
  const [name, delta] = subject.split(', ');
  const sdk = fromRoot('@opentelemetry/sdk-metrics');
  const { CellMeterProvider } = await import(new URL('../../dist/index.js', import.meta.url).href);
  class Reader extends sdk.MetricReader {
    async onShutdown() {}
    async onForceFlush() {}
  }
  const reader = new Reader({ aggregationTemporalitySelector: () => (delta === undefined ? 1 : 0) });
  const Provider = name === 'cells' ? CellMeterProvider : sdk.MeterProvider;
  const views = [{ instrumentName: '*', aggregationCardinalityLimit: 1e6 }];
  const meter = new Provider({ readers: [reader], views }).getMeter('bench');
  const collect = () => reader.collect();
  if (kind === 'counter') {
    const counter = meter.createCounter('c');
    return { record: (attributes) => counter.add(1, attributes), collect };
  }
  const histogram = meter.createHistogram('h', { advice: { explicitBucketBoundaries: BOUNDS } });
  return { record: (attributes) => histogram.record(0.02, attributes), collect };
}

async function promClient(kind) {
  const { Counter, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  const options = {
    name: 'm',
    help: 'm',
    labelNames: ['service', 'operation', 'status'],
    registers: [registry],
  };
  const collect = async () => void (await registry.metrics());
  if (kind === 'counter') {
    const counter = new Counter(options);
    return { record: (labels) => counter.inc(labels), collect };
  }
  const histogram = new Histogram({ ...options, buckets: BOUNDS });
  return { record: (labels) => histogram.observe(labels, 0.02), collect };
}

function used() {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [subject, kind] = process.argv.slice(2);
  console.log(await measure(subject, kind));
}
