import { expect } from 'chai';
import { InvalidOptionError } from '../../src/errors.js';
import { ResourceOptimizer, type ResourceOptimizerOptions } from '../../src/optimizer/resource-optimizer.js';
import * as catalogue from '../../src/telemetry/catalogue.js';
import { instrumentsOf } from '../../src/telemetry/instruments.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';
import { captureMetrics, seriesOf } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { waitFor } from '../e2e/wait-for.js';

describe('ResourceOptimizer', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  describe('cleanups', () => {
    it('run under pressure only', async () => {
      const { optimizer, machine } = optimizing();
      let runs = 0;
      optimizer.registerCacheCleanup(() => (runs += 1));

      machine.memory = 0.79;
      await optimizer.optimizeMemory();
      const runsBefore = runs;
      machine.memory = 0.8;
      const { decisions } = await optimizer.optimizeMemory();

      expect([runsBefore, runs]).to.deep.equal([0, 1]);
      expect(decisions.map(({ decision }) => decision)).to.deep.equal(['act']);
    });

    it('report what they removed, numbers only', async () => {
      const { optimizer } = optimizing({ memory: 0.9 });
      for (const result of [10, Promise.resolve(5), Number.NaN, undefined, 'many', { removed: 7 }])
        optimizer.registerCacheCleanup(() => result);

      const { decisions } = await optimizer.optimizeMemory();

      expect(decisions[0]?.removedEntries).to.equal(15);
    });

    it('that throw do not stop the others, and are said once', async () => {
      const { optimizer } = optimizing({ memory: 0.9 });
      const failing = () => {
        throw new Error('closed');
      };
      optimizer.registerCacheCleanup(failing);
      optimizer.registerCacheCleanup(async () => failing());
      optimizer.registerCacheCleanup(() => 3);

      await optimizer.optimizeMemory();
      const { decisions } = await optimizer.optimizeMemory();

      expect(decisions[0]?.removedEntries).to.equal(3);
      expect(notices.said).to.deep.equal(['a registered cleanup failed: Error: closed']);
    });

    it('no longer run once unregistered, however often that is done', async () => {
      const { optimizer } = optimizing({ memory: 0.9 });
      const ran: string[] = [];
      const unregister = optimizer.registerCacheCleanup(() => ran.push('first'));
      optimizer.registerCacheCleanup(() => ran.push('second'));

      unregister();
      unregister();
      await optimizer.optimizeMemory();

      expect(ran).to.deep.equal(['second']);
    });

    it('never overlap, whoever asks', async () => {
      const { optimizer, clock } = optimizing({ memory: 0.9 });
      const { cleanup, finish, seen } = slowCleanup();
      optimizer.registerCacheCleanup(cleanup);
      optimizer.startAutoOptimization({ interval: 10 });

      clock.advance(10);
      const asked = [optimizer.optimizeMemory(), optimizer.optimizeAll()];
      clock.advance(30);
      optimizer.startAutoOptimization({ interval: 10 });
      clock.advance(10);
      finish();
      await Promise.all(asked);
      optimizer.stopAutoOptimization();

      expect(seen).to.deep.equal({ runs: 1, most: 1 });
    });

    it('may register themselves anew', async () => {
      const { optimizer } = optimizing({ memory: 0.9 });
      let runs = 0;
      const again = () => {
        runs += 1;
        if (runs > 10) throw new Error('for ever');
        unregister();
        unregister = optimizer.registerCacheCleanup(again);
      };
      let unregister = optimizer.registerCacheCleanup(again);

      await optimizer.optimizeMemory();

      expect(runs).to.equal(1);
    });

    it('must be functions', () => {
      expect(() => optimizing().optimizer.registerCacheCleanup('clear' as never)).to.throw(
        InvalidOptionError,
        'cleanup',
      );
    });
  });

  describe('its results', () => {
    it('hold the decisions about one resource, and claim nothing that was not measured', async () => {
      const { optimizer, clock } = optimizing({ memory: 0.9, cpu: 0.1 });

      const memory = await optimizer.optimizeMemory();
      const cpu = await optimizer.optimizeCpu();

      expect(memory.optimizationType).to.equal('memory');
      expect(memory.verdict).to.equal('not measured');
      expect(memory).to.not.have.property('improvementPercent');
      expect(memory.recommendations).to.have.length(1);
      expect(cpu).to.deep.equal({
        optimizationType: 'cpu',
        decisions: [
          {
            time: clock.wallNow() / 1000,
            resource: 'cpu',
            decision: 'hold',
            reason: 'CPU pressure 10.0 % (event loop unknown busy) is under 80.0 %',
          },
        ],
        verdict: 'not measured',
        recommendations: [],
      });
    });

    it('cover everything at once, with other thresholds if asked', async () => {
      const { optimizer, lookups } = optimizing({ memory: 0.5, cpu: 0.5 });
      lookups(95, 5);

      const results = await optimizer.optimizeAll({ memoryThreshold: 0.4, cpuThreshold: 0.5 });
      const afterwards = await optimizer.optimizeAll();

      expect(results.map(({ optimizationType }) => optimizationType)).to.deep.equal([
        'memory',
        'cpu',
        'cache',
      ]);
      expect(results.map(({ decisions }) => decisions[0]?.decision)).to.deep.equal([
        'advise',
        'advise',
        'hold',
      ]);
      expect(afterwards[0]?.decisions[0]?.decision).to.equal('hold');
    });

    it('are about what happened since the last look', async () => {
      const { optimizer, lookups } = optimizing();
      lookups(10, 990);

      const first = await optimizer.optimizeAll();
      lookups(5, 5);
      const second = await optimizer.optimizeAll();

      expect(first[2]?.decisions[0]).to.deep.include({ decision: 'advise' });
      expect(second[2]?.decisions[0]?.reason).to.equal(
        'cache "users" answered 50.0 % of 10 lookups: too few to judge (under 100)',
      );
    });

    it('say no to thresholds that are none, and miss nothing by it', async () => {
      const { optimizer, lookups } = optimizing();
      lookups(95, 5);
      let error: unknown;

      try {
        await optimizer.optimizeAll({ memoryThreshold: 80 });
      } catch (thrown) {
        error = thrown;
      }

      expect(error).to.be.instanceOf(InvalidOptionError);
      expect((await optimizer.optimizeAll())[2]?.decisions[0]?.reason).to.include('100 lookups');
    });
  });

  describe('status', () => {
    it('shows resources and caches now, without ending the interval', () => {
      const { optimizer, lookups } = optimizing({ memory: 0.5, cpu: 0.25 });
      lookups(75, 25);

      const statuses = [optimizer.getResourceStatus(), optimizer.getResourceStatus()];

      expect(statuses[0]).to.deep.include({
        memory: { usagePercent: 50, machinePercent: 50 },
        cpu: { usagePercent: 25, machinePercent: 25 },
        autoOptimizationActive: false,
      });
      expect(statuses.map(({ caches }) => caches[0]?.hitRatio)).to.deep.equal([0.75, 0.75]);
    });
  });

  describe('report', () => {
    it('is empty before the first look', () => {
      const { optimizer, clock } = optimizing();

      expect(optimizer.generateOptimizationReport()).to.deep.equal({
        generatedAt: new Date(clock.wallNow()).toISOString(),
        optimizationSummary: { totalOptimizations: 0, decisions: { hold: 0, advise: 0, act: 0 } },
        recommendations: [],
        recentDecisions: [],
        caches: [],
      });
    });

    it('counts every decision, those to change nothing included', async () => {
      const { optimizer, machine } = optimizing({ memory: 0.1, cpu: 0.9 });
      optimizer.registerCacheCleanup(() => 1);
      await optimizer.optimizeAll();
      machine.memory = 0.9;
      await optimizer.optimizeAll();

      const { optimizationSummary, recentDecisions, recommendations } =
        optimizer.generateOptimizationReport();

      expect(optimizationSummary).to.deep.equal({
        totalOptimizations: 1,
        decisions: { hold: 1, advise: 2, act: 1 },
      });
      expect(recentDecisions).to.have.length(4);
      expect(recommendations).to.have.length(1);
    });
  });

  it('exports its decisions and the pressure it sees', async () => {
    const { optimizer, telemetry } = optimizing({ memory: 0.9, cpu: 0.25 });
    await optimizer.optimizeAll();

    const collected = await telemetry.collect();

    expect(seriesOf(collected, catalogue.optimizerDecisions.name)).to.deep.equal([
      { attributes: { 'perf.optimizer.resource': 'memory', 'perf.optimizer.decision': 'advise' }, value: 1 },
      { attributes: { 'perf.optimizer.resource': 'cpu', 'perf.optimizer.decision': 'hold' }, value: 1 },
    ]);
    expect(seriesOf(collected, catalogue.optimizerPressure.name)).to.deep.equal([
      { attributes: { 'perf.optimizer.resource': 'memory' }, value: 0.9 },
      { attributes: { 'perf.optimizer.resource': 'cpu' }, value: 0.25 },
    ]);
  });

  describe('automatic optimization', () => {
    it('looks at each interval until it is stopped, and leaves no timer', async () => {
      const { optimizer, clock } = optimizing({ memory: 0.1 });
      const looks = () => optimizer.generateOptimizationReport().optimizationSummary.decisions.hold / 2;
      optimizer.startAutoOptimization({ interval: '1m' });
      const isActive = optimizer.isAutoOptimizing;
      for (let i = 1; i <= 3; i++) {
        clock.advance(60);
        await waitFor(() => looks() === i, { what: `look ${i}` });
      }

      optimizer.stopAutoOptimization();
      optimizer.stopAutoOptimization();
      clock.advance(600);
      await Promise.resolve();

      expect([isActive, optimizer.isAutoOptimizing]).to.deep.equal([true, false]);
      expect(looks()).to.equal(3);
      expect(clock.timers).to.equal(0);
    });

    it('takes the interval it was made with when none is given', async () => {
      const { optimizer, clock } = optimizing({}, { autoOptimizeInterval: 7 });
      optimizer.startAutoOptimization();

      clock.advance(6.9);
      const before = optimizer.generateOptimizationReport().recentDecisions.length;
      clock.advance(0.1);
      await waitFor(() => optimizer.generateOptimizationReport().recentDecisions.length > 0, {
        what: 'a look',
      });
      optimizer.stopAutoOptimization();

      expect(before).to.equal(0);
    });

    it('takes new limits when started anew, with one timer', async () => {
      const { optimizer, clock, machine } = optimizing({ memory: 0.5 });
      let runs = 0;
      optimizer.registerCacheCleanup(() => (runs += 1));
      optimizer.startAutoOptimization({ interval: 10 });

      optimizer.startAutoOptimization({ interval: 10, memoryThreshold: 0.4, cpuThreshold: 0.5 });
      clock.advance(10);
      await waitFor(() => runs > 0, { what: 'the cleanup' });

      expect(machine.memory).to.equal(0.5);
      expect(runs).to.equal(1);
      expect(clock.timers).to.equal(1);
    });

    it('goes on as it was when the new limits are wrong', () => {
      const { optimizer, clock } = optimizing();
      optimizer.startAutoOptimization({ interval: 10 });
      const wrong = [{ interval: 0 }, { memoryThreshold: 80 }, { cpuThreshold: -1 }, { every: 5 }, 5];

      for (const given of wrong)
        expect(() => optimizer.startAutoOptimization(given as never)).to.throw(InvalidOptionError);

      expect(optimizer.isAutoOptimizing).to.equal(true);
      expect(clock.timers).to.equal(1);
    });
  });

  it('refuses options it cannot use, naming them', () => {
    const wrong: readonly (readonly [option: string, given: unknown])[] = [
      ['autoOptimizeInterval', { autoOptimizeInterval: 0 }],
      ['memoryThreshold', { memoryThreshold: 80 }],
      ['cpuThreshold', { cpuThreshold: '0.8' }],
      ['memory_threshold', { memory_threshold: 0.8 }],
    ];
    for (const [option, given] of wrong) {
      expect(() => new ResourceOptimizer(given as ResourceOptimizerOptions)).to.throw(
        InvalidOptionError,
        option,
      );
    }
  });
});

