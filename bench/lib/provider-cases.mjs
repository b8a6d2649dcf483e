import { existsSync } from 'node:fs';
import { expectCollected } from './collected.mjs';
import { fromRoot } from './from-root.mjs';

const BUILT = new URL('../../dist/index.js', import.meta.url);

/** Those the HTTP conventions of OpenTelemetry give to durations in seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Two MeterProviders behind the same API, and prom-client: what an instrument costs that was made by hand. `seconds`
 * gives what to record, `route` the value of one of three labels. Readers are cumulative, as the Prometheus exporter is.
 */
export function addProviders(suite, { seconds, route }) {
  const providers = {
    cells: once(async () => (await ours()).CellMeterProvider),
    sdk: once(async () => fromRoot('@opentelemetry/sdk-metrics').MeterProvider),
  };
  const readerOf = {};
  const providerOf = {};
  const meterOf = {};
  for (const [name, load] of Object.entries(providers)) {
    for (const count of [1, 2]) {
      const key = `${name} ${count}`;
      meterOf[key] = once(async () => {
        const { PrometheusExporter } = fromRoot('@opentelemetry/exporter-prometheus');
        const readers = Array.from(
          { length: count },
          () => new PrometheusExporter({ preventServerStart: true }),
        );
        const provider = new (await load())({ readers });
        suite.onClose(() => provider.shutdown());
        readerOf[key] = readers[0];
        providerOf[key] = provider;
        return provider.getMeter('bench');
      });
    }
  }
  const add = (who, count, what, baseline, setup) => {
    const name = `${who}: ${what}${count === 2 ? ', 2 readers' : ''}`;
    const metric = name.replaceAll(/[^a-z0-9]+/gi, '_');
    const key = `${who} ${count}`;
    suite.sync(name, async () => setup(await meterOf[key](), metric), {
      baseline,
      verify: () => expectCollected(readerOf[key], (collected) => collected === metric),
    });
  };
  const histogramOf = (meter, metric) =>
    meter.createHistogram(metric, { unit: 's', advice: { explicitBucketBoundaries: BOUNDS } });
  const fresh = () => ({ route: route(), method: 'GET', status: 200 });

  suite.sync('floor: the value to record', () => seconds);
  add('cells', 1, 'counter bound', 'floor: the value to record', (meter, metric) => {
    const counter = meter.createCounter(metric).bind(fresh());
    return () => counter.add(1);
  });
  add('cells', 1, 'histogram bound', 'floor: the value to record', (meter, metric) => {
    const histogram = histogramOf(meter, metric).bind(fresh());
    return () => histogram.record(seconds());
  });
  add('cells', 1, 'histogram of the monitor bound', 'cells: histogram bound', async (_, metric) => {
    const { PerformanceMonitor } = await ours();
    const monitor = new PerformanceMonitor({ meterProvider: providerOf['cells 1'] });
    const histogram = monitor.histogram(metric, { unit: 's' }).bind(fresh());
    return () => histogram.record(seconds());
  });
  for (const who of ['cells', 'sdk']) {
    const baselineOf = (what, own) => (who === 'sdk' ? `cells: ${what}` : own);
    for (const count of [1, 2]) {
      const same = (what) =>
        who === 'sdk' ? `cells: ${what}${count === 2 ? ', 2 readers' : ''}` : `cells: ${what}`;
      const what = 'counter, 3 attributes fresh';
      add(
        who,
        count,
        what,
        count === 1 ? baselineOf(what, 'cells: counter bound') : same(what),
        (meter, metric) => {
          const counter = meter.createCounter(metric);
          return () => counter.add(1, fresh());
        },
      );
      const other = 'histogram, 3 attributes fresh';
      add(
        who,
        count,
        other,
        count === 1 ? baselineOf(other, 'cells: histogram bound') : same(other),
        (meter, metric) => {
          const histogram = histogramOf(meter, metric);
          return () => histogram.record(seconds(), fresh());
        },
      );
    }
    add(
      who,
      1,
      'counter, no attributes',
      baselineOf('counter, no attributes', 'cells: counter bound'),
      (meter, metric) => {
        const counter = meter.createCounter(metric);
        return () => counter.add(1);
      },
    );
  }
  addPromClient(suite, seconds, fresh);
}

function addPromClient(suite, seconds, fresh) {
  const client = once(() => import('prom-client'));
  const labelNames = Object.keys(fresh());
  const add = (what, type, baseline, setup) => {
    let instrument;
    suite.sync(
      `prom: ${what}`,
      async () => {
        const { Counter, Histogram } = await client();
        const options = { name: what.replaceAll(/[^a-z0-9]+/gi, '_'), help: what, labelNames, registers: [] };
        instrument =
          type === 'counter' ? new Counter(options) : new Histogram({ ...options, buckets: BOUNDS });
        return setup(instrument);
      },
      { baseline, verify: () => expectKept(instrument) },
    );
  };
  add('counter, 3 labels fresh', 'counter', 'cells: counter, 3 attributes fresh', (counter) => {
    return () => counter.inc(fresh());
  });
  add('counter labels()', 'counter', 'cells: counter bound', (counter) => {
    const bound = counter.labels(fresh());
    return () => bound.inc();
  });
  add('histogram, 3 labels fresh', 'histogram', 'cells: histogram, 3 attributes fresh', (histogram) => {
    return () => histogram.observe(fresh(), seconds());
  });
  add('histogram labels()', 'histogram', 'cells: histogram bound', (histogram) => {
    const bound = histogram.labels(fresh());
    return () => bound.observe(seconds());
  });
}

async function expectKept(instrument) {
  const { values } = await instrument.get();
  if (!values.some(({ value }) => value > 0)) throw new Error('nothing was recorded');
}

async function ours() {
  if (!existsSync(BUILT)) throw new Error('dist/index.js is missing, build the package first');
  return import(BUILT.href);
}

function once(make) {
  let made;
  return () => (made ??= make());
}
