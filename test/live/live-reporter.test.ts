import { expect } from 'chai';
import { Limiter } from '../../src/async/limiter.js';
import { AsyncPool } from '../../src/async/pool/async-pool.js';
import { CacheBudget } from '../../src/cache/budget/cache-budget.js';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { MemoryCache } from '../../src/cache/memory-cache.js';
import { LiveReporter } from '../../src/live/live-reporter.js';
import { MetricsCollector } from '../../src/monitor/metrics-collector.js';
import { PerformanceMonitor } from '../../src/monitor/performance-monitor.js';
import { ResourceOptimizer } from '../../src/optimizer/resource-optimizer.js';
import { ResourceTracker } from '../../src/resources/resource-tracker.js';
import { httpServerRequestDuration } from '../../src/telemetry/catalogue.js';
import { instrumentsOf } from '../../src/telemetry/instruments.js';
import { CellMeterProvider } from '../../src/telemetry/provider/cell-meter-provider.js';
import { FakeClock } from '../fakes/fake-clock.js';

function reported() {
  const clock = new FakeClock();
  const meterProvider = new CellMeterProvider();
  const provided = { meterProvider, clock };
  const monitor = new PerformanceMonitor({
    meterProvider,
    metricsCollector: new MetricsCollector({ clock }),
    resourceTracker: new ResourceTracker(provided),
  });
  const optimizer = new ResourceOptimizer(provided);
  const instruments = instrumentsOf(meterProvider);
  const process = { service: 'shop', processes: 'alone', metricsPath: '/metrics' } as const;
  const reporter = new LiveReporter({ monitor, optimizer, instruments, clock, process });
  const report = (isWatched = true) => reporter.report({ isWatched });
  return { clock, provided, monitor, optimizer, instruments, reporter, report };
}

