import { createNoopMeter, metrics } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { timer } from '../src/decorators/timer.js';
import { getCacheManager, getPerformanceMonitor, getTaskManager } from '../src/defaults.js';
import { InvalidEnvironmentError, InvalidOptionError, ListenError, RejectedError } from '../src/errors.js';
import type { PerformanceOptions } from '../src/performance-options.js';
import { startPerformance, type Performance } from '../src/performance.js';
import { CellMeterProvider } from '../src/telemetry/provider/cell-meter-provider.js';
import { ExportedReadings } from '../src/telemetry/readings/exported-readings.js';
import { captureNotices } from './fakes/captured-notices.js';
import { captureMetrics, seriesOf } from './fakes/captured-telemetry.js';
import { waitFor } from './e2e/wait-for.js';

const LOCAL: PerformanceOptions = { prometheus: { port: 0 }, optimizer: { auto: false } };

async function scrape({ metricsUrl }: Performance): Promise<string> {
  return (await fetch(metricsUrl!)).text();
}

async function listening(
  handle: Parameters<typeof createServer>[1] & object,
): Promise<{ server: Server; port: number }> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe('startPerformance', () => {
  let running: Performance | undefined;
  const start = (options: PerformanceOptions = LOCAL) => (running = startPerformance(options));
  const withEnvironment = (variables: Record<string, string>) => Object.assign(process.env, variables);
  const environment = { ...process.env };

  afterEach(async () => {
    await running?.shutdown();
    running = undefined;
    metrics.disable();
    for (const name of Object.keys(process.env))
      if (!(name in environment)) Reflect.deleteProperty(process.env, name);
  });

  it('serves what is recorded, resources included', async () => {
    const perf = start({ ...LOCAL, cache: { name: 'served' } });
    await perf.ready;

    perf.monitor.recordCounter('orders', 2, { shop: 'a' });
    perf.monitor.recordGauge('queue_size', 42);
    perf.monitor.time('checkout', () => 1);
    await perf.cache.getOrSet('k', () => 1);

    const text = await scrape(perf);
    for (const line of [
      'orders_total{shop="a"} 2',
      'queue_size 42',
      'perf_operation_duration_seconds_count{perf_operation_name="checkout"} 1',
      'perf_cache_lookups_total{perf_cache_name="served",perf_cache_tier="memory",perf_cache_result="miss"} 1',
    ]) {
      expect(text.split('\n')).to.include(line);
    }
    expect(text).to.match(/^process_memory_usage_bytes \d+$/m);
    expect(text).to.match(/^process_cpu_time_seconds_total\{cpu_mode="user"\} [\d.]+$/m);
  });

  it('makes a provider of cells and registers it', async () => {
    const perf = start();
    await perf.ready;

    expect(perf.meterProvider).to.be.instanceOf(CellMeterProvider);
    expect(metrics.getMeterProvider()).to.equal(perf.meterProvider);
    const bound = (perf.meterProvider as CellMeterProvider).getMeter('shop').createCounter('bound').bind();
    bound.add(2);
    expect(await scrape(perf)).to.match(/^bound_total 2$/m);
  });

  it('makes the provider of the SDK where it is asked for, and serves the same families', async () => {
    const familiesWith = async (meterProvider: 'cells' | 'sdk') => {
      const perf = start({ ...LOCAL, meterProvider });
      await perf.ready;
      perf.monitor.recordCounter('orders', 2, { shop: 'a' });
      perf.monitor.time('checkout', () => 1);
      const text = await scrape(perf);
      const isSdk = perf.meterProvider instanceof MeterProvider;
      await perf.shutdown();
      // What a busy machine delays, or the collector of garbage does, may or may not have happened yet.
      const isOurs = (line: string) => line.startsWith('#') && !/_(delay|gc)_/.test(line);
      return { isSdk, families: text.split('\n').filter(isOurs) };
    };

    const [cells, sdk] = [await familiesWith('cells'), await familiesWith('sdk')];

    expect([cells.isSdk, sdk.isSdk]).to.deep.equal([false, true]);
    expect(cells.families.toSorted()).to.deep.equal(sdk.families.toSorted());
  });

  it('lets listen to what is exported, without collecting for it', async () => {
    const perf = start();
    await perf.ready;
    let collected = 0;
    perf.meterProvider
      .getMeter('shop')
      .createObservableGauge('shop.load')
      .addCallback((result) => result.observe((collected += 1)));
    const readings = new ExportedReadings(perf.exportTap!, ['shop.load']);

    expect(readings.last('shop.load')).to.equal(undefined);
    await scrape(perf);

    expect(readings.last('shop.load')).to.include({ kind: 'gauge', value: 1 });
    expect(collected).to.equal(1);
  });

  it('exports what was counted before it started', async () => {
    getPerformanceMonitor().recordCounter('early', 3);
    timer('early.call')(() => 1)();

    const perf = start();
    await perf.ready;

    expect(await scrape(perf)).to.match(/^early_total 3$/m);
  });

  it('exports series no more that are idle for as long as it is told', async () => {
    const perf = start({ ...LOCAL, seriesIdleTimeout: '1ms' });
    await perf.ready;
    perf.meterProvider.getMeter('shop').createCounter('orders').add(1);

    await waitFor(async () => !(await scrape(perf)).includes('orders_total'), {
      what: 'the end of a series',
    });
  });

  it('knows idle series only of its own provider', () => {
    for (const meterProvider of ['sdk', new CellMeterProvider()] as const)
      expect(() => start({ meterProvider, seriesIdleTimeout: '1h' })).to.throw(
        InvalidOptionError,
        "seriesIdleTimeout must be left out unless meterProvider is 'cells'",
      );
  });

  it('gives everything back at shutdown, so that it can start again', async () => {
    const first = start();
    await first.ready;
    const url = first.metricsUrl!;
    await Promise.all([first.shutdown(), first.shutdown()]);

    expect(await fetch(url).catch(() => 'refused')).to.equal('refused');
    const second = start();
    await second.ready;
    second.monitor.recordCounter('again');

    expect(second.monitor).to.not.equal(first.monitor);
    expect(await scrape(second)).to.match(/^again_total 1$/m);
  });

  it('lets background tasks end at shutdown, and reports how they did', async () => {
    const capture = captureMetrics();
    const perf = start({ meterProvider: capture.provider, tasks: { name: 'jobs' } });
    expect(getTaskManager()).to.equal(perf.tasks);
    let [hasEnded, release] = [false, () => {}];
    const held = new Promise<void>((resolve) => (release = resolve));
    perf.tasks.submit('job', async () => {
      await held;
      hasEnded = true;
    });

    const shutdown = perf.shutdown();
    await Promise.resolve();
    release();
    await shutdown;

    expect(hasEnded).to.equal(true);
    expect(() => perf.tasks.submit('late', () => 1)).to.throw(RejectedError);
    expect(getTaskManager(), 'a new one').to.not.equal(perf.tasks);
    const [duration] = seriesOf(await capture.collect(), 'perf.task.duration');
    expect(duration?.attributes).to.include({ 'perf.task.queue': 'jobs', 'perf.task.name': 'job' });
    await capture.shutdown();
  });

  it('returns what runs already when it is called twice', () => {
    const perf = start();

    expect(startPerformance({ prometheus: { port: 1 } })).to.equal(perf);
  });

  it('runs on when the port is taken, and names the port', async () => {
    const { server, port } = await listening(() => {});
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    try {
      start({ ...LOCAL, prometheus: { port } });
      expect((await warned).message, 'when nobody waits').to.include(
        `port ${port} on 127.0.0.1 is already in use`,
      );
      await running?.shutdown();

      const perf = start({ ...LOCAL, prometheus: { port } });
      const error = await perf.ready.catch((thrown: unknown) => thrown);

      expect(error).to.be.instanceOf(ListenError).with.property('port', port);
      perf.monitor.time('goes.on', () => 1);
      expect(perf.monitor.getPerformanceSummary().operationMetrics['goes.on']?.count).to.equal(1);
    } finally {
      server.close();
    }
  });

  it('keeps the provider the application has registered, and says so once', async () => {
    const notices = captureNotices();
    const theirs = new MeterProvider();
    metrics.setGlobalMeterProvider(theirs);
    try {
      const perf = start();
      await perf.ready;

      expect(perf.meterProvider).to.equal(theirs);
      expect(perf.metricsUrl).to.equal(undefined);
      expect(notices.said.filter((text) => text.includes('has registered a MeterProvider'))).to.have.lengthOf(
        1,
      );
      await perf.shutdown();
      expect(metrics.getMeterProvider(), 'it is theirs to end').to.equal(theirs);
    } finally {
      notices.release();
      await theirs.shutdown();
    }
  });

  it('stays the global provider when the application registers another one later', async () => {
    const perf = start();
    await perf.ready;
    const later = new MeterProvider();

    expect(metrics.setGlobalMeterProvider(later)).to.equal(false);

    metrics.getMeter('their library').createCounter('theirs').add(1);
    perf.monitor.recordCounter('ours');
    const text = await scrape(perf);
    expect(text).to.match(/^theirs_total 1$/m);
    expect(text).to.match(/^ours_total 1$/m);
    await later.shutdown();
  });

  it('records into a provider of its own without touching the global one', async () => {
    const perf = start({ ...LOCAL, registerGlobal: false });
    await perf.ready;
    perf.monitor.recordCounter('private.orders');

    expect(metrics.getMeterProvider()).to.not.equal(perf.meterProvider);
    expect(await scrape(perf)).to.match(/^private_orders_total 1$/m);
  });

  it('records into the provider it is given', async () => {
    const theirs = new MeterProvider();
    const perf = start({ ...LOCAL, meterProvider: theirs });

    expect(perf.meterProvider).to.equal(theirs);
    expect(perf.metricsUrl).to.equal(undefined);
    expect(perf.exportTap).to.equal(undefined);
    await perf.shutdown();
    await theirs.shutdown();
  });

  it('exports nothing when OTEL_SDK_DISABLED says so, and still answers questions', async () => {
    withEnvironment({ OTEL_SDK_DISABLED: 'true' });
    const perf = start();
    await perf.ready;

    perf.monitor.recordCounter('inside', 5);

    expect(perf.metricsUrl).to.equal(undefined);
    expect(perf.monitor.metrics.getLatest('inside')).to.equal(5);
  });

  it('measures nothing when PERF_MONITOR_ENABLED says so, and functions run as written', async () => {
    withEnvironment({ PERF_MONITOR_ENABLED: 'false' });
    const perf = start();
    await perf.ready;

    expect(timer('off')((n: number) => n + 1)(1)).to.equal(2);

    expect(perf.monitor.getPerformanceSummary().operationMetrics).to.deep.equal({});
    expect(await scrape(perf)).to.not.include('perf_operation_duration');
  });

  it('takes settings from the environment, options first', async () => {
    withEnvironment({
      CACHE_MAX_SIZE: '7',
      OTEL_SERVICE_NAME: 'from environment',
      OTEL_RESOURCE_ATTRIBUTES: 'team=core,service.version=1',
      OTEL_EXPORTER_PROMETHEUS_PORT: '1',
    });
    const perf = start({ ...LOCAL, serviceName: 'from options', resourceAttributes: { team: 'options' } });
    await perf.ready;

    const text = await scrape(perf);

    expect(text).to.match(/target_info\{.*service_name="from options"/);
    expect(text).to.match(/target_info\{.*team="options"/);
    expect(text).to.match(/target_info\{.*service_version="1"/);
    expect(getCacheManager().stats().maxSize).to.equal(7);
  });

  it('pushes over OTLP and flushes at shutdown', async () => {
    const pushes: { url: string | undefined; type: string | undefined; bytes: number }[] = [];
    const { server, port } = await listening((request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => {
        pushes.push({ url: request.url, type: request.headers['content-type'], bytes });
        response.end();
      });
    });
    withEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    try {
      const perf = start({ exporters: ['otlp'], optimizer: { auto: false } });
      perf.monitor.recordCounter('pushed');
      await perf.shutdown();

      expect(perf.metricsUrl).to.equal(undefined);
      expect(pushes.length).to.be.at.least(1);
      expect(pushes[0]).to.include({ url: '/v1/metrics', type: 'application/x-protobuf' });
      expect(pushes[0]!.bytes).to.be.above(100);
    } finally {
      server.close();
    }
  });

  it('serves /metrics where code asks for it, whatever the environment names', async () => {
    withEnvironment({ OTEL_METRICS_EXPORTER: 'none' });
    const asked = start();
    await asked.ready;
    expect(asked.metricsUrl).to.match(/metrics$/);
    await asked.shutdown();

    const notAsked = start({ optimizer: { auto: false } });
    await notAsked.ready;

    expect(notAsked.metricsUrl).to.equal(undefined);
    expect(() => startPerformance({ exporters: ['otlp'], prometheus: { port: 0 } })).to.not.throw();
    await notAsked.shutdown();
    expect(() => startPerformance({ exporters: ['otlp'], prometheus: { port: 0 } })).to.throw(
      InvalidOptionError,
      "exporters must be a list with 'prometheus' when its address is given",
    );
  });

  it('ends in bounded time when the collector is gone', async function () {
    this.timeout(20_000);
    const { server, port } = await listening(() => {});
    await new Promise((resolve) => server.close(resolve));
    withEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });

    const perf = start({ exporters: ['otlp'], optimizer: { auto: false } });
    perf.monitor.recordCounter('lost');

    await perf.shutdown();
  });

  it('says which option or variable is wrong, and starts nothing', () => {
    const options = [
      [{ port: 9464 }, 'startPerformance option name'],
      [{ prometheus: { port: -1 } }, 'prometheus.port must be a port from 0 to 65535, got -1'],
      [{ prometheus: { host: 7 } }, 'prometheus.host must be a text'],
      [{ prometheus: { path: 'metrics' } }, "prometheus.path must be a path that starts with '/'"],
      [{ exporters: ['statsd'] }, 'exporters must be a list of prometheus, otlp, console, none'],
      [{ meterProvider: 'otel' }, "meterProvider must be 'cells', 'sdk' or a MeterProvider, got"],
      [{ optimizer: { auto: 'yes' } }, 'optimizer.auto must be true or false'],
      [{ serviceName: '' }, 'serviceName must be a text'],
    ] as unknown as [never, string][];
    for (const [wrong, message] of options) {
      expect(() => startPerformance(wrong), message).to.throw(InvalidOptionError, message);
    }
    withEnvironment({ OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' });
    expect(() => startPerformance()).to.throw(
      InvalidEnvironmentError,
      'OTEL_EXPORTER_OTLP_ENDPOINT must be an http',
    );
    withEnvironment({ OTEL_METRICS_EXPORTER: '', CACHE_DIR: '/dev/null/below' });
    expect(() => startPerformance(LOCAL)).to.throw(InvalidEnvironmentError, 'CACHE_DIR must be a folder');
    withEnvironment({ CACHE_DIR: '', OPTIMIZER_INTERVAL: 'often' });
    expect(() => startPerformance(LOCAL)).to.throw(
      InvalidEnvironmentError,
      'OPTIMIZER_INTERVAL must be a duration',
    );
    const meter = metrics.getMeterProvider().getMeter('');
    expect(meter, 'no provider was left behind').to.equal(createNoopMeter());
  });
});
