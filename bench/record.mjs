// What does one recording cost? Ours, OpenTelemetry by hand and prom-client, each in its fastest and in its usual way.
//
// All record the same values under the same labels: none, one with 16 values, or that one and two constant ones.
// "same" passes an object made before, "fresh" makes the object in the call, as most code does.
// OpenTelemetry and prom-client hold their instrument in a variable; our record...(name) also finds it by its name.
// Ours checks each value and keeps its own copy of the labels, so that NaN or a changed object cannot spoil a series.
// Nobody scrapes meanwhile: what a collection costs is not part of a recording.
//
// The second group compares MeterProviders behind the API of OpenTelemetry: ours of cells, with one reader and with two, and
// the one of the SDK. --memory prints what a series weighs instead.
import { createSuite } from './harness.mjs';
import { expectCollected } from './lib/collected.mjs';
import { oursFor, stockProvider } from './lib/ours.mjs';
import { addProviders } from './lib/provider-cases.mjs';
import { printSeriesMemory } from './lib/series-memory.mjs';

/** The bounds ours gives to durations; the others get the same. */
const BOUNDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

const MASK = 4095;
const ROUTES = Array.from({ length: MASK + 1 }, (_, i) => `/route/${i & 15}`);
/** 2 to 110 ms in an order the branch predictor cannot learn. */
const SECONDS = Float64Array.from(ROUTES, (_, i) => 0.002 * Math.exp(((i * 2_654_435_761) % 4096) / 1024));

let position = 0;
const route = () => ROUTES[(position = (position + 1) & MASK)];
const seconds = () => SECONDS[(position = (position + 1) & MASK)];

const LABELS = ['route', 'method', 'status'];
const one = { route: '/route/0' };
const three = { route: '/route/0', method: 'GET', status: '200' };

const work = (n) => n + 1;
const workLater = async (n) => n + 1;
const thrown = (error) => {
  throw error;
};

const suite = createSuite('record', {
  packages: ['@gary-zero/performance', '@opentelemetry/api', '@opentelemetry/sdk-metrics', 'prom-client'],
});

addFloors();
addOurs();
addOpenTelemetry();
addPromClient();
suite.group();
addProviders(suite, { seconds, route });
if (process.argv.includes('--memory')) printSeriesMemory();
else await suite.run();

function addFloors() {
  const field = { total: 0 };
  suite.sync('floor: empty call', () => () => {});
  suite.sync('floor: add to a field', () => () => {
    field.total += 1;
  });
  suite.sync('floor: two performance.now()', () => () => {
    const start = performance.now();
    return performance.now() - start;
  });
  suite.awaited('floor: plain async call', () => () => workLater(1));
  // The least that measuring one takes: to look at the clock twice and to hear of the end.
  suite.awaited('floor: async call, clock read at start and end', () => {
    const settled = (value) => {
      field.total += performance.now();
      return value;
    };
    return () => {
      field.total -= performance.now();
      return workLater(1).then(settled, thrown);
    };
  });
}