describe('LiveReporter', () => {
  it('says who it is about, and little where nothing happens', () => {
    const { report } = reported();

    const told = report(false);

    expect(told.process).to.include({ service: 'shop', pid: process.pid, node: process.version });
    expect(told).to.deep.include({ version: 1, operations: [], requests: [], caches: [], budgets: [] });
    expect(told.async).to.deep.equal({ queues: [], pools: [], breakers: [], shedders: [] });
    expect(told.resources.current).to.equal(undefined);
    expect(told.optimizer).to.deep.include({ isAutomatic: false, decisions: [], held: [] });
    expect(told.optimizer.modes).to.include({ cache_budget: 'advise', cpu_advice: 'advise' });
  });

  it('tells operations of the last minute, the most time-consuming first', () => {
    const { clock, monitor, report } = reported();
    const [slow, quick] = [monitor.recorder('slow'), monitor.recorder('quick')];
    for (let second = 0; second < 10; second++) {
      slow.succeeded(0.2);
      slow.failed(0.4, new Error('no'));
      for (let i = 0; i < 10; i++) quick.succeeded(0.001);
      clock.advance(1);
    }

    const { operations } = report();

    expect(operations.map(({ name }) => name)).to.deep.equal(['slow', 'quick']);
    const [first] = operations;
    expect(first).to.deep.include({ rate: 2, errorRate: 1 });
    expect(first!.mean).to.be.closeTo(0.3, 1e-9);
    expect(first!.p50).to.be.closeTo(0.2, 0.01);
    expect(first!.p99).to.be.closeTo(0.4, 0.01);
    expect(first!.rates.slice(-3)).to.deep.equal([2, 2, 2]);
    expect(first!.means.at(-1)).to.equal(0.3);
    expect(first!.rates[0]).to.equal(null);
  });

  it('tells 50 operations at most, whatever there are', () => {
    const { monitor, report } = reported();
    for (let i = 0; i < 120; i++) monitor.recorder(`op ${i}`).succeeded(i);

    const { operations } = report();

    expect(operations).to.have.length(50);
    expect(operations[0]!.name).to.equal('op 119');
  });

  it('tells requests by method and route', () => {
    const { clock, instruments, report } = reported();
    const requests = instruments.histogram(httpServerRequestDuration);
    report();
    const get = { 'http.request.method': 'GET', 'url.scheme': 'http' } as const;
    requests.record(0.1, { ...get, 'http.route': '/a', 'http.response.status_code': 200 });
    requests.record(0.3, { ...get, 'http.route': '/a', 'http.response.status_code': 503 });
    requests.record(0.1, { ...get, 'http.response.status_code': 404 });
    clock.advance(2);

    const [routed, unrouted] = report().requests;

    expect(routed).to.deep.equal({ name: 'GET /a', rate: 1, errorRate: 0.5, mean: 0.2 });
    expect(unrouted).to.deep.equal({ name: 'GET (no route)', rate: 0.5, errorRate: 0, mean: 0.1 });
  });

  it('tells what caches answered, and what they would with other memory', async () => {
    const { clock, provided, optimizer, report } = reported();
    const budget = new CacheBudget({ name: 'shared', maxBytes: '1mb', ...provided });
    optimizer.registerBudget(budget);
    const primary = new MemoryCache({ budget, curve: { samples: 1000 }, clock });
    const cache = new CacheManager({ name: 'users', primary, ...provided });
    report();
    for (let i = 0; i < 2000; i++) await cache.getOrSet(`secret ${i % 500}`, async () => 'private');
    clock.advance(4);

    const told = report();

    const [users] = told.caches;
    expect(users).to.deep.include({ name: 'users', lookupRate: 500, hitRatio: 0.75, evictionRate: 0 });
    expect(users!.tiers).to.have.length(1);
    expect(users!.tiers[0]).to.include({ kind: 'memory', entries: 500, hitRatio: 0.75 });
    expect(users!.whatIf.map(({ size }) => size)).to.deep.equal([
      'quarter',
      'half',
      'same',
      'double',
      'fourfold',
    ]);
    expect(told.budgets[0]).to.include({ name: 'shared', maxBytes: 1024 ** 2 });
    // What is kept is nobody's business.
    expect(JSON.stringify(told)).not.to.match(/secret|private/);
  });

  it('tells queues and pools', async () => {
    const { provided, report } = reported();
    const limiter = new Limiter({ name: 'search', limit: 1, ...provided });
    const pool = new AsyncPool({ name: 'db', maxSize: 3, factory: async () => ({}), ...provided });
    let release = () => {};
    const held = limiter.run(() => new Promise<void>((resolve) => (release = resolve)));
    const queued = limiter.run(async () => {});
    const lease = await pool.acquire();

    const { queues, pools } = report().async;

    expect(queues[0]).to.deep.include({ name: 'search', active: 1, limit: 1, queued: 1 });
    expect(pools[0]).to.deep.include({ name: 'db', used: 1, idle: 0, limit: 3, waiting: 0 });
    release();
    await Promise.all([held, queued]);
    pool.release(lease);
    await pool.close();
  });

  it('tells resources and their last minutes', async () => {
    const { clock, monitor, report } = reported();
    await monitor.start();
    clock.advance(5);
    await monitor.resources!.sample();

    const { current, series, heapLimitBytes } = report().resources;
    await monitor.stop();

    expect(current?.processMemoryMb).to.be.above(10);
    expect(series.processMemoryMb).to.have.length(60);
    expect(series.processMemoryMb.at(-1)).to.be.above(10);
    expect(heapLimitBytes).to.be.above(1e6);
  });

  it('tells decisions while it is open', async () => {
    const { optimizer, report, reporter } = reported();
    await optimizer.optimizeAll();
    const before = report().optimizer;
    reporter.close();
    await optimizer.optimizeAll();

    expect(before.held.length).to.be.above(0);
    expect(before.counts.held).to.be.above(0);
    expect(report().optimizer.held).to.deep.equal(before.held);
  });
});
