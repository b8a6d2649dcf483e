import { expect } from 'chai';
import { systemClock, type Clock } from '../../../src/clock.js';
import { LoadShedder, type LoadShedderOptions } from '../../../src/optimizer/cpu/load-shedder.js';
import { captureMetrics, seriesOf } from '../../fakes/captured-telemetry.js';

/** An event loop that is as late and as busy as is said. */
class FakeLoop {
  utilization = 1;
  #now = 1000;
  #tick: (() => void) | undefined;

  readonly clock: Clock = {
    ...systemClock,
    now: () => this.#now,
    every: (_, tick) => {
      this.#tick = tick;
      return () => (this.#tick = undefined);
    },
  };

  /** So many seconds in which everything runs so late. */
  pass(seconds: number, lag: number): void {
    const end = this.#now + seconds * 1000;
    while (this.#now < end) {
      this.#now += 20 + lag * 1000;
      this.#tick?.();
    }
  }

  get isWatched(): boolean {
    return this.#tick !== undefined;
  }
}

describe('LoadShedder', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  const make = (options: LoadShedderOptions = {}) => {
    const loop = new FakeLoop();
    const shedder = new LoadShedder({ ...options, clock: loop.clock }, () => loop.utilization);
    closers.push(() => shedder.close());
    return { loop, shedder };
  };
  const countShed = (shedder: LoadShedder, priority: number, asked = 1000) =>
    Array.from({ length: asked }, () => shedder.shouldShed({ priority })).filter(Boolean).length;

  it('refuses nothing while the loop is in time', () => {
    const { loop, shedder } = make();
    loop.pass(10, 0.001);
    expect(countShed(shedder, -100)).to.equal(0);
    expect(shedder.lag).to.be.closeTo(0.001, 1e-9);
  });

  it('refuses the least urgent first, in exactly their share, and the most urgent never', () => {
    const { loop, shedder } = make();
    loop.pass(2, 0.14);
    const { share } = shedder;
    expect(share).to.be.within(0.2, 0.5);
    expect(countShed(shedder, -100)).to.be.closeTo(2000 * share, 1);
    expect(countShed(shedder, 0)).to.be.closeTo(Math.max(0, 2000 * share - 500), 1);
    expect(countShed(shedder, 100)).to.equal(0);
  });

  it('does not let refusals that are due to others hit the urgent', () => {
    const { loop, shedder } = make();
    loop.pass(30, 1);
    const urgent = Array.from({ length: 1000 }, () => {
      shedder.shouldShed({ priority: -100 });
      return shedder.shouldShed({ priority: 100 });
    });
    expect(urgent.some(Boolean)).to.equal(false);
  });

  it('tells callers to stay away the longer, the more is refused', () => {
    const { loop, shedder } = make();
    expect(shedder.retryAfter).to.equal(1);
    loop.pass(30, 1);
    expect(shedder.retryAfter).to.equal(10);
  });

  it('answers everything again when the rush is over', () => {
    const { loop, shedder } = make();
    loop.pass(10, 1);
    expect(shedder.share).to.be.above(0.9);
    loop.pass(12, 0);
    expect(countShed(shedder, -100)).to.equal(0);
  });

  it('takes limits of its own', () => {
    const { loop, shedder } = make({ maxLag: '2s', minUtilization: 0.5 });
    loop.pass(10, 1);
    expect(shedder.share).to.equal(0);
    loop.utilization = 0.6;
    loop.pass(30, 3);
    expect(shedder.share).to.be.above(0);
  });

  it('reports what it was asked and what it answered', async () => {
    const telemetry = captureMetrics();
    const { loop, shedder } = make({ meterProvider: telemetry.provider, name: 'api' });
    loop.pass(30, 1);
    const refused = countShed(shedder, -100, 100);
    expect(refused).to.be.within(94, 95);
    const collected = await telemetry.collect();
    const where = { 'perf.shedding.name': 'api' };
    expect(seriesOf(collected, 'perf.shedding.requests')).to.have.deep.members([
      { attributes: { ...where, 'perf.shedding.result': 'shed' }, value: refused },
      { attributes: { ...where, 'perf.shedding.result': 'admitted' }, value: 100 - refused },
    ]);
    expect(seriesOf(collected, 'perf.shedding.share')).to.deep.equal([{ attributes: where, value: 0.95 }]);
    expect(seriesOf(collected, 'perf.shedding.loop_lag')[0]!.value).to.be.closeTo(1, 1e-9);
    await telemetry.shutdown();
  });

  it('ends its timer and refuses nothing any more when it is closed', () => {
    const { loop, shedder } = make();
    loop.pass(30, 1);
    shedder.close();
    expect(loop.isWatched).to.equal(false);
    expect(countShed(shedder, -100)).to.equal(0);
  });

  it('tells when it begins to refuse and when it ends, once each', () => {
    const { loop, shedder } = make();
    const shares: number[] = [];
    const stop = shedder.onTurn(() => shares.push(shedder.share));

    loop.pass(3, 0.14);
    loop.pass(30, 0);
    stop();
    loop.pass(3, 0.14);

    expect(shares).to.have.lengthOf(2);
    expect(shares[0]).to.be.above(0);
    expect(shares[1]).to.equal(0);
  });

  it('refuses nothing when it shall only tell', () => {
    const { loop, shedder } = make();
    shedder.setRefusing(false);

    loop.pass(10, 1);

    expect(shedder.share).to.be.above(0.9);
    expect(countShed(shedder, -100)).to.equal(0);
    shedder.setRefusing(true);
    expect(countShed(shedder, -100)).to.be.above(900);
  });

  for (const [options, message] of [
    [{ maxLag: -1 }, /maxLag/],
    [{ minUtilization: 2 }, /minUtilization/],
    [{ name: '' }, /name/],
    [{ max_lag: 1 }, /maxLag, perhaps/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => new LoadShedder(options as LoadShedderOptions)).to.throw(message);
    });
  }

  it('refuses a priority out of its range', () => {
    const { shedder } = make();
    expect(() => shedder.shouldShed({ priority: 101 })).to.throw(/priority/);
  });

  it('finds a loop that has more to do than it can, in real time', async function () {
    this.timeout(10_000);
    const shedder = new LoadShedder({ maxLag: '20ms' });
    closers.push(() => shedder.close());
    while (shedder.share === 0) {
      const end = performance.now() + 60;
      while (performance.now() < end);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(shedder.lag).to.be.above(0.02);
  });
});