interface Machine {
  memory?: number;
  cpu?: number;
}

/** An optimizer that listens to a machine made up by the test. */
function optimizing(machine: Machine = {}, options: ResourceOptimizerOptions = {}) {
  const telemetry = captureMetrics();
  const clock = new FakeClock();
  const instruments = instrumentsOf(telemetry.provider);
  instruments.observe(catalogue.systemMemoryUtilization, machine, ({ memory }, report) => {
    if (memory !== undefined) report(memory, { 'system.memory.state': 'used' });
  });
  instruments.observe(catalogue.systemCpuUtilization, machine, ({ cpu }, report) => {
    if (cpu !== undefined) report(1 - cpu, { 'cpu.mode': 'idle' });
  });
  const counter = instruments.counter(catalogue.cacheLookups);
  const lookups = (hits: number, misses: number) => {
    const attributes = { 'perf.cache.name': 'users', 'perf.cache.tier': 'memory' } as const;
    counter.add(hits, { ...attributes, 'perf.cache.result': 'hit' });
    counter.add(misses, { ...attributes, 'perf.cache.result': 'miss' });
  };
  const optimizer = new ResourceOptimizer({ ...options, meterProvider: telemetry.provider, clock });
  return { optimizer, clock, telemetry, machine, lookups };
}

/** Ends when the test says so, and notices how many of it run at once. */
function slowCleanup() {
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const seen = { runs: 0, most: 0 };
  let running = 0;
  const cleanup = async () => {
    seen.runs += 1;
    running += 1;
    seen.most = Math.max(seen.most, running);
    await finished;
    running -= 1;
  };
  return { cleanup, finish, seen };
}
