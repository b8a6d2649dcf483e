import { metrics } from '@opentelemetry/api';
import { expect } from 'chai';
import { startPerformance, type Performance } from '../../../src/performance.js';
import type { PerformanceOptions } from '../../../src/performance-options.js';
import { waitFor } from '../../e2e/wait-for.js';
import { captureNotices } from '../../fakes/captured-notices.js';
import { metricIn, receiveOtlp, resourceIn, type OtlpReceiver } from './otlp-receiver.js';

const DELTA = 1;
const CUMULATIVE = 2;

describe('OTLP', () => {
  let receiver: OtlpReceiver;
  let running: Performance | undefined;
  const environment = { ...process.env };

  beforeEach(async () => (receiver = await receiveOtlp()));
  afterEach(async () => {
    await running?.shutdown();
    running = undefined;
    metrics.disable();
    await receiver.close();
    for (const name of Object.keys(process.env))
      if (!(name in environment)) Reflect.deleteProperty(process.env, name);
  });

  function start(variables: Record<string, string> = {}, options: PerformanceOptions = {}): Performance {
    Object.assign(process.env, {
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: '3600000',
      ...variables,
    });
    return (running = startPerformance({ serviceName: 'shop', optimizer: { auto: false }, ...options }));
  }

  const flush = (perf: Performance) =>
    (perf.meterProvider as unknown as { forceFlush(): Promise<void> }).forceFlush();

  it('says which process of which service it is', async () => {
    const perf = start({ OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=shop-1,team=web' });
    perf.monitor.recordCounter('orders');
    await flush(perf);

    expect(resourceIn(receiver.received[0]!)).to.include({
      'service.name': 'shop',
      'service.instance.id': 'shop-1',
      team: 'web',
      'telemetry.distro.name': '@gary-zero/performance',
    });
    expect(receiver.received[0]?.path).to.equal('/v1/metrics');
  });

  for (const [preference, counter, upDown] of [
    ['cumulative', CUMULATIVE, CUMULATIVE],
    ['delta', DELTA, CUMULATIVE],
    ['lowmemory', DELTA, CUMULATIVE],
  ] as const) {
    it(`counts as ${preference} asks`, async () => {
      const perf = start({ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: preference });
      const meter = perf.meterProvider.getMeter('shop');
      const [orders, carts] = [meter.createCounter('orders'), meter.createUpDownCounter('carts')];
      orders.add(3);
      carts.add(3);
      await flush(perf);
      orders.add(2);
      carts.add(2);
      await flush(perf);

      const second = receiver.received[1]!;
      const [ordersIn, cartsIn] = [metricIn(second, 'orders')!.sum!, metricIn(second, 'carts')!.sum!];
      expect(ordersIn.aggregationTemporality).to.equal(counter);
      expect(ordersIn.dataPoints[0]?.asDouble).to.equal(counter === DELTA ? 2 : 5);
      expect(cartsIn.aggregationTemporality).to.equal(upDown);
      expect(cartsIn.dataPoints[0]?.asDouble).to.equal(5);
    });
  }

  it('sends histograms as they are preferred', async () => {
    const variable = 'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION';
    const perf = start({ [variable]: 'base2_exponential_bucket_histogram' });
    perf.monitor.recordHistogram('latency', 0.2);
    await flush(perf);

    const metric = metricIn(receiver.received[0]!, 'latency')!;
    expect(metric.exponentialHistogram?.dataPoints[0]?.count).to.equal(1);
    expect(metric.histogram).to.equal(undefined);
  });

  it('compresses, and sends the headers it is given', async () => {
    const perf = start({
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20sesame',
    });
    perf.monitor.recordCounter('orders', 2);
    await flush(perf);

    const [push] = receiver.received;
    expect(push?.headers).to.include({ 'content-encoding': 'gzip', authorization: 'Bearer sesame' });
    expect(metricIn(push!, 'orders')?.sum?.dataPoints[0]?.asDouble).to.equal(2);
  });

  it('pushes by itself, to several places at once', async () => {
    const perf = start({
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_METRIC_EXPORT_INTERVAL: '50',
      OTEL_EXPORTER_PROMETHEUS_PORT: '0',
    });
    await perf.ready;
    perf.monitor.recordCounter('orders', 2);

    await waitFor(() => receiver.received.some((push) => metricIn(push, 'orders') !== undefined), {
      what: 'a push',
    });
    const page = await (await fetch(perf.metricsUrl!)).text();
    expect(page).to.match(/^orders_total 2$/m);
    expect(page).to.match(
      /^otel_sdk_exporter_operation_duration_seconds_count\{otel_component_type="otlp_http_json_metric_exporter"\} \d+$/m,
    );
  });

  it('takes an interval that is shorter than the timeout, and says no more than one thing of an outage', async () => {
    const notices = captureNotices();
    try {
      const { port } = receiver;
      await receiver.close();
      const perf = start({ OTEL_METRIC_EXPORT_INTERVAL: '40', OTEL_METRIC_EXPORT_TIMEOUT: '30000' });
      perf.monitor.recordCounter('orders', 2);
      const failed = () =>
        flush(perf).then(
          () => false,
          () => true,
        );
      for (let outage = 0; outage < 5; outage++) expect(await failed()).to.equal(true);
      expect(notices.said.filter((text) => text.includes('fails'))).to.have.length(1);

      receiver = await receiveOtlp({ port });
      await waitFor(() => receiver.received.length > 0, { what: 'a push after the outage' });
      expect(metricIn(receiver.received[0]!, 'orders')?.sum?.dataPoints[0]?.asDouble).to.equal(2);
      await waitFor(() => notices.said.some((text) => text.includes('works again')), { what: 'good news' });
    } finally {
      notices.release();
    }
  });

  it('tells a collector that refuses from one that hangs', async () => {
    await receiver.close();
    let status: number | undefined = 401;
    receiver = await receiveOtlp({
      answer: (_, response) => void (status === undefined || response.writeHead(status).end()),
    });
    const perf = start({
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_EXPORTER_PROMETHEUS_PORT: '0',
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
    });
    await perf.ready;
    perf.monitor.recordCounter('orders');
    await flush(perf).catch(() => {});
    status = 503;
    await flush(perf).catch(() => {});
    status = undefined;
    await flush(perf).catch(() => {});

    const page = await (await fetch(perf.metricsUrl!)).text();
    const errors = [...page.matchAll(/^otel_sdk_\w+_count\{.*error_type="(\w+)".*\} (\d+)$/gm)];
    expect(errors.map(([, error, count]) => `${error} ${count}`)).to.have.members(['refused 2', 'timeout 1']);
  });

  it('ends in time though the collector hangs', async () => {
    await receiver.close();
    receiver = await receiveOtlp({ answer: () => {} });
    const perf = start({ OTEL_EXPORTER_OTLP_TIMEOUT: '60000', OTEL_METRIC_EXPORT_TIMEOUT: '60000' });
    perf.monitor.recordCounter('orders');
    const startedAt = performance.now();

    await perf.shutdown();

    expect(receiver.received).to.have.length(1);
    expect(performance.now() - startedAt).to.be.within(4900, 9000);
  }).timeout(20_000);

  it('says how it takes a filter of exemplars that it does not have', () => {
    const notices = captureNotices();
    try {
      start({ OTEL_METRICS_EXEMPLAR_FILTER: 'always_on' });
      expect(notices.said.join()).to.match(/always_on is taken as trace_based/);
    } finally {
      notices.release();
    }
  });
});