function addOurs() {
  const start = oursFor(suite);
  const add = (kind, name, baseline, setup) => {
    const metric = metricOf(name);
    suite[kind](name, async () => setup(await start(), metric), {
      baseline,
      verify: async () => expectCollected((await start()).reader, under(metric)),
    });
  };

  const field = 'floor: add to a field';
  add('sync', 'ours: counter bound, 3 tags', field, ({ monitor }, metric) => {
    const counter = monitor.counter(metric).bind(three);
    return () => counter.add(1);
  });
  add('sync', 'ours: counter bound, 1 tag', field, ({ monitor }, metric) => {
    const counter = monitor.counter(metric).bind(one);
    return () => counter.add(1);
  });
  add('sync', 'ours: counter bound, no tags', field, ({ monitor }, metric) => {
    const counter = monitor.counter(metric).bind();
    return () => counter.add(1);
  });
  add('sync', 'ours: counter by name, 1 tag fresh', field, ({ monitor }, metric) => {
    return () => monitor.recordCounter(metric, 1, { route: route() });
  });
  add('sync', 'ours: counter by name, 3 tags fresh', field, ({ monitor }, metric) => {
    return () => monitor.recordCounter(metric, 1, { route: route(), method: 'GET', status: '200' });
  });
  add('sync', 'ours: gauge bound, 3 tags', field, ({ monitor }, metric) => {
    const gauge = monitor.gauge(metric).bind(three);
    return () => gauge.record(seconds());
  });
  add('sync', 'ours: histogram bound, 3 tags', field, ({ monitor }, metric) => {
    const histogram = monitor.histogram(metric, { unit: 's' }).bind(three);
    return () => histogram.record(seconds());
  });
  add('sync', 'ours: histogram bound, 1 tag', field, ({ monitor }, metric) => {
    const histogram = monitor.histogram(metric, { unit: 's' }).bind(one);
    return () => histogram.record(seconds());
  });
  add('sync', 'ours: histogram bound, no tags', field, ({ monitor }, metric) => {
    const histogram = monitor.histogram(metric, { unit: 's' }).bind();
    return () => histogram.record(seconds());
  });
  add('sync', 'ours: histogram by name, 1 tag fresh', field, ({ monitor }, metric) => {
    monitor.histogram(metric, { unit: 's' });
    return () => monitor.recordHistogram(metric, seconds(), { route: route() });
  });
  add('sync', 'ours: histogram by name, 3 tags fresh', field, ({ monitor }, metric) => {
    monitor.histogram(metric, { unit: 's' });
    return () => monitor.recordHistogram(metric, seconds(), { route: route(), method: 'GET', status: '200' });
  });

  // The name of the operation is a tag too, so a timer with one tag records two.
  const clocks = 'floor: two performance.now()';
  add('sync', 'ours: timer object, name and 1 tag', clocks, ({ monitor }, operation) => {
    return () => {
      const timer = monitor.startTimer(operation, { route: route() });
      work(1);
      return timer.end();
    };
  });
  add('sync', 'ours: time(fn), name and 1 tag', clocks, ({ monitor }, operation) => {
    return () => monitor.time(operation, { route: route() }, () => work(1));
  });
  add('sync', 'ours: timer(name)(fn)', clocks, ({ timer }, operation) => {
    const timed = timer(operation)(work);
    return () => timed(1);
  });
  add('awaited', 'ours: timer(name)(async fn)', 'floor: plain async call', ({ timer }, operation) => {
    const timed = timer(operation)(workLater);
    return () => timed(1);
  });
}

function addOpenTelemetry() {
  const { meterProvider, reader } = stockProvider(suite);
  const meter = meterProvider.getMeter('bench');
  const add = (kind, name, baseline, setup) => {
    const metric = metricOf(name);
    // Text costs by its length, so a timed operation is called as in the case it is compared with.
    suite[kind](name, () => setup(metric, metricOf(baseline)), {
      baseline,
      verify: () => expectCollected(reader, under(metric)),
    });
  };
  const histogramOf = (metric) =>
    meter.createHistogram(metric, { unit: 's', advice: { explicitBucketBoundaries: BOUNDS } });

  add('sync', 'otel: counter, no attributes', 'ours: counter bound, no tags', (metric) => {
    const counter = meter.createCounter(metric);
    return () => counter.add(1);
  });
  add('sync', 'otel: counter, 1 attribute same', 'ours: counter bound, 1 tag', (metric) => {
    const counter = meter.createCounter(metric);
    return () => counter.add(1, one);
  });
  add('sync', 'otel: counter, 1 attribute fresh', 'ours: counter by name, 1 tag fresh', (metric) => {
    const counter = meter.createCounter(metric);
    return () => counter.add(1, { route: route() });
  });
  add('sync', 'otel: counter, 3 attributes same', 'ours: counter bound, 3 tags', (metric) => {
    const counter = meter.createCounter(metric);
    return () => counter.add(1, three);
  });
  add('sync', 'otel: counter, 3 attributes fresh', 'ours: counter by name, 3 tags fresh', (metric) => {
    const counter = meter.createCounter(metric);
    return () => counter.add(1, { route: route(), method: 'GET', status: '200' });
  });
  add('sync', 'otel: gauge, 3 attributes same', 'ours: gauge bound, 3 tags', (metric) => {
    const gauge = meter.createGauge(metric);
    return () => gauge.record(seconds(), three);
  });
  add('sync', 'otel: histogram, no attributes', 'ours: histogram bound, no tags', (metric) => {
    const histogram = histogramOf(metric);
    return () => histogram.record(seconds());
  });
  add('sync', 'otel: histogram, 1 attribute same', 'ours: histogram bound, 1 tag', (metric) => {
    const histogram = histogramOf(metric);
    return () => histogram.record(seconds(), one);
  });
  add('sync', 'otel: histogram, 1 attribute fresh', 'ours: histogram by name, 1 tag fresh', (metric) => {
    const histogram = histogramOf(metric);
    return () => histogram.record(seconds(), { route: route() });
  });
  add('sync', 'otel: histogram, 3 attributes same', 'ours: histogram bound, 3 tags', (metric) => {
    const histogram = histogramOf(metric);
    return () => histogram.record(seconds(), three);
  });
  add('sync', 'otel: histogram, 3 attributes fresh', 'ours: histogram by name, 3 tags fresh', (metric) => {
    const histogram = histogramOf(metric);
    return () => histogram.record(seconds(), { route: route(), method: 'GET', status: '200' });
  });

  // What people write around a call. Unlike ours, none of it tells failed calls apart.
  add(
    'sync',
    'otel: hand timer, name and 1 attribute',
    'ours: timer object, name and 1 tag',
    (metric, operation) => {
      const histogram = histogramOf(metric);
      return () => {
        const start = performance.now();
        work(1);
        const elapsed = (performance.now() - start) / 1000;
        histogram.record(elapsed, { 'perf.operation.name': operation, route: route() });
        return elapsed;
      };
    },
  );
  add('sync', 'otel: hand-timed sync fn', 'ours: timer(name)(fn)', (metric, operation) => {
    const histogram = histogramOf(metric);
    const timed = (n) => {
      const start = performance.now();
      try {
        return work(n);
      } finally {
        histogram.record((performance.now() - start) / 1000, { 'perf.operation.name': operation });
      }
    };
    return () => timed(1);
  });
  add('awaited', 'otel: hand-timed async fn', 'ours: timer(name)(async fn)', (metric, operation) => {
    const histogram = histogramOf(metric);
    const timed = async (n) => {
      const start = performance.now();
      try {
        return await workLater(n);
      } finally {
        histogram.record((performance.now() - start) / 1000, { 'perf.operation.name': operation });
      }
    };
    return () => timed(1);
  });
}

