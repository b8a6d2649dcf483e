import { metrics } from '@opentelemetry/api';
import { expect } from 'chai';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { InvalidOptionError } from '../../src/errors.js';
import type { LiveReport } from '../../src/live/live-report.js';
import { startPerformance, type Performance } from '../../src/performance.js';
import type { PrometheusOptions } from '../../src/performance-options.js';

describe('the live page of startPerformance', () => {
  let running: Performance | undefined;
  const before = { ...process.env };
  afterEach(async () => {
    await running?.shutdown();
    running = undefined;
    metrics.disable();
    for (const name of ['NODE_ENV', 'PERF_LIVE_PAGE']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  async function answers(environment: Record<string, string>, options: PrometheusOptions = {}) {
    Object.assign(process.env, environment);
    running = startPerformance({
      serviceName: 'shop',
      prometheus: { port: 0, ...options },
      optimizer: { auto: false },
    });
    await running.ready;
    const [page, report] = await Promise.all(
      ['/', '/live?once'].map((path) => fetch(new URL(path, running!.metricsUrl))),
    );
    return { statuses: [page!.status, report!.status], report: report! };
  }

  it('is served beside the metrics, about this process', async () => {
    const { statuses, report } = await answers({});
    const told = (await report.json()) as LiveReport;

    expect(statuses).to.deep.equal([200, 200]);
    expect(told.process).to.include({ service: 'shop', processes: 'alone', metricsPath: '/metrics' });
    expect(told.resources.current?.processMemoryMb).to.be.above(10);
  });

  it('knows operations and caches of the process', async () => {
    await answers({});
    const { monitor, metricsUrl } = running!;
    monitor.time('checkout', () => {});
    // So many that caches of other tests are not asked more.
    const cache = new CacheManager({ name: 'much asked' });
    await cache.getOrSet('k', async () => 1);
    for (let lookup = 1; lookup < 50_000; lookup++) cache.getIfPresent('k');

    const report = await fetch(new URL('/live?once', metricsUrl));
    const { operations, caches } = (await report.json()) as LiveReport;

    expect(operations.map(({ name }) => name)).to.deep.equal(['checkout']);
    expect(caches.find(({ name }) => name === 'much asked')?.hitRatio).to.be.within(0.999, 0.9999999);
  });

  for (const [environment, options, status] of [
    [{ NODE_ENV: 'production' }, {}, 404],
    [{ NODE_ENV: 'production', PERF_LIVE_PAGE: 'true' }, {}, 200],
    [{ NODE_ENV: 'production' }, { page: true }, 200],
    [{ NODE_ENV: 'development' }, {}, 200],
    [{ NODE_ENV: 'development', PERF_LIVE_PAGE: 'false' }, {}, 404],
    [{ PERF_LIVE_PAGE: 'false' }, { page: true }, 200],
    [{ PERF_LIVE_PAGE: 'true' }, { page: false }, 404],
  ] as const) {
    const told = JSON.stringify({ ...environment, ...options });
    it(`${status === 200 ? 'is' : 'is not'} there with ${told}`, async () => {
      expect((await answers(environment, options)).statuses).to.deep.equal([status, status]);
    });
  }

  it('wants true or false', () => {
    expect(() => startPerformance({ prometheus: { page: 'yes' as unknown as boolean } })).to.throw(
      InvalidOptionError,
      'prometheus.page must be true or false, got "yes"',
    );
  });
});
