import { expect } from 'chai';
import { InvalidOptionError, InvalidUseError } from '../../src/errors.js';
import { MetricsCollector } from '../../src/monitor/metrics-collector.js';
import { PerformanceMonitor, type PerformanceMonitorOptions } from '../../src/monitor/performance-monitor.js';
import { ResourceTracker } from '../../src/resources/resource-tracker.js';
import { operationDuration } from '../../src/telemetry/catalogue.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';
import { captureMetrics, seriesOf, valueOf, type CollectedHistogram } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('PerformanceMonitor', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('records counters, gauges and histograms by name', async () => {
    const { monitor, telemetry } = monitoring();

    monitor.recordCounter('orders');
    monitor.recordCounter('orders', 2, { country: 'ch' });
    monitor.recordGauge('queue', 7);
    monitor.recordHistogram('cart', 50, { country: 'ch' });

    const collected = await telemetry.collect();
    expect(seriesOf(collected, 'orders')).to.deep.equal([
      { attributes: {}, value: 1 },
      { attributes: { country: 'ch' }, value: 2 },
    ]);
    expect(valueOf(collected, 'queue')).to.equal(7);
    expect(valueOf(collected, 'cart')).to.deep.include({ count: 1, sum: 50 });
    expect(monitor.metrics.getLatest('orders')).to.equal(3);
  });

  it('hands out instruments to hold on to, with their description', async () => {
    const { monitor, telemetry } = monitoring();

    monitor.counter('orders', { description: 'Orders taken.' }).bind({ country: 'ch' }).add(2);
    monitor.gauge('queue').record(7);
    monitor.histogram('upload', { unit: 'By' }).record(100);

    const collected = await telemetry.collect();
    expect(collected.find(({ name }) => name === 'orders')).to.deep.include({
      description: 'Orders taken.',
      attributes: { country: 'ch' },
      value: 2,
    });
    expect(valueOf(collected, 'queue')).to.equal(7);
    expect(collected.find(({ name }) => name === 'upload')?.unit).to.equal('By');
  });

  it('never throws because of what is recorded', () => {
    const { monitor } = monitoring();
    const absurd = [undefined, null, Number.NaN, 'text', {}, [], Symbol('x'), 10n, () => {}] as never[];

    for (const value of absurd) {
      monitor.recordCounter(value, value, value);
      monitor.recordCounter('orders', value, value);
      monitor.recordGauge('queue', 1, { value });
      monitor.recordHistogram('cart', value, { [String(value)]: value });
      monitor.timer(value, value).end();
      monitor.time(value, value, () => {});
    }

    expect(monitor.metrics.getLatest('queue')).to.equal(1);
  });

  describe('timing an operation', () => {
    it('records how long the block took that uses the timer', async () => {
      const { monitor, clock, durations } = monitoring();
      {
        using _ = monitor.timer('lookup', { table: 'users' });
        clock.advance(1.5);
      }

      expect(await durations()).to.deep.equal([
        { attributes: { 'perf.operation.name': 'lookup', table: 'users' }, count: 1, sum: 1.5 },
      ]);
    });

    it('ends once by hand', async () => {
      const { monitor, clock, durations } = monitoring();
      const timer = monitor.startTimer('lookup');
      clock.advance(2);

      const seconds = [timer.end(), timer.end()];

      expect(seconds).to.deep.equal([2, 2]);
      expect((await durations()).map(({ count }) => count)).to.deep.equal([1]);
    });

    it('records a failure with the type of its error', async () => {
      const { monitor, durations } = monitoring();

      monitor.timer('lookup').fail(new TypeError('x'));

      expect((await durations())[0]?.attributes).to.deep.equal({
        'perf.operation.name': 'lookup',
        'error.type': 'TypeError',
      });
    });

    it('runs a function, with tags or without, and hands on its result', async () => {
      const { monitor, clock, durations } = monitoring();
      const lookup = () => {
        clock.advance(1);
        return 42;
      };

      const results = [
        monitor.time('lookup', lookup),
        monitor.time('lookup', { table: 'users' }, lookup),
        monitor.time('lookup', undefined, lookup),
        await monitor.time('lookup', async () => lookup()),
      ];

      expect(results).to.deep.equal([42, 42, 42, 42]);
      expect((await durations()).map(({ count, sum }) => [count, sum])).to.deep.equal([
        [3, 3],
        [1, 1],
      ]);
    });

    it('passes on errors unchanged', async () => {
      const { monitor } = monitoring();
      const error = new RangeError('x');
      const failing = () => {
        throw error;
      };
      let caught: unknown;

      try {
        await monitor.time('lookup', async () => failing());
      } catch (thrown) {
        caught = thrown;
      }

      expect(() => monitor.time('lookup', failing)).to.throw(error);
      expect(caught).to.equal(error);
    });

    it('refuses to time nothing', () => {
      const { monitor } = monitoring();

      for (const nothing of [undefined, { table: 'users' }, 'lookup'])
        expect(() => monitor.time('lookup', nothing as never)).to.throw(InvalidUseError, "time('lookup')");
    });

    it('answers questions about it', () => {
      const { monitor, clock } = monitoring();
      for (const seconds of [1, 3]) {
        monitor.time('lookup', { table: 'users' }, () => clock.advance(seconds));
      }

      expect(monitor.metrics.getAverage('operation_duration_lookup', { duration: 60 })).to.equal(2);
      expect(monitor.metrics.getLatest('operation_duration_lookup')).to.equal(3);
    });
  });

  describe('with operation names that never end', () => {
    it('counts the rest under _OTHER, for exporters and in the summary', async () => {
      const { monitor, durations } = monitoring();

      for (let i = 0; i < 1500; i++) monitor.timer(`user-${i}`).end();

      const exported = await durations();
      const { operationMetrics } = monitor.getPerformanceSummary();
      const other = exported.find(({ attributes }) => attributes['perf.operation.name'] === '_OTHER');
      expect(exported).to.have.length(1000);
      expect(other?.count).to.equal(501);
      expect(Object.keys(operationMetrics)).to.have.length(1000);
      expect(operationMetrics['_OTHER']?.count).to.equal(501);
    });
  });

  describe('getPerformanceSummary', () => {
    it('lists operations, the most time-consuming first', () => {
      const { monitor, clock } = monitoring();
      const spend = (operation: string, ...durations: number[]) => {
        for (const seconds of durations) monitor.time(operation, () => clock.advance(seconds));
      };
      spend('short', 1);
      spend('often', 2, 2, 2);
      spend('long', 5);

      const { operationMetrics } = monitor.getPerformanceSummary();

      expect(Object.keys(operationMetrics)).to.deep.equal(['often', 'long', 'short']);
      expect(operationMetrics['often']).to.deep.include({
        count: 3,
        errors: 0,
        avgDuration: 2,
        maxDuration: 2,
      });
    });

    it('counts errors and raises an alert for them', () => {
      const { monitor } = monitoring();
      for (let i = 0; i < 20; i++) monitor.timer('lookup').end();
      for (let i = 0; i < 5; i++) monitor.timer('lookup').fail(new Error('x'));

      const { operationMetrics, alerts } = monitor.getPerformanceSummary();

      expect(operationMetrics['lookup']).to.deep.include({ count: 25, errors: 5 });
      expect(alerts.map(({ name, operation, value }) => [name, operation, value])).to.deep.equal([
        ['errorRatio', 'lookup', 0.2],
      ]);
    });

    it('looks back as far as asked, five minutes otherwise', () => {
      const { monitor, clock } = monitoring();
      monitor.timer('early').end();
      clock.advance(400);
      monitor.timer('late').end();
      clock.advance(1);

      const names = (duration?: number) =>
        Object.keys(
          monitor.getPerformanceSummary(duration === undefined ? {} : { duration }).operationMetrics,
        );

      expect(names()).to.deep.equal(['late']);
      expect(names(1000)).to.have.members(['early', 'late']);
      expect(() => monitor.getPerformanceSummary({ duration: -1 })).to.throw(InvalidOptionError, 'duration');
    });

    it('says when it was made, and has nothing to say about resources that nobody tracks', () => {
      const { monitor, clock } = monitoring();

      expect(monitor.getPerformanceSummary({ duration: '1m' })).to.deep.equal({
        duration: 60,
        generatedAt: new Date(clock.wallNow()).toISOString(),
        resourceUsage: {},
        operationMetrics: {},
        alerts: [],
      });
    });

    it('holds the resources once the tracker runs', async () => {
      const telemetry = captureMetrics();
      const clock = new FakeClock();
      const resourceTracker = new ResourceTracker({ clock, meterProvider: telemetry.provider });
      const { monitor } = monitoring({ resourceTracker });
      await monitor.start();

      const { resourceUsage } = monitor.getPerformanceSummary();
      await monitor.stop();

      expect(resourceUsage.current).to.equal(resourceTracker.getLatestSnapshot());
      expect(resourceUsage.average?.samples).to.equal(1);
    });
  });

  describe('when disabled', () => {
    it('calls timed functions plainly and records nothing', async () => {
      const { monitor, telemetry, clock } = monitoring({ enabled: false });

      const result = monitor.time('lookup', () => 42);
      monitor.timer('lookup').fail(new Error('x'));
      monitor.startTimer('lookup').end();
      monitor.recordCounter('orders');
      monitor.recordGauge('queue', 1);
      monitor.recordHistogram('cart', 1);
      monitor.counter('orders').bind().add();
      monitor.gauge('queue').record(1);
      monitor.histogram('cart').bind().record(1);

      const names = (await telemetry.collect()).map(({ name }) => name);
      expect(result).to.equal(42);
      expect(names).to.deep.equal(['perf.telemetry.series']);
      expect(monitor.metrics.names).to.deep.equal([]);
      expect(clock.timers).to.equal(0);
    });

    it('does not start', async () => {
      const { monitor, clock } = monitoring({ enabled: false });

      await monitor.start();

      expect(monitor.isRunning).to.equal(false);
      expect(clock.timers).to.equal(0);
    });
  });

  describe('start and stop', () => {
    it('may be called twice, and leave no timer', async () => {
      const { monitor, clock } = monitoring();

      await monitor.start();
      await monitor.start();
      const running = [monitor.isRunning, clock.timers];
      await monitor.stop();
      await monitor.stop();

      expect(running).to.deep.equal([true, 1]);
      expect([monitor.isRunning, clock.timers]).to.deep.equal([false, 0]);
    });

    it('are not needed to record and ask', () => {
      const { monitor } = monitoring();

      monitor.recordGauge('queue', 7);

      expect(monitor.isRunning).to.equal(false);
      expect(monitor.metrics.getLatest('queue')).to.equal(7);
    });
  });

  it('refuses options it cannot use, naming them', () => {
    const wrong: readonly (readonly [option: string, given: unknown])[] = [
      ['enabled', { enabled: 'yes' }],
      ['metricsCollector', { metricsCollector: {} }],
      ['resourceTracker', { resourceTracker: true }],
      ['alerts.cpuPercent', { alerts: { cpuPercent: 0 } }],
      ['enable', { enable: true }],
    ];
    for (const [option, given] of wrong) {
      expect(() => new PerformanceMonitor(given as PerformanceMonitorOptions)).to.throw(
        InvalidOptionError,
        option,
      );
    }
  });
});

function monitoring(options: PerformanceMonitorOptions = {}) {
  const telemetry = captureMetrics();
  const clock = new FakeClock();
  const monitor = new PerformanceMonitor({
    metricsCollector: new MetricsCollector({ clock }),
    resourceTracker: false,
    meterProvider: telemetry.provider,
    ...options,
  });
  const durations = async () =>
    seriesOf(await telemetry.collect(), operationDuration.name).map(({ attributes, value }) => {
      const { count, sum } = value as CollectedHistogram;
      return { attributes, count, sum };
    });
  return { monitor, clock, telemetry, durations };
}
