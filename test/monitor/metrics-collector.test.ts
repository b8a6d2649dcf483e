import { expect } from 'chai';
import { InvalidOptionError } from '../../src/errors.js';
import { MetricsCollector, type MetricsCollectorOptions } from '../../src/monitor/metrics-collector.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('MetricsCollector', () => {
  describe('getAverage', () => {
    it('is the mean of what was recorded in the time asked for', () => {
      const { collector, record, clock } = collecting();
      record('queue', 10);
      clock.advance(60);
      record('queue', 1, 2);

      expect(collector.getAverage('queue', { duration: 30 })).to.equal(1.5);
      expect(collector.getAverage('queue')).to.be.closeTo(13 / 3, 1e-9);
    });
  });

  describe('getLatest', () => {
    it('is the last value, however long ago', () => {
      const { collector, record, clock } = collecting();
      record('queue', 3, 7);

      clock.advance(86_400);

      expect(collector.getLatest('queue')).to.equal(7);
    });

    it('is the sum so far of a counter, also of what is no longer kept', () => {
      const { collector, clock } = collecting({ maxHistory: 5 });
      const history = collector.historyOf('orders', 'counter');

      for (let i = 0; i < 100; i++) {
        history?.record(2);
        clock.advance(1);
      }

      expect(collector.getLatest('orders')).to.equal(200);
    });
  });

  describe('getPercentile', () => {
    it('takes percents from 0 to 100', () => {
      const { collector, record } = collecting();
      record('latency', ...Array.from({ length: 1000 }, (_, i) => i + 1));

      const percentiles = [0, 50, 95, 100].map((percent) => collector.getPercentile('latency', percent));

      expect(percentiles[0]).to.equal(1);
      expect(percentiles[1]).to.be.closeTo(500, 8);
      expect(percentiles[2]).to.be.closeTo(950, 15.2);
      expect(percentiles[3]).to.equal(1000);
    });

    it('knows no answer for a percentile that does not exist', () => {
      const { collector, record } = collecting();
      record('latency', 1);

      for (const percent of [-1, 101, Number.NaN, Infinity])
        expect(collector.getPercentile('latency', percent)).to.equal(undefined);
    });

    it('looks at the time asked for only', () => {
      const { collector, record, clock } = collecting();
      record('latency', 1000);
      clock.advance(60);
      record('latency', 1);

      expect(collector.getPercentile('latency', 99, { duration: 10 })).to.equal(1);
    });
  });

  describe('getRate', () => {
    it('is the growth per second of a counter', () => {
      const { collector, clock } = collecting();
      const history = collector.historyOf('orders', 'counter');
      for (let i = 0; i < 60; i++) {
        history?.record(5);
        clock.advance(1);
      }

      expect(collector.getRate('orders', { duration: 10 })).to.equal(5);
      expect(collector.getRate('orders')).to.equal(5);
    });

    it('is the records per second of everything else', () => {
      const { collector, record, clock } = collecting();
      for (let i = 0; i < 60; i++) {
        record('latency', 0.5, 0.7, 0.9);
        clock.advance(1);
      }

      expect(collector.getRate('latency', { duration: 20 })).to.equal(3);
    });

    it('counts from the first record of a name that is younger than the time asked for', () => {
      const { collector, record, clock } = collecting();
      clock.advance(1000);
      record('latency', 1, 1, 1, 1);
      clock.advance(2);

      expect(collector.getRate('latency', { duration: 300 })).to.equal(2);
    });

    it('falls to zero when nothing happens any more', () => {
      const { collector, record, clock } = collecting();
      record('latency', 1);
      clock.advance(600);

      expect(collector.getRate('latency', { duration: 60 })).to.equal(0);
    });

    it('is unknown in the very moment of the first record', () => {
      const { collector, record } = collecting();
      record('latency', 1);

      expect(collector.getRate('latency')).to.equal(undefined);
    });

    it('stays right after the oldest steps were dropped', () => {
      const { collector, record, clock } = collecting({ maxHistory: 20 });
      for (let i = 0; i < 500; i++) {
        record('latency', 1, 1);
        clock.advance(1);
      }

      expect(collector.getRate('latency')).to.equal(2);
      expect(collector.getRate('latency', { duration: 300 })).to.equal(2);
    });
  });

  describe('getHistory', () => {
    it('tells step by step, oldest first, in seconds since 1970', () => {
      const { collector, record, clock } = collecting();
      const start = clock.wallNow() / 1000;
      record('queue', 4, 2);
      clock.advance(1);
      record('queue', 6);
      clock.advance(1);

      expect(collector.getHistory('queue')).to.deep.equal([
        { time: start + 1, seconds: 1, count: 2, sum: 6, average: 3, min: 2, max: 4, last: 2 },
        { time: start + 2, seconds: 1, count: 1, sum: 6, average: 6, min: 6, max: 6, last: 6 },
      ]);
    });

    it('follows the wall clock when it is set, and keeps lengths and order', () => {
      const { collector, record, clock } = collecting();
      record('queue', 1);
      clock.advance(1);
      clock.jumpWall(-3600);
      record('queue', 2);
      clock.advance(1);

      const [first, second] = collector.getHistory('queue');

      expect(first?.seconds).to.equal(1);
      expect(second!.time - first!.time).to.equal(1);
      expect(second!.time).to.equal(clock.wallNow() / 1000);
    });

    it('makes one step of the time in which the event loop was blocked', () => {
      const { collector, clock } = blockable();
      const history = collector.historyOf('queue', 'gauge');
      history?.record(1);
      clock.advance(1);
      clock.isBlocked = true;
      history?.record(2);
      clock.advance(30);
      history?.record(3);
      clock.isBlocked = false;
      clock.advance(1);

      const steps = collector.getHistory('queue');

      expect(steps.map(({ seconds, count }) => ({ seconds, count }))).to.deep.equal([
        { seconds: 1, count: 1 },
        { seconds: 31, count: 2 },
      ]);
    });
  });

  it('answers nothing about names it does not know', () => {
    const { collector } = collecting();

    expect(collector.getAverage('x')).to.equal(undefined);
    expect(collector.getLatest('x')).to.equal(undefined);
    expect(collector.getPercentile('x', 95)).to.equal(undefined);
    expect(collector.getRate('x')).to.equal(undefined);
    expect(collector.getHistory('x')).to.deep.equal([]);
    expect(collector.summary('x')).to.equal(undefined);
    expect(collector.names).to.deep.equal([]);
  });

  it('answers nothing about a time in which nothing was recorded', () => {
    const { collector, record, clock } = collecting();
    record('queue', 1);
    clock.advance(100);

    expect(collector.getAverage('queue', { duration: 10 })).to.equal(undefined);
    expect(collector.getPercentile('queue', 50, { duration: '10s' })).to.equal(undefined);
    expect(collector.getHistory('queue', { duration: '1m' })).to.deep.equal([]);
  });

  it('takes durations as text, and without end', () => {
    const { collector, record, clock } = collecting();
    record('queue', 1);
    clock.advance(120);
    record('queue', 3);

    const averages = (['1m', '5m', Infinity] as const).map((duration) =>
      collector.getAverage('queue', { duration }),
    );

    expect(averages).to.deep.equal([3, 2, 2]);
  });

  it('refuses durations that are none', () => {
    const { collector, record } = collecting();
    record('queue', 1);

    for (const duration of [0, -1, Number.NaN, '5 parsecs' as never, null as never])
      expect(() => collector.getAverage('queue', { duration })).to.throw(InvalidOptionError, 'duration');
  });

  it('keeps as many names as it may, and says so to whoever brings more', () => {
    const { collector } = collecting({ maxMetrics: 2 });

    const histories = ['a', 'b', 'c', 'a'].map((name) => collector.historyOf(name, 'gauge'));

    expect(histories[2]).to.equal(undefined);
    expect(histories[3]).to.equal(histories[0]);
    expect(collector.names).to.deep.equal(['a', 'b']);
  });

  it('has one timer, from the first record on', () => {
    const { collector, record, clock } = collecting();
    const before = clock.timers;

    record('a', 1);
    record('b', 1);
    collector.start();

    expect([before, clock.timers]).to.deep.equal([0, 1]);
  });

  it('takes what is recorded while stopped as one step, and goes on when started again', () => {
    const { collector, record, clock } = collecting();
    record('queue', 1);
    clock.advance(1);
    collector.stop();
    collector.stop();
    record('queue', 2);
    clock.advance(10);
    record('queue', 3);
    const timersWhileStopped = clock.timers;
    collector.start();
    clock.advance(1);

    const steps = collector.getHistory('queue');

    expect(timersWhileStopped).to.equal(0);
    expect(steps.map(({ seconds, count }) => [seconds, count])).to.deep.equal([
      [1, 1],
      [11, 2],
    ]);
  });

  it('refuses options it cannot use, naming them', () => {
    const wrong: readonly (readonly [option: string, MetricsCollectorOptions])[] = [
      ['maxHistory', { maxHistory: 0 }],
      ['maxHistory', { maxHistory: 2.5 }],
      ['maxMetrics', { maxMetrics: -1 }],
      ['maxMetrics', { maxMetrics: '5' as never }],
      ['max_history', { max_history: 5 } as never],
    ];
    for (const [option, given] of wrong)
      expect(() => new MetricsCollector(given)).to.throw(InvalidOptionError, option);
  });
});

/** Timers do not fire while it is blocked, and late ones only once. */
class BlockableClock extends FakeClock {
  isBlocked = false;

  override every(intervalMs: number, tick: () => void): () => void {
    return super.every(intervalMs, () => {
      if (!this.isBlocked) tick();
    });
  }
}

function blockable() {
  const clock = new BlockableClock();
  return { clock, collector: new MetricsCollector({ clock }) };
}

function collecting(options: MetricsCollectorOptions = {}) {
  const clock = new FakeClock();
  const collector = new MetricsCollector({ ...options, clock });
  const record = (name: string, ...values: number[]) => {
    for (const value of values) collector.historyOf(name, 'histogram')?.record(value);
  };
  return { clock, collector, record };
}