function addPromClient() {
  const client = once(() => import('prom-client'));
  const registry = once(async () => new (await client()).Registry());
  const add = (name, baseline, setup) => {
    const metric = metricOf(name);
    const instrument = async (type, labelNames = []) => {
      const options = { name: metric, help: name, labelNames, registers: [await registry()] };
      const { Counter, Histogram } = await client();
      return type === 'counter' ? new Counter(options) : new Histogram({ ...options, buckets: BOUNDS });
    };
    suite.sync(name, () => setup(instrument, metricOf(baseline)), {
      baseline,
      verify: async () => expectKept(await registry(), metric),
    });
  };

  add('prom-client: counter, no labels', 'ours: counter bound, no tags', async (instrument) => {
    const counter = await instrument('counter');
    return () => counter.inc();
  });
  add('prom-client: counter, 1 label fresh', 'ours: counter by name, 1 tag fresh', async (instrument) => {
    const counter = await instrument('counter', ['route']);
    return () => counter.inc({ route: route() });
  });
  add('prom-client: counter, 3 labels fresh', 'ours: counter by name, 3 tags fresh', async (instrument) => {
    const counter = await instrument('counter', LABELS);
    return () => counter.inc({ route: route(), method: 'GET', status: '200' });
  });
  // labels() is prom-client's bind.
  add('prom-client: counter bound, 3 labels', 'ours: counter bound, 3 tags', async (instrument) => {
    const counter = (await instrument('counter', LABELS)).labels(three);
    return () => counter.inc();
  });
  add('prom-client: histogram, no labels', 'ours: histogram bound, no tags', async (instrument) => {
    const histogram = await instrument('histogram');
    return () => histogram.observe(seconds());
  });
  add('prom-client: histogram, 1 label fresh', 'ours: histogram by name, 1 tag fresh', async (instrument) => {
    const histogram = await instrument('histogram', ['route']);
    return () => histogram.observe({ route: route() }, seconds());
  });
  add(
    'prom-client: histogram, 3 labels fresh',
    'ours: histogram by name, 3 tags fresh',
    async (instrument) => {
      const histogram = await instrument('histogram', LABELS);
      return () => histogram.observe({ route: route(), method: 'GET', status: '200' }, seconds());
    },
  );
  add('prom-client: histogram bound, 3 labels', 'ours: histogram bound, 3 tags', async (instrument) => {
    const histogram = (await instrument('histogram', LABELS)).labels(three);
    return () => histogram.observe(seconds());
  });
  add(
    'prom-client: startTimer and end, 2 labels',
    'ours: timer object, name and 1 tag',
    async (instrument, operation) => {
      const histogram = await instrument('histogram', ['perf_operation_name', 'route']);
      return () => {
        const end = histogram.startTimer({ perf_operation_name: operation, route: route() });
        work(1);
        return end();
      };
    },
  );
}

/** Each case records under a name of its own, so that it can be found again. */
function metricOf(name) {
  return name.replaceAll(/[^a-z0-9]+/gi, '_');
}

/** A metric of this name, or the timed operation of this name. */
function under(name) {
  return (metric, attributes) => metric === name || attributes['perf.operation.name'] === name;
}

async function expectKept(registry, name) {
  const { values } = await registry.getSingleMetric(name).get();
  if (!values.some(({ value }) => value > 0)) throw new Error('nothing was recorded');
}

function once(make) {
  let made;
  return () => (made ??= make());
}
