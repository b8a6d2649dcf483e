import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startPerformance, type Performance } from '../../src/performance.js';
import { differences, readPage, readTypes, without, type Page } from './collector-page.js';
import { collectorPath, configured, startCollector, type RunningCollector } from './collector-process.js';
import { needsServer, waitFor } from './servers.js';
import { useEverything } from './use-everything.js';

const CONFIG = ['collector.yaml', 'collector-prometheus3.yaml', 'collector-durable.yaml'];

/** What a scrape of the application does not know: Prometheus adds them there, the collector takes them along. */
const TARGET_LABELS = ['job', 'instance'];
/** Made anew by each writer from the resource: compared by itself. */
const ONE_ROAD = /^target_info$/;

describe('e2e the configurations of the collector', function () {
  this.timeout(60_000);

  before(function () {
    needsServer(this, 'otelcol');
  });

  for (const count of [1, 2, 3]) {
    const files = CONFIG.slice(0, count);
    it(`are valid: ${files.join(', ')}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'otelcol-queue-'));
      const env = { ...process.env, OTELCOL_STORAGE: join(folder, 'queue') };
      try {
        await promisify(execFile)(collectorPath(), ['validate', ...configured(...files)], { env });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});

describe('e2e an application behind a real collector', function () {
  this.timeout(60_000);
  let collector: RunningCollector;
  let performance: Performance;
  const environment = { ...process.env };

  before(async function () {
    needsServer(this, 'otelcol');
    collector = await startCollector();
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.otlpUrl;
    process.env['OTEL_METRIC_EXPORT_INTERVAL'] = '3600000';
    performance = startPerformance({
      serviceName: 'shop',
      resourceAttributes: { 'service.instance.id': 'shop-1', 'deployment.environment.name': 'test' },
      exporters: ['prometheus', 'otlp'],
      prometheus: { port: 0 },
      registerGlobal: false,
      optimizer: { auto: false },
    });
    await performance.ready;
    await useEverything(performance);
  });
  after(async () => {
    await performance?.shutdown();
    await collector?.stop();
    for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_METRIC_EXPORT_INTERVAL']) {
      if (environment[name] === undefined) delete process.env[name];
      else process.env[name] = environment[name];
    }
  });

  interface Roads {
    readonly ours: string;
    readonly theirs: string;
    /** Series of the application that had the same value before and after the collector was told. */
    readonly still: ReadonlySet<string>;
  }

  /** The application's page and the collector's, of a moment when no series came or went. */
  async function bothRoads(): Promise<Roads> {
    return waitFor(
      async () => {
        const before = readPage(await textOf(performance.metricsUrl!));
        await (performance.meterProvider as unknown as { forceFlush(): Promise<void> }).forceFlush();
        const theirs = await textOf(collector.metricsUrl);
        const ours = await textOf(performance.metricsUrl!);
        const after = readPage(ours);
        if (before.size !== after.size || !theirs.includes('orders')) return undefined;
        const still = new Set(
          [...before.keys()].filter((series) => before.get(series) === after.get(series)),
        );
        return { ours, theirs, still };
      },
      { what: 'a moment when no series comes', timeout: 30 },
    );
  }

  it('has the same series as its own page, and the same values', async () => {
    const { ours, theirs, still } = await bothRoads();

    const here = without(readPage(ours), { names: ONE_ROAD });
    const there = without(readPage(theirs), { labels: TARGET_LABELS, names: ONE_ROAD });
    expect(differences(withoutValues(here), withoutValues(there))).to.deep.equal([]);
    const moved = (series: string) => !still.has(series);
    expect(
      differences(here, there).filter((line) => !moved(line.slice(0, line.lastIndexOf('}') + 1))),
    ).to.deep.equal([]);
    for (const name of ['orders_total', 'checkout_duration_seconds_bucket', 'perf_cache_lookups_total']) {
      expect([...still].some((series) => series.startsWith(`${name}{`))).to.equal(true, name);
    }
  });

  it('has the same types', async () => {
    const { ours, theirs } = await bothRoads();

    const there = readTypes(theirs);
    const other = [...readTypes(ours)].filter(([name, type]) => there.get(name) !== type);
    expect(other).to.deep.equal([]);
  });

  it('says the same about the application', async () => {
    const { ours, theirs } = await bothRoads();

    const target = (text: string) => text.split('\n').find((line) => line.startsWith('target_info{'));
    expect(target(theirs))
      .to.match(/job="shop"/)
      .and.match(/instance="shop-1"/);
    for (const [, label] of target(ours)!.matchAll(/([a-z_]+="(?:[^"\\]|\\.)*")/g)) {
      if (!/^service_(name|namespace|instance_id)=/.test(label!)) expect(target(theirs)).to.contain(label);
    }
  });
});

const withoutValues = (page: Page): Page => new Map([...page.keys()].map((series) => [series, 'a value']));

async function textOf(url: string): Promise<string> {
  const response = await fetch(url, { headers: { accept: 'text/plain;version=0.0.4' } });
  expect(response.status).to.equal(200);
  return response.text();
}
