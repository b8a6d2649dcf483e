import { expect } from 'chai';
import { InvalidOptionError } from '../../../src/errors.js';
import { CPUOptimizer } from '../../../src/optimizer/cpu/cpu-optimizer.js';
import * as catalogue from '../../../src/telemetry/catalogue.js';
import { instrumentsOf } from '../../../src/telemetry/instruments.js';
import { Limiter } from '../../../src/async/limiter.js';
import { captureMetrics, seriesOf } from '../../fakes/captured-telemetry.js';

/** Refuses what the test says. */
class FakeShedder {
  readonly name = 'api';
  readonly lag = 0.1;
  share = 0;
  isRefusing = true;
  readonly #listeners = new Set<() => void>();

  setRefusing(isRefusing: boolean): void {
    this.isRefusing = isRefusing;
  }

  onTurn(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  turn(share: number): void {
    this.share = share;
    for (const listener of this.#listeners) listener();
  }
}

describe('CPUOptimizer', () => {
  it('looks at the CPU alone', async () => {
    const { provider } = captureMetrics();
    const busy = {};
    instrumentsOf(provider).observe(catalogue.eventLoopUtilization, busy, (_busy, report) => report(0.95));
    const optimizer = new CPUOptimizer({ meterProvider: provider });

    const result = await optimizer.optimize();

    expect(result).to.deep.include({ optimizationType: 'cpu', verdict: 'not measured' });
    expect(result.decisions.map(({ action, outcome, reason }) => [action, outcome, reason])).to.deep.equal([
      ['cpu_advice', 'advised', 'loop'],
      ['gc_advice', 'held', 'not_measured'],
    ]);
  });

  describe('with a shedder', () => {
    it('tells at once that work is refused, and that it is no longer, and shows the share', async () => {
      const { provider, collect } = captureMetrics();
      const optimizer = new CPUOptimizer({ meterProvider: provider });
      const shedder = new FakeShedder();
      optimizer.registerShedder(shedder);
      const shareShown = async () =>
        seriesOf(await collect(), 'perf.optimizer.setting').map(({ value }) => value);

      shedder.turn(0.2);
      const [share] = await shareShown();
      shedder.turn(0);

      const { decisions } = optimizer.passes.log;
      expect(decisions.map(({ target, outcome, reason }) => [target, outcome, reason])).to.deep.equal([
        ['api', 'applied', 'overload'],
        ['api', 'applied', 'room'],
      ]);
      expect(decisions[0]!.explanation)
        .to.include('100.0 ms late')
        .and.include('20.0 % of the work is refused');
      expect([share, ...(await shareShown())]).to.deep.equal([0.2, 0]);
    });

    it('says in each pass that it still refuses, and takes nothing for a change of its own', async () => {
      const optimizer = new CPUOptimizer({ meterProvider: captureMetrics().provider });
      const shedder = new FakeShedder();
      optimizer.registerShedder(shedder);
      shedder.turn(0.2);
      shedder.share = 0.5;

      const { decisions } = await optimizer.optimize();

      expect(decisions.find(({ action }) => action === 'load_shedding')).to.include({
        outcome: 'held',
        reason: 'overload',
      });
    });

    it('lets it refuse nothing in mode "advise", and advises', async () => {
      const optimizer = new CPUOptimizer({ shedding: 'advise', meterProvider: captureMetrics().provider });
      const shedder = new FakeShedder();
      const unregister = optimizer.registerShedder(shedder);

      shedder.turn(0.3);

      const [made] = optimizer.passes.log.decisions;
      expect(shedder.isRefusing).to.equal(false);
      expect(made).to.include({ outcome: 'advised', reason: 'overload' });
      expect(made!.recommendation).to.include('Let "api" refuse work, or add CPU');
      unregister();
      expect(shedder.isRefusing).to.equal(true);
      shedder.turn(0.4);
      expect(optimizer.passes.log.decisions).to.have.lengthOf(1);
    });

    it('leaves it alone in mode "off"', async () => {
      const optimizer = new CPUOptimizer({ shedding: 'off', meterProvider: captureMetrics().provider });
      const shedder = new FakeShedder();
      optimizer.registerShedder(shedder);

      shedder.turn(0.3);

      expect(shedder.isRefusing).to.equal(true);
      expect(optimizer.passes.log.decisions).to.deep.equal([]);
    });

    it('refuses what is none', () => {
      expect(() => new CPUOptimizer().registerShedder({} as never)).to.throw(
        InvalidOptionError,
        'a LoadShedder',
      );
    });
  });

  describe('with a limiter', () => {
    it('reports what an adaptive limit is, and never sets it', async () => {
      const { provider, collect } = captureMetrics();
      const optimizer = new CPUOptimizer({ meterProvider: provider });
      const limiter = new Limiter({ name: 'db', limit: { initial: 7 }, meterProvider: provider });
      const unregister = optimizer.registerLimiter(limiter);

      const { decisions } = await optimizer.optimize();

      expect(decisions.find(({ action }) => action === 'concurrency')).to.deep.include({
        target: 'db',
        outcome: 'held',
        reason: 'steers_itself',
        numbers: { active: 0, queued: 0, limit: 7, oldestWait: 0 },
      });
      const [setting] = seriesOf(await collect(), 'perf.optimizer.setting');
      expect([setting?.value, limiter.stats().limit]).to.deep.equal([7, 7]);
      unregister();
      expect((await optimizer.optimize()).decisions.map(({ action }) => action)).to.not.include(
        'concurrency',
      );
      await limiter.close();
    });

    it('refuses what is none', () => {
      expect(() => new CPUOptimizer().registerLimiter({} as never)).to.throw(InvalidOptionError, 'a Limiter');
    });
  });

  it('takes modes that there are, and not "auto" for what it cannot change', () => {
    expect(() => new CPUOptimizer({ shedding: 'on' as never })).to.throw(
      /shedding must be one of off, advise, auto/,
    );
    expect(() => new CPUOptimizer({ concurrency: 'auto' as never })).to.throw(
      /concurrency must be one of off, advise/,
    );
    expect(() => new CPUOptimizer({ gc: 'auto' as never })).to.throw(/gc must be one of off, advise/);
  });

  it('says nothing of what is off', async () => {
    const optimizer = new CPUOptimizer({
      shedding: 'off',
      concurrency: 'off',
      gc: 'off',
      meterProvider: captureMetrics().provider,
    });
    optimizer.registerLimiter({
      name: 'db',
      isAdaptive: false,
      stats: () => ({ active: 1, queued: 1, limit: 1, oldestWait: 1 }),
    });

    const { decisions } = await optimizer.optimize();

    expect(decisions.map(({ action }) => action)).to.deep.equal(['cpu_advice']);
  });

  it('refuses options it does not know', () => {
    expect(() => new CPUOptimizer({ threshold: 1 } as never)).to.throw(InvalidOptionError, 'threshold');
  });
});
