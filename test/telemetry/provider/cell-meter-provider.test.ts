import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { InvalidOptionError } from '../../../src/errors.js';
import { CellMeterProvider } from '../../../src/telemetry/provider/cell-meter-provider.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { cellsWith } from '../../fakes/cells-with.js';

describe('CellMeterProvider', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  describe('with readers and exporters of the SDK', () => {
    it('lets the Prometheus exporter write what it writes for the SDK', async () => {
      const [ours, stock] = [
        await scrapeOf((readers) => new CellMeterProvider({ readers })),
        await scrapeOf((readers) => new MeterProvider({ readers })),
      ];

      expect(ours.split('\n').toSorted()).to.deep.equal(stock.split('\n').toSorted());
      expect(ours).to.contain('shop_orders_total{country="ch",otel_scope_name="shop"} 3');
    });

    it('lets a periodic reader export at a flush, with resource and scope', async () => {
      const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
      const reader = new PeriodicExportingMetricReader({ exporter });
      const resource = resourceFromAttributes({ 'service.name': 'shop' });
      const provider = new CellMeterProvider({ resource, readers: [reader] });
      provider.getMeter('shop', '1.0.0', { schemaUrl: 'https://a.test' }).createCounter('orders').add(2);

      await provider.forceFlush();
      await provider.shutdown();

      const [{ resource: exported, scopeMetrics } = { resource: undefined, scopeMetrics: [] }] =
        exporter.getMetrics();
      expect(exported).to.equal(resource);
      expect(scopeMetrics[0]?.scope).to.deep.equal({
        name: 'shop',
        version: '1.0.0',
        schemaUrl: 'https://a.test',
      });
      expect(scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value).to.equal(2);
    });

    it('refuses a reader that another provider has', () => {
      const reader = new PrometheusExporter({ preventServerStart: true });
      const first = new CellMeterProvider({ readers: [reader] });

      expect(first).to.be.instanceOf(CellMeterProvider);
      expect(() => new CellMeterProvider({ readers: [reader] })).to.throw('bound to a MeterProvider');
    });

    it('names the resource as the SDK does when nobody names it', async () => {
      const reader = new PrometheusExporter({ preventServerStart: true });
      const provider = new CellMeterProvider({ readers: [reader] });

      const { resourceMetrics } = await reader.collect();

      expect(resourceMetrics.resource.attributes).to.deep.equal(defaultResource().attributes);
      await provider.shutdown();
    });
  });

  describe('options', () => {
    const absurd: readonly [string, object][] = [
      ['CellMeterProvider option name must be', { reader: [] }],
      ['cardinalityLimit must be an integer of at least 2, got 1', { cardinalityLimit: 1 }],
      ['view must be to select something', { views: [{ name: 'x' }] }],
      ['view.instrumentName must be one name', { views: [{ name: 'x', instrumentName: 'a*' }] }],
      [
        'view.aggregation must be an aggregation',
        { views: [{ instrumentName: '*', aggregation: { type: 9 } }] },
      ],
    ];
    for (const [message, options] of absurd) {
      it(`throws: ${message}`, () => {
        expect(() => new CellMeterProvider(options)).to.throw(InvalidOptionError, message);
      });
    }

    it('needs none, and records for nobody then', () => {
      const counter = new CellMeterProvider().getMeter('x').createCounter('c');

      expect(() => counter.add(1, { a: 1 })).not.to.throw();
    });
  });

  describe('meters', () => {
    it('are one for each name, version and schema', () => {
      const { provider } = cellsWith();

      expect(provider.getMeter('a')).to.equal(provider.getMeter('a', ''));
      expect(provider.getMeter('a', '1')).not.to.equal(provider.getMeter('a', '2'));
      expect(provider.getMeter('a', '', { schemaUrl: 'x' })).not.to.equal(provider.getMeter('a'));
    });

    it('do nothing after shutdown, which is said once', async () => {
      const { provider } = cellsWith();
      await provider.shutdown();

      const counter = provider.getMeter('a').createCounter('c');
      counter.add(1);
      counter.bind({ a: 1 }).add(1);
      provider.getMeter('b');

      expect(provider.isShutDown).to.equal(true);

      expect(notices.said).to.deep.equal([
        'a meter was asked for after shutdown; what it records goes nowhere',
      ]);
    });
  });

  describe('end', () => {
    it('ends every reader once and tells of further calls', async () => {
      const { provider, collectAll, meter } = cellsWith({ readers: [{}, {}] });
      const counter = meter.createCounter('c');

      await provider.shutdown();
      await provider.shutdown();
      await provider.forceFlush();
      counter.add(1);

      expect(notices.said).to.have.length(2);
      const failure = await collectAll(1).then(
        () => undefined,
        (error: Error) => error.message,
      );
      expect(failure).to.equal('MetricReader is shutdown');
    });
  });
});

async function scrapeOf(
  make: (readers: PrometheusExporter[]) => CellMeterProvider | MeterProvider,
): Promise<string> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = make([exporter]);
  const meter = provider.getMeter('shop');
  meter.createCounter('shop.orders', { description: 'Orders.', unit: '1' }).add(3, { country: 'ch' });
  meter.createUpDownCounter('shop.carts').add(-2);
  meter.createGauge('shop.load').record(0.5, { 'cpu.nr': 1 });
  meter
    .createHistogram('shop.latency', { unit: 's', advice: { explicitBucketBoundaries: [0.1, 1] } })
    .record(0.5);
  meter.createObservableGauge('shop.queue').addCallback((result) => result.observe(7, { name: 'a"b' }));
  const text = await new Promise<string>((resolve) => {
    exporter.getMetricsRequestHandler({} as never, { setHeader() {}, end: resolve } as never);
  });
  await provider.shutdown();
  return text;
}
