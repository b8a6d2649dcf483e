import type { Performance } from '../../src/performance.js';

/** Something of every kind, with names, units and labels that writers may treat in their own ways. */
export async function useEverything({ meterProvider, monitor, cache, tasks }: Performance): Promise<void> {
  const meter = meterProvider.getMeter('shop', '1.2.3', {
    schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
  });
  meter.createCounter('orders').add(3, { 'shop.region': 'eu', paid: true });
  meter
    .createCounter('orders.bytes', { unit: 'By', description: 'Bytes of orders,\n"as sent" \\ zipped' })
    .add(1e21);
  meter.createCounter('refunds.total', { unit: '{order}' }).add(2.5, { 'a.b': '1', 'a-c': '2' });
  meter.createCounter('nothing.per.second', { unit: 'By/s' }).add(0);
  meter
    .createUpDownCounter('carts.open', { unit: '{cart}' })
    .add(-2, { who: 'ümlaut "quoted"\nnext \\ last' });
  meter.createGauge('fill', { unit: '1' }).record(0.5, { empty: '' });
  meter
    .createGauge('room.temperature', { unit: 'Cel' })
    .record(-0.25, { list: ['a', 'b'] as unknown as string });
  const latency = meter.createHistogram('checkout.duration', { unit: 's' });
  for (const seconds of [0, 0.001, 0.3, 7, 1e6]) latency.record(seconds, { step: 'pay' });
  meter
    .createHistogram('size', {
      unit: 'KiBy',
      advice: { explicitBucketBoundaries: [0.5, 1e-7, 1e9].toSorted((a, b) => a - b) },
    })
    .record(3);
  meter.createHistogram('no.bounds', { advice: { explicitBucketBoundaries: [] } }).record(1);
  meter.createObservableGauge('queue.length').addCallback((result) => result.observe(4, { queue: 'mail' }));
  meter.createObservableCounter('9.lives', { unit: 'ms' }).addCallback((result) => result.observe(9));
  monitor.recordCounter('signups', 2, { plan: 'free' });
  monitor.recordGauge('seats', 12);
  monitor.time('lookup', { table: 'users' }, () => {});
  await cache.getOrSet('user:7', async () => ({ name: 'Ada' }));
  await cache.get('user:7');
  const id = tasks.submit('mail', async () => 'sent');
  await tasks.wait(id);
}
