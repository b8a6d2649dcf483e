import { expect } from 'chai';
import { InvalidOptionError } from '../../src/errors.js';
import { MetricsCollector } from '../../src/monitor/metrics-collector.js';
import { UserMetrics, type MetricDescription } from '../../src/monitor/user-metrics.js';
import { BYTES_BUCKETS, GENERAL_BUCKETS } from '../../src/telemetry/buckets.js';
import { cacheLookups, telemetryRejected } from '../../src/telemetry/catalogue.js';
import { Instruments } from '../../src/telemetry/instruments.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';
import { captureMetrics, seriesOf, valueOf, type CollectedHistogram } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('UserMetrics', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('records for exporters and for questions alike', async () => {
    const { metrics, collector, telemetry } = naming();

    metrics.counter('orders').add(2, { country: 'ch' });
    metrics.gauge('queue').record(-3);
    metrics.histogram('cart').record(50);

    const collected = await telemetry.collect();
    expect(seriesOf(collected, 'orders')).to.deep.equal([{ attributes: { country: 'ch' }, value: 2 }]);
    expect(valueOf(collected, 'queue')).to.equal(-3);
    expect(valueOf(collected, 'cart')).to.deep.include({ count: 1, sum: 50 });
    expect(['orders', 'queue', 'cart'].map((name) => collector.getLatest(name))).to.deep.equal([2, -3, 50]);
  });

  it('binds tags once', async () => {
    const { metrics, collector, telemetry } = naming();
    const orders = metrics.counter('orders').bind({ country: 'ch' });
    const queue = metrics.gauge('queue').bind({ country: 'ch' });
    const cart = metrics.histogram('cart').bind({ country: 'ch' });

    orders.add();
    orders.add(2);
    queue.record(5);
    cart.record(7);

    const collected = await telemetry.collect();
    const attributes = { country: 'ch' };
    expect(seriesOf(collected, 'orders')).to.deep.equal([{ attributes, value: 3 }]);
    expect(seriesOf(collected, 'queue')).to.deep.equal([{ attributes, value: 5 }]);
    expect(seriesOf(collected, 'cart')[0]?.value).to.deep.include({ count: 1, sum: 7 });
    expect(['orders', 'queue', 'cart'].map((name) => collector.getLatest(name))).to.deep.equal([3, 5, 7]);
  });

  it('keeps out of the answers what exporters are not given', async () => {
    const { metrics, collector, telemetry, rejected } = naming();
    const absurd = [Number.NaN, Infinity, '5' as unknown as number];

    for (const value of [1, -1, ...absurd]) {
      metrics.counter('orders').add(value);
      metrics.counter('orders').bind().add(value);
      metrics.histogram('cart').record(value);
      metrics.gauge('queue').bind().record(value);
    }

    expect(valueOf(await telemetry.collect(), 'orders')).to.equal(2);
    expect(collector.getLatest('orders')).to.equal(2);
    expect(collector.summary('cart')).to.deep.include({ count: 1, sum: 1 });
    expect(collector.summary('queue')).to.deep.include({ count: 2, sum: 0 });
    expect(await rejected()).to.deep.equal({ not_a_number: 12, negative: 3 });
  });

  it('takes unit, description and bounds', async () => {
    const { metrics, telemetry } = naming();
    metrics.histogram('upload', { unit: 'By', description: 'Size of uploads.' }).record(100);
    metrics.histogram('score', { buckets: [1, 2, 3] }).record(2);
    metrics.histogram('plain').record(2);

    const collected = await telemetry.collect();

    const boundsOf = (name: string) => (valueOf(collected, name) as CollectedHistogram).buckets.boundaries;
    expect(boundsOf('upload')).to.deep.equal(BYTES_BUCKETS);
    expect(boundsOf('score')).to.deep.equal([1, 2, 3]);
    expect(boundsOf('plain')).to.deep.equal(GENERAL_BUCKETS);
    expect(collected.find(({ name }) => name === 'upload')).to.deep.include({
      unit: 'By',
      description: 'Size of uploads.',
    });
  });

  it('refuses descriptions it cannot use, where they are given', () => {
    const { metrics } = naming();
    const wrong: readonly (readonly [option: string, given: unknown])[] = [
      ['unit', { unit: 5 }],
      ['description', { description: null }],
      ['buckets', { buckets: [] }],
      ['buckets', { buckets: [2, 1] }],
      ['buckets', { buckets: [1, 1] }],
      ['buckets', { buckets: [1, Number.NaN] }],
      ['buckets', { buckets: ['1', '2'] }],
      ['buckets', { buckets: '1,2' }],
      ['bounds', { bounds: [1] }],
    ];

    for (const [option, given] of wrong)
      expect(() => metrics.histogram('cart', given as MetricDescription)).to.throw(
        InvalidOptionError,
        option,
      );
  });

  it('keeps the first kind of a name, drops the others and says so once', async () => {
    const { metrics, collector, telemetry, rejected } = naming();
    metrics.counter('orders').add(1);

    for (let i = 0; i < 3; i++) metrics.find('orders', 'gauge')?.record(50);

    expect(valueOf(await telemetry.collect(), 'orders')).to.equal(1);
    expect(collector.getLatest('orders')).to.equal(1);
    expect(await rejected()).to.deep.equal({ kind_conflict: 3 });
    expect(notices.said).to.deep.equal(['"orders" is a counter already; recording it as a gauge is dropped']);
  });

  it('does not let the application take a name of this package for another kind', async () => {
    const { instruments, metrics, rejected } = naming();
    instruments.counter(cacheLookups);

    metrics.gauge(cacheLookups.name).record(5);
    metrics.gauge(cacheLookups.name.toUpperCase()).record(5);

    expect(await rejected()).to.deep.equal({ kind_conflict: 2 });
  });

  it('mends names, and takes the mended one for the same metric', async () => {
    const { metrics, telemetry } = naming();

    metrics.counter('orders taken').add(1);
    metrics.counter('orders_taken').add(1);
    metrics.counter('orders taken').add(1);

    expect(valueOf(await telemetry.collect(), 'orders_taken')).to.equal(3);
  });

  it('drops what has no name, and counts it', async () => {
    const { metrics, collector, rejected } = naming();

    for (const name of ['', undefined, null, 7, {}]) metrics.find(name, 'counter')?.add(1);

    expect(await rejected()).to.deep.equal({ invalid_name: 5 });
    expect(collector.names).to.deep.equal([]);
  });

  it('holds a thousand names, drops further ones, and says so once', async () => {
    const { metrics, telemetry, rejected } = naming();

    for (let i = 0; i < 1500; i++) metrics.counter(`user_${i}`).add(1);

    const names = new Set((await telemetry.collect()).map(({ name }) => name));
    expect([...names].filter((name) => name.startsWith('user_'))).to.have.length(1000);
    expect(await rejected()).to.deep.equal({ too_many_names: 500 });
    expect(notices.said).to.deep.equal([
      'more than 1000 metric names; put what varies into tags. "user_1000" is not recorded',
    ]);
  });

  it('records nothing through what has no name on purpose', () => {
    const { metrics, collector } = naming();

    metrics.counter(undefined).add(1);
    metrics.counter(undefined).bind().add();
    metrics.gauge(undefined).record(1);
    metrics.histogram(undefined).bind({ a: 1 }).record(1);

    expect(collector.names).to.deep.equal([]);
  });
});

function naming() {
  const telemetry = captureMetrics();
  const instruments = new Instruments({ meterProvider: telemetry.provider });
  const collector = new MetricsCollector({ clock: new FakeClock() });
  const rejected = async () =>
    Object.fromEntries(
      seriesOf(await telemetry.collect(), telemetryRejected.name).map(({ attributes, value }) => [
        attributes['perf.telemetry.reason'],
        value,
      ]),
    );
  return { telemetry, instruments, collector, rejected, metrics: new UserMetrics(instruments, collector) };
}
