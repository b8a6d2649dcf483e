import { metrics as api } from '@opentelemetry/api';
import { AggregationType } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { SCOPE_NAME, VERSION } from '../../../src/telemetry/connection.js';
import { define } from '../../../src/telemetry/definition.js';
import { Instruments } from '../../../src/telemetry/instruments.js';
import { ReadingFeed } from '../../../src/telemetry/reading-feed.js';
import type { Reading } from '../../../src/telemetry/reading.js';
import { captureMetrics, valueOf } from '../../fakes/captured-telemetry.js';
import { cellsWith, type CollectedMetric } from '../../fakes/cells-with.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const orders = define({
  name: 'shop.orders',
  kind: 'counter',
  unit: '{order}',
  description: 'Orders taken.',
  attributes: { country: 'open' },
});
const queue = define({ ...orders, name: 'shop.queue.length', kind: 'gauge' });
const checkout = define({ ...orders, name: 'shop.checkout.duration', kind: 'histogram', unit: 's' });
const sizes = define({ ...orders, name: 'shop.carts', kind: 'observableGauge' });

describe('Instruments over a CellMeterProvider', () => {
  it('count, set, record and observe what each reader then gets', async () => {
    const { provider, collect } = cellsWith({ readers: [{}, { temporality: 'delta' }] });
    const instruments = new Instruments({ meterProvider: provider });
    const owner = {};
    instruments.observe(sizes, owner, (_, report) => report(4));
    const seen: unknown[] = [];

    for (const amount of [1, 2]) {
      instruments.counter(orders).add(amount, { country: 'ch' });
      instruments.gauge(queue).record(amount);
      instruments.histogram(checkout).record(amount, { country: 'ch' });
      seen.push(shopOf(await collect(0)), shopOf(await collect(1)));
    }

    const histogram = (count: number, sum: number) => ({ count, sum });
    expect(seen).to.deep.equal([
      { orders: 1, 'queue.length': 1, 'checkout.duration': histogram(1, 1), carts: 4 },
      { orders: 1, 'queue.length': 1, 'checkout.duration': histogram(1, 1), carts: 4 },
      { orders: 3, 'queue.length': 2, 'checkout.duration': histogram(2, 3), carts: 4 },
      { orders: 2, 'queue.length': 2, 'checkout.duration': histogram(1, 2), carts: 4 },
    ]);
    expect(owner).to.deep.equal({});
  });

  it('record into a bound series, as long as the provider in force has those', async () => {
    const [first, second, stock] = [cellsWith(), cellsWith(), captureMetrics()];
    const instruments = new Instruments();
    const bound = instruments.histogram(checkout).bind({ country: 'ch' });

    try {
      for (const [i, { provider }] of [first, stock, second].entries()) {
        api.disable();
        api.setGlobalMeterProvider(provider);
        instruments.refresh();
        bound.record(i + 1);
        bound.record(i + 1);
      }
    } finally {
      api.disable();
    }

    expect(shopOf(await first.collect())).to.deep.equal({ 'checkout.duration': { count: 2, sum: 2 } });
    expect(valueOf(await stock.collect(), checkout.name)).to.deep.include({ count: 2, sum: 4 });
    expect(shopOf(await second.collect())).to.deep.equal({ 'checkout.duration': { count: 2, sum: 6 } });
  });
});

describe('Readings over a CellMeterProvider', () => {
  const durations = (instruments: Instruments) =>
    instruments
      .read()
      .filter(({ name }) => name === checkout.name)
      .map(({ attributes, count, value }) => ({ country: attributes['country'], count, value }));

  it('are the cells themselves, whatever readers take, and readers notice nothing', async () => {
    for (const temporality of ['cumulative', 'delta'] as const) {
      const { provider, collect } = cellsWith({ readers: [{ temporality }] });
      const instruments = new Instruments({ meterProvider: provider });
      const bound = instruments.histogram(checkout).bind({ country: 'ch' });
      const feed = new ReadingFeed(instruments, new FakeClock());
      const [read, exported, fed] = [[], [], []] as [unknown[], unknown[], unknown[]];

      for (const seconds of [1, 2, 4]) {
        bound.record(seconds);
        read.push(durations(instruments));
        fed.push(feed.take().readings.find(({ name }) => name === checkout.name));
        exported.push(shopOf(await collect()));
        read.push(durations(instruments));
      }

      const total = (count: number, value: number) => [{ country: 'ch', count, value }];
      const totals = [total(1, 1), total(2, 3), total(3, 7)];
      expect(read, temporality).to.deep.equal(totals.flatMap((one) => [one, one]));
      expect(fed.map((one) => (one as Reading).value)).to.deep.equal([1, 2, 4]);
      const sums = temporality === 'delta' ? [1, 2, 4] : [1, 3, 7];
      const counts = temporality === 'delta' ? [1, 1, 1] : [1, 2, 3];
      expect(exported).to.deep.equal(
        sums.map((sum, i) => ({ 'checkout.duration': { count: counts[i], sum } })),
      );
    }
  });

  it('go on when the provider is replaced, is missing, or drops the instrument', () => {
    const dropped = cellsWith({
      views: [{ instrumentName: checkout.name, aggregation: { type: AggregationType.DROP } }],
    });
    const instruments = new Instruments();
    const bound = instruments.histogram(checkout).bind();
    const seen: unknown[] = [];

    try {
      for (const provider of [undefined, cellsWith().provider, captureMetrics().provider, dropped.provider]) {
        api.disable();
        if (provider !== undefined) api.setGlobalMeterProvider(provider);
        instruments.refresh();
        bound.record(1);
        seen.push(durations(instruments)[0]);
      }
    } finally {
      api.disable();
    }

    expect(seen).to.deep.equal([1, 2, 3, 4].map((count) => ({ country: undefined, count, value: count })));
  });

  it('start anew with a series that was removed', () => {
    const { provider } = cellsWith();
    const instruments = new Instruments({ meterProvider: provider });
    const bound = instruments.histogram(checkout).bind({ country: 'ch' });
    const feed = new ReadingFeed(instruments, new FakeClock());
    bound.record(1);
    bound.record(2);
    feed.take();

    const meter = provider.getMeter(SCOPE_NAME, VERSION);
    const { unit, description } = checkout;
    expect(meter.createHistogram(checkout.name, { unit, description }).remove({ country: 'ch' })).to.equal(
      true,
    );
    expect(durations(instruments)).to.deep.equal([{ country: 'ch', count: 0, value: 0 }]);
    bound.record(5);

    const reading = feed.take().readings.find(({ name }) => name === checkout.name);
    expect(reading).to.include({ count: 1, value: 5 });
  });
});

/** Name to the value of the only point, without what only some readers get. */
function shopOf(metrics: readonly CollectedMetric[]): Record<string, unknown> {
  const values = metrics
    .filter(({ name }) => name.startsWith('shop.'))
    .map(({ name, points }) => {
      const value = points[0]?.[1];
      if (typeof value !== 'object' || value === null) return [name.slice(5), value] as const;
      const { count, sum } = value as { count: number; sum: number };
      return [name.slice(5), { count, sum }] as const;
    });
  return Object.fromEntries(values);
}
