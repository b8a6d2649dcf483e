import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { freePort } from './processes.js';
import { startPerformance, type Performance } from '../../src/performance.js';
import { skipBecause, startPrometheus, waitFor, type RunningPrometheus, type Sample } from './servers.js';
import { useEverything } from './use-everything.js';

const { prometheus3Path }: { readonly prometheus3Path: () => string } = createRequire(import.meta.url)(
  '../../scripts/prometheus3.mjs',
);

/** What differs by the way a series came: who scraped, and what was made of the resource. */
const OF_THE_ROAD = new Set(['job', 'instance']);
/** Series Prometheus adds where it scrapes, and what each road makes of the resource by itself. */
const NOT_COMPARED = /^(?:up|scrape_.*|target_info)$/;

describe('e2e a Prometheus that takes OTLP and scrapes the same application', function () {
  this.timeout(60_000);
  let prometheus: RunningPrometheus;
  let performance: Performance;
  const environment = { ...process.env };
  const VARIABLES = ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'OTEL_METRIC_EXPORT_INTERVAL'];

  before(async function () {
    const program = prometheus3Path();
    if (!existsSync(program))
      skipBecause(this, 'Prometheus 3 is not built (npm run prometheus3 does, with Go 1.26)');
    const port = await freePort();
    prometheus = await startPrometheus({
      program,
      targets: [`127.0.0.1:${port}`],
      jobName: 'scraped',
      args: ['--web.enable-otlp-receiver'],
    });
    process.env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] = `${prometheus.url}/api/v1/otlp/v1/metrics`;
    process.env['OTEL_METRIC_EXPORT_INTERVAL'] = '3600000';
    performance = startPerformance({
      serviceName: 'pushed',
      resourceAttributes: { 'service.instance.id': 'pushed-1' },
      exporters: ['prometheus', 'otlp'],
      prometheus: { port },
      registerGlobal: false,
      optimizer: { auto: false },
    });
    await performance.ready;
    await useEverything(performance);
  });
  after(async () => {
    await performance?.shutdown();
    await prometheus?.stop();
    for (const name of VARIABLES) {
      if (environment[name] === undefined) delete process.env[name];
      else process.env[name] = environment[name];
    }
  });

  it('has the same series with the same labels both ways, and those that stood still with the same values', async () => {
    const { scraped, pushed, still } = await waitFor(
      async () => {
        const before = await seriesOf('scraped');
        await (performance.meterProvider as unknown as { forceFlush(): Promise<void> }).forceFlush();
        const there = await seriesOf('pushed');
        const scrapes = await countScrapes();
        await waitFor(async () => (await countScrapes()) > scrapes, { what: 'a scrape' });
        const here = await seriesOf('scraped');
        if (before.size !== here.size || !here.has('orders_total{paid="true",shop_region="eu"}'))
          return undefined;
        return {
          scraped: here,
          pushed: there,
          still: [...here.keys()].filter((series) => before.get(series) === here.get(series)),
        };
      },
      { what: 'a moment when no series comes', timeout: 40 },
    );

    expect(onlyIn(scraped, pushed), 'scraped only').to.deep.equal([]);
    expect(onlyIn(pushed, scraped), 'pushed only').to.deep.equal([]);
    for (const series of still) expect(pushed.get(series), series).to.equal(scraped.get(series));
    expect(still).to.include('orders_total{paid="true",shop_region="eu"}');
    expect(still.length).to.be.above(100);
  });

  async function seriesOf(job: string): Promise<ReadonlyMap<string, string>> {
    const samples = await prometheus.query(`{job="${job}"}`);
    return new Map(samples.filter(isCompared).map((sample) => [nameOf(sample), sample.value[1]]));
  }

  /** How often the application was scraped, as it counts itself. */
  async function countScrapes(): Promise<number> {
    const samples = await prometheus.query('sum(perf_scrape_duration_seconds_count{job="scraped"})');
    return Number(samples[0]?.value[1] ?? 0);
  }
});

function isCompared({ metric }: Sample): boolean {
  return !NOT_COMPARED.test(metric['__name__'] ?? '');
}

function nameOf({ metric: { __name__: name, ...labels } }: Sample): string {
  const own = Object.entries(labels)
    .filter(([label]) => !OF_THE_ROAD.has(label))
    // Prometheus writes bounds its own way where it scrapes, and as they came where they are pushed.
    .map(([label, value]) => `${label}="${label === 'le' ? boundOf(value) : value}"`);
  return `${name}{${own.toSorted().join(',')}}`;
}

function boundOf(value: string): string {
  return value === '+Inf' ? value : String(Number(value));
}

function onlyIn(some: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): string[] {
  return [...some.keys()].filter((series) => !others.has(series));
}
