import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  MetricReader,
  type MeterProviderOptions,
  type MetricReaderOptions,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import * as catalogue from '../../../src/telemetry/catalogue.js';
import { ExportTap } from '../../../src/telemetry/readings/export-tap.js';
import { ExportedReadings, type ExportedReading } from '../../../src/telemetry/readings/exported-readings.js';

describe('ExportedReadings', () => {
  it('knows nothing before the first export', () => {
    const { readings } = reading();

    expect(readings.all('shop.orders')).to.deep.equal([]);
    expect(readings.last('shop.orders')).to.equal(undefined);
  });

  it('keeps the last exported values of what was named, by their attributes', async () => {
    const { meter, readings, collect } = reading();
    const orders = meter.createCounter('shop.orders', { unit: '{order}' });
    orders.add(2, { country: 'ch' });
    orders.add(5, { country: 'li', kind: 'gift' });
    orders.add(1);
    await collect();
    orders.add(3, { country: 'ch' });
    const before = readings.last('shop.orders', { country: 'ch' })?.value;
    await collect();

    expect(before).to.equal(2);
    expect(readings.last('shop.orders', { country: 'ch' })).to.deep.equal({
      name: 'shop.orders',
      kind: 'counter',
      unit: '{order}',
      attributes: { country: 'ch' },
      value: 5,
      isDelta: false,
    });
    expect(readings.last('shop.orders')?.value).to.equal(1);
    expect(readings.last('shop.orders', { country: 'li' })).to.equal(undefined);
    expect(readings.last('shop.orders', { country: 'li', kind: 'gift' })?.value).to.equal(5);
    expect(readings.all('shop.orders')).to.have.length(3);
    expect(readings.all('shop.other')).to.deep.equal([]);
  });

  it('finds instruments of the catalogue, whose attributes are checked by the compiler', async () => {
    const { meter, readings, collect } = reading();
    meter.createCounter('process.cpu.time', { unit: 's' }).add(2.5, { 'cpu.mode': 'user' });
    await collect();

    expect(readings.last(catalogue.processCpuTime, { 'cpu.mode': 'user' })?.value).to.equal(2.5);
    // @ts-expect-error -- the catalogue has no such mode
    expect(readings.last(catalogue.processCpuTime, { 'cpu.mode': 'lazy' })).to.equal(undefined);
  });

  it('tells counters, up-down counters, gauges and histograms apart', async () => {
    const { meter, readings, collect } = reading();
    meter.createCounter('shop.orders').add(1);
    meter.createUpDownCounter('shop.stock').add(-4);
    meter.createGauge('shop.load').record(0.5);
    const histogram = meter.createHistogram('shop.checkout', { unit: 's' });
    for (const seconds of [0.5, 2, 0.25]) histogram.record(seconds);
    await collect();

    expect(kindsOf(readings)).to.deep.equal(['counter', 'upDownCounter', 'gauge', 'histogram']);
    expect(readings.last('shop.stock')?.value).to.equal(-4);
    expect(readings.last('shop.load')).to.deep.include({ value: 0.5, isDelta: false });
    expect(readings.last('shop.checkout')).to.deep.equal({
      name: 'shop.checkout',
      kind: 'histogram',
      unit: 's',
      attributes: {},
      value: 2.75,
      count: 3,
      min: 0.25,
      max: 2,
      isDelta: false,
    });
  });

  it('reads exponential histograms, and those without extremes', async () => {
    const { meter, readings, collect } = reading({
      views: [
        { instrumentName: 'shop.checkout', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
        {
          instrumentName: 'shop.load',
          aggregation: {
            type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
            options: { boundaries: [1], recordMinMax: false },
          },
        },
      ],
    });
    meter.createHistogram('shop.checkout').record(2);
    meter.createHistogram('shop.load').record(2);
    await collect();

    expect(readings.last('shop.checkout')).to.deep.include({ kind: 'histogram', value: 2, count: 1, max: 2 });
    expect(readings.last('shop.load')).to.include({ kind: 'histogram', value: 2, count: 1 });
    expect(readings.last('shop.load')).to.not.have.any.keys('min', 'max');
  });

  it('tells differences from sums, and keeps the last where nothing came', async () => {
    const { meter, readings, collect } = reading(
      {},
      { aggregationTemporalitySelector: () => AggregationTemporality.DELTA },
    );
    const orders = meter.createCounter('shop.orders');
    meter.createGauge('shop.load').record(1);
    orders.add(2);
    await collect();
    orders.add(3);
    await collect();
    await collect();

    expect(readings.last('shop.orders')).to.include({ value: 3, isDelta: true });
    expect(readings.last('shop.load')?.isDelta).to.equal(false);
  });

  it('puts two libraries together that measure under one name', async () => {
    const { provider, readings, collect } = reading();
    provider.getMeter('a').createCounter('shop.orders').add(1, { shop: 'a' });
    provider.getMeter('b').createCounter('shop.orders').add(2, { shop: 'b' });
    await collect();

    expect(readings.all('shop.orders').map(({ value }) => value)).to.deep.equal([1, 2]);
  });

  it('tells its listeners of each export that has something, until it is closed', async () => {
    const { meter, readings, collect } = reading();
    const heard: (readonly ExportedReading[])[] = [];
    await collect();
    readings.subscribe((exported) => heard.push(exported));
    await collect();
    meter.createCounter('shop.orders').add(1);
    meter.createCounter('shop.others').add(1);
    await collect();

    readings.close();
    await collect();

    expect(heard.map((exported) => exported.map(({ name }) => name))).to.deep.equal([['shop.orders']]);
    expect(readings.last('shop.orders')?.value).to.equal(1);
  });
});

class PullReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}

  protected override async onForceFlush(): Promise<void> {}
}

const NAMES = ['shop.orders', 'shop.stock', 'shop.load', 'shop.checkout'];

function reading(options: MeterProviderOptions = {}, readerOptions: MetricReaderOptions = {}) {
  const tap = new ExportTap();
  const reader = tap.tapReader(new PullReader(readerOptions));
  const provider = new MeterProvider({ ...options, readers: [reader] });
  const readings = new ExportedReadings(tap, [...NAMES, catalogue.processCpuTime]);
  return { provider, readings, meter: provider.getMeter('shop'), collect: () => reader.collect() };
}

function kindsOf(readings: ExportedReadings): (string | undefined)[] {
  return NAMES.map((name) => readings.last(name)?.kind);
}
