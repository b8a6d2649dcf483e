import { expect } from 'chai';
import { define } from '../../src/telemetry/definition.js';
import { Instruments } from '../../src/telemetry/instruments.js';
import type { IntervalReadings } from '../../src/telemetry/reading.js';
import { ReadingFeed } from '../../src/telemetry/reading-feed.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';
import { captureMetrics } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';

const orders = define({
  name: 'shop.orders',
  kind: 'counter',
  unit: '{order}',
  description: 'Orders taken.',
  attributes: { country: 'open' },
});
const queue = define({ ...orders, name: 'shop.queue', kind: 'gauge' });
const checkout = define({ ...orders, name: 'shop.checkout', kind: 'histogram', unit: 's' });
const evictions = define({ ...orders, name: 'shop.evictions', kind: 'observableCounter' });

describe('ReadingFeed', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('tells what happened since it was last asked, and in how many seconds', () => {
    const { instruments, clock, feed } = feeding();
    instruments.counter(orders).add(5);
    instruments.histogram(checkout).record(2);
    feed.take();

    instruments.counter(orders).add(3);
    instruments.histogram(checkout).record(0.5);
    instruments.histogram(checkout).record(0.25);
    clock.advance(10);
    const interval = feed.take();

    expect(interval.seconds).to.equal(10);
    expect(values(interval)).to.deep.equal({ 'shop.orders': 3, 'shop.checkout': 0.75 });
    expect(interval.readings.find(({ name }) => name === 'shop.checkout')?.count).to.equal(2);
  });

  it('leaves out what happened before it began to listen', () => {
    const instruments = new Instruments();
    instruments.counter(orders).add(5);

    const feed = new ReadingFeed(instruments, new FakeClock());

    expect(values(feed.take())).to.deep.equal({ 'shop.orders': 0 });
  });

  it('gives gauges as they are', () => {
    const { instruments, feed } = feeding();
    instruments.gauge(queue).record(7);
    feed.take();

    instruments.gauge(queue).record(4);

    expect(values(feed.take())).to.deep.equal({ 'shop.queue': 4 });
  });

  it('counts all of a series that is new', () => {
    const { instruments, feed } = feeding();
    instruments.counter(orders).add(5, { country: 'ch' });
    feed.take();

    instruments.counter(orders).add(3, { country: 'li' });

    expect(feed.take().readings.filter(({ name }) => name === 'shop.orders')).to.deep.equal([
      { name: 'shop.orders', kind: 'counter', unit: '{order}', attributes: { country: 'ch' }, value: 0 },
      { name: 'shop.orders', kind: 'counter', unit: '{order}', attributes: { country: 'li' }, value: 3 },
    ]);
  });

  it('looks without consuming', () => {
    const { instruments, clock, feed } = feeding();
    instruments.counter(orders).add(5);
    clock.advance(3);

    const peeks = [feed.peek(), feed.peek()];
    clock.advance(2);
    const taken = feed.take();

    expect(peeks.map(values)).to.deep.equal([{ 'shop.orders': 5 }, { 'shop.orders': 5 }]);
    expect(peeks[1]!.seconds).to.equal(3);
    expect(values(taken)).to.deep.equal({ 'shop.orders': 5 });
    expect(taken.seconds).to.equal(5);
    expect(values(feed.take())).to.deep.equal({ 'shop.orders': 0 });
  });

  it('takes all of a counter that started again, never less than nothing', () => {
    const { instruments, feed } = feeding();
    const owner = { evictions: 100 };
    instruments.observe(evictions, owner, (self, report) => report(self.evictions));
    feed.take();

    owner.evictions = 4;

    expect(values(feed.take())).to.deep.equal({ 'shop.evictions': 4 });
  });

  it('does not count everything anew after an observer failed once', () => {
    const { instruments, feed } = feeding();
    const owner = { evictions: 100, isBroken: false };
    instruments.observe(evictions, owner, (self, report) => {
      if (self.isBroken) throw new Error('closed');
      report(self.evictions);
    });
    feed.take();
    owner.isBroken = true;
    feed.take();

    owner.isBroken = false;
    owner.evictions = 103;

    expect(values(feed.take())).to.deep.equal({ 'shop.evictions': 3 });
  });

  it('calls a listener with each interval until cancelled', () => {
    const { instruments, clock, feed } = feeding();
    const heard: (IntervalReadings & { orders?: number })[] = [];
    const cancel = feed.every(10, (interval) => heard.push(interval));

    for (const amount of [1, 2, 3]) {
      instruments.counter(orders).add(amount);
      clock.advance(10);
    }
    cancel();
    clock.advance(100);

    expect(heard.map(values)).to.deep.equal([
      { 'shop.orders': 1 },
      { 'shop.orders': 2 },
      { 'shop.orders': 3 },
    ]);
    expect(heard.map(({ seconds }) => seconds)).to.deep.equal([10, 10, 10]);
    expect(clock.timers).to.equal(0);
  });

  for (const temporality of ['cumulative', 'delta'] as const) {
    it(`changes nothing a ${temporality} exporter sees`, async () => {
      const [watched, unwatched] = [await exported(true), await exported(false)];

      expect(watched).to.deep.equal(unwatched);
    });

    async function exported(isWatched: boolean): Promise<unknown[]> {
      const telemetry = captureMetrics({ temporality });
      const { provider: meterProvider } = telemetry;
      const instruments = new Instruments({ meterProvider });
      const owner = { evictions: 0 };
      instruments.observe(evictions, owner, (self, report) => report(self.evictions));
      const feed = new ReadingFeed(instruments, new FakeClock());
      const collections = [];
      for (let i = 1; i <= 3; i++) {
        instruments.counter(orders).add(i);
        instruments.histogram(checkout).record(i);
        instruments.gauge(queue).record(i);
        owner.evictions += i;
        if (isWatched) feed.take();
        collections.push(await telemetry.collect());
        if (isWatched) feed.peek();
      }
      return collections;
    }
  }
});

function feeding() {
  const [instruments, clock] = [new Instruments(), new FakeClock()];
  return { instruments, clock, feed: new ReadingFeed(instruments, clock) };
}

/** The application's series by name. */
function values({ readings }: IntervalReadings): Record<string, number> {
  const own = readings.filter(({ name }) => name.startsWith('shop.'));
  return Object.fromEntries(own.map(({ name, value }) => [name, value]));
}
