import { expect } from 'chai';
import { RecentReadings } from '../../src/live/recent-readings.js';
import { define } from '../../src/telemetry/definition.js';
import { Instruments } from '../../src/telemetry/instruments.js';
import { captureMetrics } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';

const orders = define({ name: 'orders', kind: 'counter', unit: '1', description: 'Orders.', attributes: {} });

function watched() {
  const clock = new FakeClock();
  const { provider } = captureMetrics();
  const instruments = new Instruments({ meterProvider: provider });
  const counter = instruments.counter(orders);
  const recent = new RecentReadings(instruments, clock, 100);
  return {
    clock,
    counter,
    recent,
    look(isWatched = true) {
      const { seconds, of } = recent.look(isWatched);
      return { seconds, orders: of(orders)[0]?.value };
    },
  };
}

describe('RecentReadings', () => {
  it('tells of the time since the process started at first', () => {
    const { counter, look } = watched();
    counter.add(50);

    expect(look(false)).to.deep.equal({ seconds: 100, orders: 50 });
    expect(look()).to.deep.equal({ seconds: 100, orders: 50 });
  });

  it('tells of the last 10 to 20 s while somebody watches', () => {
    const { clock, counter, look } = watched();
    counter.add(50);
    const seen = Array.from({ length: 40 }, () => {
      const told = look();
      clock.advance(1);
      counter.add(2);
      return told;
    });

    expect(seen[5]).to.deep.equal({ seconds: 5, orders: 10 });
    for (const { seconds, orders: count } of seen.slice(12)) {
      expect(seconds).to.be.within(10, 20);
      expect(count).to.equal(2 * seconds);
    }
  });

  it('holds nothing for nobody', () => {
    const { clock, counter, recent, look } = watched();
    look();
    clock.advance(5);
    recent.forget();
    counter.add(1);

    expect(look(false)).to.deep.equal({ seconds: 105, orders: 1 });
  });
});
