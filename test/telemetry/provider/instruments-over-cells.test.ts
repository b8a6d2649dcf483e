import { metrics as api } from '@opentelemetry/api';
import { expect } from 'chai';
import { define } from '../../../src/telemetry/definition.js';
import { Instruments } from '../../../src/telemetry/instruments.js';
import { captureMetrics, valueOf } from '../../fakes/captured-telemetry.js';
import { cellsWith, type CollectedMetric } from '../../fakes/cells-with.js';

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
