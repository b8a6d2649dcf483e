import { metrics } from '@opentelemetry/api';
import { expect } from 'chai';
import { operationDuration, telemetryRejected, telemetrySeries } from '../../src/telemetry/catalogue.js';
import { define } from '../../src/telemetry/definition.js';
import { Instruments, instrumentsOf } from '../../src/telemetry/instruments.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';
import {
  captureMetrics,
  seriesOf,
  valueOf,
  type CapturedTelemetry,
  type CaptureOptions,
  type CollectedSeries,
} from '../fakes/captured-telemetry.js';

const orders = define({
  name: 'shop.orders',
  kind: 'counter',
  unit: '{order}',
  description: 'Orders taken.',
  attributes: { country: 'open', size: ['small', 'large'] },
});
const carts = define({ ...orders, name: 'shop.carts.open', kind: 'upDownCounter' });
const queue = define({ ...orders, name: 'shop.queue.length', kind: 'gauge' });
const checkout = define({ ...orders, name: 'shop.checkout.duration', kind: 'histogram', unit: 's' });

describe('Instruments', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    metrics.disable();
    notices = captureNotices();
  });

  afterEach(() => {
    metrics.disable();
    notices.release();
  });

  it('gives exporters name, unit and description with the values', async () => {
    const { instruments, telemetry } = capturing();
    instruments.counter(orders).add(2, { country: 'ch' });

    const collected = await telemetry.collect();

    expect(collected.filter(({ name }) => name === 'shop.orders')).to.deep.equal([
      {
        name: 'shop.orders',
        kind: 'counter',
        unit: '{order}',
        description: 'Orders taken.',
        attributes: { country: 'ch' },
        value: 2,
      },
    ]);
  });

  it('records the same through bound series and through attributes', async () => {
    const { instruments, telemetry } = capturing();
    const counter = instruments.counter(orders);
    const bound = counter.bind({ country: 'ch' });

    bound.add();
    counter.add(2, { country: 'ch' });
    counter.add(4, { country: 'li' });

    expect(seriesOf(await telemetry.collect(), 'shop.orders')).to.deep.equal([
      { attributes: { country: 'ch' }, value: 3 },
      { attributes: { country: 'li' }, value: 4 },
    ]);
  });

  it('counts up and down where that is the kind', async () => {
    const { instruments, telemetry } = capturing();

    instruments.counter(carts).add(5);
    instruments.counter(carts).add(-7);

    const found = (await telemetry.collect()).find(({ name }) => name === 'shop.carts.open');
    expect(found).to.deep.include({ kind: 'upDownCounter', value: -2 });
  });

  it('gives one instrument to everybody who defines the same', async () => {
    const { instruments, telemetry } = capturing();

    instruments.counter(orders).add(1);
    instruments.counter({ ...orders }).add(1);

    expect(valueOf(await telemetry.collect(), 'shop.orders')).to.equal(2);
  });

  it('says how many series it holds', async () => {
    const { instruments, telemetry } = capturing();
    for (const country of ['ch', 'li', 'at']) instruments.counter(orders).add(1, { country });
    instruments.histogram(checkout).record(1);

    expect(valueOf(await telemetry.collect(), telemetrySeries.name)).to.equal(4);
    expect(instruments.seriesCount).to.equal(4);
  });

  it('takes null for attributes', async () => {
    const { instruments, telemetry } = capturing();

    instruments.counter(orders).add(1, null as never);
    instruments.gauge(queue).record(2, null as never);
    instruments
      .histogram(checkout)
      .bind(null as never)
      .record(3);

    const collected = await telemetry.collect();
    expect(valueOf(collected, 'shop.orders')).to.equal(1);
    expect(valueOf(collected, 'shop.queue.length')).to.equal(2);
    expect(valueOf(collected, 'shop.checkout.duration')).to.deep.include({ count: 1, sum: 3 });
  });

  describe('with a provider that comes late', () => {
    it('records into it, including what was counted before', async () => {
      const instruments = new Instruments();
      const counter = instruments.counter(orders);
      const bound = counter.bind({ country: 'ch' });
      bound.add(3);
      instruments.gauge(queue).record(7);

      const telemetry = registered();
      bound.add(1);
      instruments.histogram(checkout).record(0.2);

      const collected = await telemetry.collect();
      expect(seriesOf(collected, 'shop.orders')).to.deep.equal([{ attributes: { country: 'ch' }, value: 4 }]);
      expect(valueOf(collected, 'shop.queue.length')).to.equal(7);
      expect(valueOf(collected, 'shop.checkout.duration')).to.deep.include({ count: 1, sum: 0.2 });
    });

    it('finds it through a bound series that was made before', async () => {
      const instruments = new Instruments();
      const bound = instruments.histogram(checkout).bind();

      const telemetry = registered();
      bound.record(0.2);

      expect(valueOf(await telemetry.collect(), checkout.name)).to.deep.include({ count: 1, sum: 0.2 });
    });

    it('lets itself be told, when nothing is recorded', async () => {
      const instruments = new Instruments();
      instruments.counter(orders).add(3);

      const telemetry = registered();
      instruments.refresh();

      expect(valueOf(await telemetry.collect(), 'shop.orders')).to.equal(3);
    });
  });

  describe('with a global provider that is replaced', () => {
    it('records into the new one what the old one was not given', async () => {
      const instruments = new Instruments();
      const counter = instruments.counter(orders);
      const first = registered();
      counter.add(1);
      await first.collect();

      const second = registered();
      counter.add(10);
      instruments.refresh();
      counter.add(100);

      expect(valueOf(await second.collect(), 'shop.orders')).to.equal(110);
      expect(valueOf(await first.collect(), 'shop.orders')).to.equal(1);
    });

    it('shows gauges to the new one at once', async () => {
      const instruments = new Instruments();
      const first = registered();
      instruments.gauge(queue).record(7);
      await first.collect();

      const second = registered();
      instruments.refresh();

      expect(valueOf(await second.collect(), 'shop.queue.length')).to.equal(7);
    });

    it('keeps what is counted between two providers', async () => {
      const instruments = new Instruments();
      const counter = instruments.counter(orders);
      const first = registered();
      counter.add(1);
      await first.collect();
      metrics.disable();
      instruments.refresh();
      counter.add(10);
      await first.collect();

      const second = registered();
      counter.add(100);

      expect(valueOf(await second.collect(), 'shop.orders')).to.equal(110);
    });
  });

  describe('with values that cannot be recorded', () => {
    it('counts them by reason and exports the rest', async () => {
      const { instruments, telemetry } = capturing();
      const counter = instruments.counter(orders);
      const absurd = [Number.NaN, Infinity, '5' as unknown as number, -1];

      for (const value of [1, ...absurd]) {
        counter.add(value);
        instruments.gauge(queue).record(value);
        instruments.histogram(checkout).record(value);
      }

      const collected = await telemetry.collect();
      expect(valueOf(collected, 'shop.orders')).to.equal(1);
      expect(valueOf(collected, 'shop.queue.length')).to.equal(-1);
      expect(valueOf(collected, 'shop.checkout.duration')).to.deep.include({ count: 1, sum: 1 });
      expect(rejectedIn(collected)).to.deep.equal({ not_a_number: 9, negative: 2 });
    });

    it('counts what others had to drop', async () => {
      const { instruments, telemetry } = capturing();

      instruments.reject('invalid_name');

      expect(rejectedIn(await telemetry.collect())).to.deep.equal({ invalid_name: 1 });
    });
  });

  describe('with two kinds under one name', () => {
    it('exports the first, drops the second, says and counts it', async () => {
      const { instruments, telemetry } = capturing();
      instruments.counter(orders).add(1);

      const gauge = instruments.gauge({ ...orders, kind: 'gauge' });
      gauge.record(50);

      const collected = await telemetry.collect();
      expect(collected.filter(({ name }) => name === 'shop.orders')).to.have.length(1);
      expect(valueOf(collected, 'shop.orders')).to.equal(1);
      expect(rejectedIn(collected)).to.deep.equal({ kind_conflict: 1 });
      expect(notices.said).to.deep.equal([
        '"shop.orders" is a counter already and cannot be a gauge as well; the gauge is not exported',
      ]);
    });

    it('takes names that differ in case only for the same', async () => {
      const { instruments, telemetry } = capturing();
      instruments.counter(orders).add(1);

      instruments.histogram({ ...checkout, name: 'Shop.Orders' }).record(1);
      instruments.counter({ ...orders, name: 'SHOP.ORDERS' }).add(1);

      const collected = await telemetry.collect();
      const names = new Set(collected.map(({ name }) => name));
      expect([...names].filter((name) => /^shop\.orders$/i.test(name))).to.deep.equal(['shop.orders']);
      expect(valueOf(collected, 'shop.orders')).to.equal(2);
      expect(instruments.kindOf('Shop.ORDERS')).to.equal('counter');
    });

    it('does not mix what is recorded with what is observed', async () => {
      const { instruments, telemetry } = capturing();
      instruments.counter(orders).add(1);
      const owner = {};

      instruments.observe({ ...orders, kind: 'observableGauge' }, owner, (_, report) => report(50));

      const collected = await telemetry.collect();
      expect(valueOf(collected, 'shop.orders')).to.equal(1);
      expect(rejectedIn(collected)).to.deep.equal({ kind_conflict: 1 });
    });

    it('does not mix two kinds of observing', async () => {
      const { instruments, telemetry } = capturing();
      const owner = {};
      instruments.observe({ ...orders, kind: 'observableCounter' }, owner, (_, report) => report(1));

      instruments.observe({ ...orders, kind: 'observableGauge' }, owner, (_, report) => report(50));

      const collected = await telemetry.collect();
      expect(valueOf(collected, 'shop.orders')).to.equal(1);
      expect(rejectedIn(collected)).to.deep.equal({ kind_conflict: 1 });
    });
  });

  it('reads everything without any provider', () => {
    const instruments = new Instruments();
    const owner = {};
    instruments.counter(orders).add(2, { country: 'ch' });
    instruments.histogram(operationDuration).record(0.5);
    instruments.observe({ ...queue, kind: 'observableGauge' }, owner, (_, report) => report(7));

    const readings = instruments.read().filter(({ name }) => name !== telemetrySeries.name);

    expect(readings).to.deep.equal([
      { name: 'shop.orders', kind: 'counter', unit: '{order}', attributes: { country: 'ch' }, value: 2 },
      {
        name: 'perf.operation.duration',
        kind: 'histogram',
        unit: 's',
        attributes: {},
        value: 0.5,
        count: 1,
      },
      { name: 'shop.queue.length', kind: 'observableGauge', unit: '{order}', attributes: {}, value: 7 },
    ]);
  });
});

describe('instrumentsOf', () => {
  it('gives the same instruments for the same provider', () => {
    const [one, other] = [captureMetrics().provider, captureMetrics().provider];

    expect(instrumentsOf(one)).to.equal(instrumentsOf(one)).and.not.equal(instrumentsOf(other));
    expect(instrumentsOf()).to.equal(instrumentsOf());
  });
});

function capturing(options?: CaptureOptions): { instruments: Instruments; telemetry: CapturedTelemetry } {
  const telemetry = captureMetrics(options);
  return { telemetry, instruments: new Instruments({ meterProvider: telemetry.provider }) };
}

/** A provider that is the global one from now on. */
function registered(): CapturedTelemetry {
  const telemetry = captureMetrics();
  metrics.disable();
  metrics.setGlobalMeterProvider(telemetry.provider);
  return telemetry;
}

function rejectedIn(collected: readonly CollectedSeries[]): Record<string, unknown> {
  return Object.fromEntries(
    seriesOf(collected, telemetryRejected.name).map(({ attributes, value }) => [
      attributes['perf.telemetry.reason'],
      value,
    ]),
  );
}
