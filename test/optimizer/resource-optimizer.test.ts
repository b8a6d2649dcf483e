import { expect } from 'chai';
import { InvalidOptionError } from '../../src/errors.js';
import { CPUOptimizer } from '../../src/optimizer/cpu/cpu-optimizer.js';
import type { MadeDecision, MadeVerdict } from '../../src/optimizer/decision.js';
import { MemoryOptimizer, type MemoryOptimizerOptions } from '../../src/optimizer/memory/memory-optimizer.js';
import { ResourceOptimizer, type ResourceOptimizerOptions } from '../../src/optimizer/resource-optimizer.js';
import * as catalogue from '../../src/telemetry/catalogue.js';
import { instrumentsOf } from '../../src/telemetry/instruments.js';
import { captureNotices } from '../fakes/captured-notices.js';
import { captureMetrics, seriesOf } from '../fakes/captured-telemetry.js';
import { FakeBudget, FakeCache, FakeCurve } from '../fakes/fake-budget.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeHeap } from '../fakes/fake-heap.js';
import { turnOfLoop } from '../fakes/turn-of-loop.js';

const MB = 1024 * 1024;

describe('ResourceOptimizer', () => {
  describe('its results', () => {
    it('are about one resource each', async () => {
      const { optimizer } = optimizing({ cpu: 0.1 });

      const memory = await optimizer.optimizeMemory();
      const cpu = await optimizer.optimizeCpu();

      expect(memory.decisions.map(({ action }) => action)).to.deep.equal(['cleanup']);
      expect(cpu.decisions.map(({ action }) => action)).to.deep.equal(['cpu_advice']);
      expect([memory, cpu].map(({ verdict }) => verdict)).to.deep.equal(['not measured', 'not measured']);
      for (const result of [memory, cpu]) expect(result).to.not.have.property('improvementPercent');
    });

    it('cover everything at once, with other thresholds if asked', async () => {
      const { optimizer, lookups, heap } = optimizing({ cpu: 0.5 });
      heap.collect(50);
      lookups(95, 5);

      const results = await optimizer.optimizeAll({ memoryThreshold: 0.4, cpuThreshold: 0.5 });
      const afterwards = await optimizer.optimizeAll();

      expect(results.map(({ optimizationType }) => optimizationType)).to.deep.equal([
        'memory',
        'cpu',
        'cache',
      ]);
      expect(results.map(({ decisions }) => decisions[0]?.outcome)).to.deep.equal([
        'advised',
        'advised',
        'held',
      ]);
      expect(afterwards[0]?.decisions[0]?.outcome).to.equal('held');
    });

    it('take the thresholds it was made with, for memory alone too', async () => {
      const { optimizer, heap } = optimizing({}, { memoryThreshold: 0.4 });
      heap.collect(50);

      expect((await optimizer.optimizeMemory()).decisions[0]?.outcome).to.equal('advised');
    });

    it('are about what happened since the last look', async () => {
      const { optimizer, lookups } = optimizing();
      lookups(10, 990);

      const first = await optimizer.optimizeAll();
      lookups(5, 5);
      const second = await optimizer.optimizeAll();

      expect(first[2]?.decisions[0]).to.include({ outcome: 'advised', reason: 'rarely_asked_again' });
      expect(second[2]?.decisions[0]).to.include({ outcome: 'held', reason: 'too_few_lookups' });
    });

    it('say no to thresholds that are none, and miss nothing by it', async () => {
      const { optimizer, lookups } = optimizing();
      lookups(95, 5);
      let error: unknown;

      await optimizer.optimizeAll({ memoryThreshold: 80 }).catch((thrown: unknown) => (error = thrown));

      expect(error).to.be.instanceOf(InvalidOptionError);
      expect((await optimizer.optimizeAll())[2]?.decisions[0]?.explanation).to.include('100 lookups');
    });
  });

  describe('memory', () => {
    it('is freed by cleanups, weak caches and budgets that are registered here', async () => {
      const { optimizer, heap } = optimizing();
      const map = new Map([['a', 1]]);
      const budget = new FakeBudget({ mb: 40 });
      let runs = 0;
      const unregister = [
        optimizer.registerCacheCleanup(() => (runs += 1)),
        optimizer.registerWeakCache(map),
        optimizer.registerBudget(budget, { minBytes: '39mb' }),
      ];
      heap.collect(85);

      await optimizer.optimizeMemory();
      heap.collect(85);
      await optimizer.optimizeMemory();
      for (const end of unregister) end();
      map.set('b', 2);
      heap.collect(85);
      const { decisions } = await optimizer.optimizeMemory();

      expect(budget.sizesInMb).to.deep.equal([39]);
      expect([runs, map.size]).to.deep.equal([1, 1]);
      expect(decisions.map(({ action, outcome }) => [action, outcome])).to.deep.equal([
        ['cleanup', 'advised'],
      ]);
    });

    it('is what the resource tracker last said, as long as that is not old', async () => {
      const clock = new FakeClock();
      const sample = {
        now: clock.now(),
        heap: { usedBytes: 1, limitBytes: 100 },
        container: { memory: { workingSetBytes: 95 * MB, limitBytes: 100 * MB } },
        host: { memoryUsedBytes: 1, memoryFreeBytes: 1 },
        pressures: { memory: { scope: 'cgroup', some: { share: 0.5, seconds: 1 } } },
        gcShare: 0.25,
      };
      const { optimizer } = optimizing({}, { resourceTracker: { lastSample: sample as never } }, {}, clock);

      const fresh = optimizer.getResourceStatus();
      clock.advance(61);
      const old = optimizer.getResourceStatus();

      expect(fresh.memory).to.deep.equal({ usagePercent: 95, containerPercent: 95, heapPercent: 30 });
      expect(old.memory).to.deep.equal({ usagePercent: 30, heapPercent: 30 });
    });
  });

  describe('status', () => {
    it('shows resources and caches now, without ending the interval', () => {
      const { optimizer, lookups } = optimizing({ cpu: 0.25 });
      lookups(75, 25);

      const statuses = [optimizer.getResourceStatus(), optimizer.getResourceStatus()];

      expect(statuses[0]).to.deep.include({
        memory: { usagePercent: 30, heapPercent: 30 },
        cpu: { usagePercent: 25, machinePercent: 25 },
        autoOptimizationActive: false,
      });
      expect(statuses.map(({ caches }) => caches[0]?.hitRatio)).to.deep.equal([0.75, 0.75]);
    });

    it('knows the real heap without any tracker', () => {
      const { provider } = captureMetrics();

      const { memory } = new ResourceOptimizer({ meterProvider: provider }).getResourceStatus();

      expect(memory.heapPercent).to.be.above(0).and.below(100);
    });
  });

  describe('with limiters, shedders and functions', () => {
    it('has them in its passes and its report', async () => {
      const { optimizer, heap } = optimizing();
      const stats = () => ({ active: 2, queued: 0, limit: 9, oldestWait: 0 });
      optimizer.registerLimiter({ name: 'db', isAdaptive: true, stats });
      let turn = () => {};
      const shedder = {
        name: 'api',
        lag: 0.2,
        share: 0,
        setRefusing: () => {},
        onTurn(listener: () => void) {
          turn = listener;
          return () => {};
        },
      };
      optimizer.registerShedder(shedder);
      const render = optimizer.registerFunction({ name: 'render', memoryThreshold: 0.4 });
      shedder.share = 0.5;
      turn();
      heap.collect(50);
      render.ran(0.25);
      await turnOfLoop();

      const { recentDecisions, functions } = optimizer.generateOptimizationReport();

      const decided = recentDecisions.map(({ action, target, reason }) => `${action} ${target} ${reason}`);
      expect(decided).to.include.members(['load_shedding api overload', 'concurrency db steers_itself']);
      expect(functions).to.have.lengthOf(1);
      expect(functions[0]).to.include({ name: 'render', runs: 1, passes: 1, isOverThreshold: true });
      expect(optimizer.getResourceStatus().functions).to.deep.equal(functions);
    });

    it('compares the CPU with the last sample of the tracker', () => {
      const sample = {
        now: 1000,
        heap: {},
        host: {},
        pressures: {},
        cpuShares: { user: 0.75, idle: 0.125, iowait: 0.125 },
        processCpuShares: { user: 0.1, system: 0.1 },
        loopUtilization: 0.2,
      };
      const resourceTracker = { lastSample: sample as never };
      const { optimizer, clock } = optimizing({}, { resourceTracker });
      optimizer.registerFunction({ name: 'strict', cpuThreshold: 0.7 });
      optimizer.registerFunction({ name: 'patient', cpuThreshold: 0.8 });

      const isOver = () =>
        optimizer.generateOptimizationReport().functions.map(({ isOverThreshold }) => isOverThreshold);

      expect(isOver()).to.deep.equal([true, false]);
      clock.advance(60);
      expect(isOver(), 'with a tracker that was stopped').to.deep.equal([false, false]);
    });
  });

  describe('report', () => {
    it('is empty before the first look', () => {
      const { optimizer, clock } = optimizing();

      expect(optimizer.generateOptimizationReport()).to.deep.equal({
        generatedAt: new Date(clock.wallNow()).toISOString(),
        optimizationSummary: {
          totalOptimizations: 0,
          decisions: { applied: 0, advised: 0, held: 0, rolled_back: 0 },
        },
        recommendations: [],
        recentDecisions: [],
        recentVerdicts: [],
        whatIf: [],
        caches: [],
        functions: [],
      });
    });

    it('counts every decision, those to change nothing included', async () => {
      const { optimizer, heap } = optimizing({ cpu: 0.9 });
      optimizer.registerCacheCleanup(() => 1);
      await optimizer.optimizeAll();
      heap.collect(90);
      await optimizer.optimizeAll();

      const { optimizationSummary, recentDecisions, recommendations } =
        optimizer.generateOptimizationReport();

      expect(optimizationSummary).to.deep.equal({
        totalOptimizations: 1,
        decisions: { applied: 1, advised: 2, held: 1, rolled_back: 0 },
      });
      expect(recentDecisions).to.have.length(4);
      expect(recommendations).to.have.length(1);
    });

    it('tells what budgets would do with other memory', () => {
      const { optimizer } = optimizing();
      optimizer.registerBudget(knownBudget());

      const [budget] = optimizer.whatIf();

      expect(budget).to.include({ name: 'shared', maxBytes: 40 * MB });
      expect(budget?.caches[0]?.points).to.have.length(5);
      expect(optimizer.generateOptimizationReport().whatIf).to.deep.equal([budget]);
      expect(optimizer.generateOptimizationReport().recommendations).to.deep.equal(budget?.advice);
    });
  });

  it('tells listeners of each decision and verdict', async () => {
    const { optimizer, heap } = optimizing({}, {}, { governor: 'auto' });
    optimizer.registerBudget(new FakeBudget());
    const decisions: MadeDecision[] = [];
    const verdicts: MadeVerdict[] = [];
    const stop = optimizer.addListener({
      onDecision: (decision) => decisions.push(decision),
      onVerdict: (verdict) => verdicts.push(verdict),
    });

    heap.collect(80);
    await optimizer.optimizeMemory();
    heap.collect(75);
    await optimizer.optimizeMemory();
    stop();
    await optimizer.optimizeMemory();

    const applied = decisions.filter(({ outcome }) => outcome === 'applied');
    expect(applied).to.have.length(2);
    expect(verdicts.map(({ id }) => id)).to.deep.equal([applied[0]?.id]);
    expect(decisions).to.have.length(6);
  });

  it('exports its decisions, the pressure it sees, its settings, its time and what if', async () => {
    const { optimizer, telemetry, heap } = optimizing({ cpu: 0.25 });
    optimizer.registerBudget(knownBudget());
    heap.collect(80);
    await optimizer.optimizeAll();

    const collected = await telemetry.collect();
    const valuesOf = (name: string) => seriesOf(collected, name).map(({ value }) => value);

    expect(seriesOf(collected, catalogue.optimizerPressure.name)).to.deep.equal([
      { attributes: { 'perf.optimizer.source': 'heap' }, value: 0.8 },
      { attributes: { 'perf.optimizer.source': 'cpu' }, value: 0.25 },
    ]);
    expect(seriesOf(collected, catalogue.optimizerDecisions.name)[1]).to.deep.equal({
      attributes: {
        'perf.optimizer.action': 'memory_governor',
        'perf.optimizer.target': 'shared',
        'perf.optimizer.outcome': 'applied',
        'perf.optimizer.reason': 'heap',
      },
      value: 1,
    });
    expect(valuesOf(catalogue.optimizerSetting.name)).to.deep.equal([25 * MB]);
    expect(valuesOf(catalogue.optimizerWhatIfHits.name)).to.deep.equal([0.125, 0.25, 0.5, 1, 1]);
    expect(valuesOf(catalogue.optimizerWhatIfCost.name)).to.have.length(5);
    expect(valuesOf(catalogue.optimizerTickDuration.name)[0]).to.include({ count: 1 });
  });

  describe('automatic optimization', () => {
    it('looks at each interval, give or take 5 %, until it is stopped, and leaves no timer', async () => {
      const { optimizer, clock, heap } = optimizing();
      const looks = () => optimizer.generateOptimizationReport().optimizationSummary.decisions.held / 2;
      optimizer.startAutoOptimization({ interval: '1m' });
      const isActive = optimizer.isAutoOptimizing;
      clock.advance(56);
      const early = looks();
      for (let i = 1; i <= 3; i++) {
        clock.advance(60);
        await turnOfLoop();
      }
      const seen = looks();

      optimizer.stopAutoOptimization();
      optimizer.stopAutoOptimization();
      clock.advance(600);
      await turnOfLoop();

      expect([isActive, optimizer.isAutoOptimizing]).to.deep.equal([true, false]);
      expect([early, seen, looks()]).to.deep.equal([0, 3, 3]);
      expect([clock.timers, heap.isWatched]).to.deep.equal([0, false]);
    });

    it('takes the interval it was made with when none is given', async () => {
      const { optimizer, clock } = optimizing({}, { autoOptimizeInterval: 100 });
      optimizer.startAutoOptimization();

      clock.advance(94);
      await turnOfLoop();
      const before = optimizer.generateOptimizationReport().recentDecisions.length;
      clock.advance(12);
      await turnOfLoop();
      optimizer.stopAutoOptimization();

      expect(before).to.equal(0);
      expect(optimizer.generateOptimizationReport().recentDecisions).to.have.length(2);
    });

    it('keeps an eye on the heap between two passes', () => {
      const { optimizer, heap } = optimizing();
      const budget = new FakeBudget({ mb: 40 });
      optimizer.registerBudget(budget);
      optimizer.startAutoOptimization({ interval: '5m' });

      heap.collect(80);
      optimizer.stopAutoOptimization();
      heap.collect(90);

      expect(budget.sizesInMb).to.deep.equal([25]);
    });

    it('skips passes while one is waiting for a cleanup', async () => {
      const { optimizer, clock, heap } = optimizing();
      let finish!: () => void;
      let runs = 0;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      optimizer.registerCacheCleanup(() => {
        runs += 1;
        return finished;
      });
      heap.collect(90);
      optimizer.startAutoOptimization({ interval: 10 });

      clock.advance(100);
      await turnOfLoop();
      const whileWaiting = [runs, optimizer.generateOptimizationReport().recentDecisions.length];
      finish();
      await turnOfLoop();
      optimizer.stopAutoOptimization();

      expect(whileWaiting).to.deep.equal([1, 0]);
      expect(optimizer.generateOptimizationReport().recentDecisions).to.have.length(2);
    });

    it('takes new limits when started anew, with one timer of each kind', async () => {
      const { optimizer, clock, heap } = optimizing();
      heap.collect(50);
      let runs = 0;
      optimizer.registerCacheCleanup(() => (runs += 1));
      optimizer.startAutoOptimization({ interval: 10 });
      const timers = clock.timers;

      optimizer.startAutoOptimization({ interval: 10, memoryThreshold: 0.4, cpuThreshold: 0.5 });
      clock.advance(11);
      await turnOfLoop();

      expect(runs).to.equal(1);
      expect(clock.timers).to.equal(timers);
      optimizer.stopAutoOptimization();
    });

    it('goes on as it was when the new limits are wrong', () => {
      const { optimizer, clock } = optimizing();
      optimizer.startAutoOptimization({ interval: 10 });
      const timers = clock.timers;
      const wrong = [{ interval: 0 }, { memoryThreshold: 80 }, { cpuThreshold: -1 }, { every: 5 }, 5];

      for (const given of wrong)
        expect(() => optimizer.startAutoOptimization(given as never)).to.throw(InvalidOptionError);

      expect(optimizer.isAutoOptimizing).to.equal(true);
      expect(clock.timers).to.equal(timers);
      optimizer.stopAutoOptimization();
    });

    it('goes on after a pass that failed, and says so once', async () => {
      const notices = captureNotices();
      const { optimizer, clock } = optimizing();
      const budget = knownBudget();
      optimizer.registerBudget(budget);
      optimizer.startAutoOptimization({ interval: 10 });
      Object.defineProperty(budget, 'shares', {
        configurable: true,
        get() {
          throw new Error('gone');
        },
      });
      clock.advance(11);
      await turnOfLoop();

      Object.defineProperty(budget, 'shares', { value: [] });
      clock.advance(11);
      await turnOfLoop();
      optimizer.stopAutoOptimization();

      expect(notices.said.filter((said) => said.startsWith('a pass'))).to.deep.equal([
        'a pass of the optimizer failed: Error: gone',
      ]);
      expect(optimizer.generateOptimizationReport().recentDecisions).to.not.have.length(0);
      notices.release();
    });
  });

  it('takes optimizers of memory and CPU with options of their own', async () => {
    const { provider } = captureMetrics();
    const heap = new FakeHeap(80);
    const memoryOptimizer = new MemoryOptimizer({ governor: 'advise', heap });
    const budget = new FakeBudget();
    memoryOptimizer.registerBudget(budget);
    const optimizer = new ResourceOptimizer({
      memoryOptimizer,
      cpuOptimizer: new CPUOptimizer(),
      autoOptimizeInterval: 600,
      meterProvider: provider,
    });

    await memoryOptimizer.optimize();

    expect(budget.sizes).to.deep.equal([]);
    expect(optimizer.generateOptimizationReport().recentDecisions[1]).to.include({ outcome: 'advised' });
  });

  it('refuses options it cannot use, naming them', () => {
    const wrong: readonly (readonly [option: string, given: unknown])[] = [
      ['autoOptimizeInterval', { autoOptimizeInterval: 0 }],
      ['memoryThreshold', { memoryThreshold: 80 }],
      ['cpuThreshold', { cpuThreshold: '0.8' }],
      ['memory_threshold', { memory_threshold: 0.8 }],
      ['memoryOptimizer', { memoryOptimizer: {} }],
      ['cpuOptimizer', { cpuOptimizer: new MemoryOptimizer() }],
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
  cpu?: number;
}

/** An optimizer that listens to a machine made up by the test, whose heap is filled to 30 %. */
function optimizing(
  machine: Machine = {},
  options: ResourceOptimizerOptions = {},
  memoryOptions: MemoryOptimizerOptions = {},
  clock = new FakeClock(),
) {
  const telemetry = captureMetrics();
  const instruments = instrumentsOf(telemetry.provider);
  instruments.observe(catalogue.systemCpuUtilization, machine, ({ cpu }, report) => {
    if (cpu !== undefined) report(1 - cpu, { 'cpu.mode': 'idle' });
  });
  const counter = instruments.counter(catalogue.cacheLookups);
  const lookups = (hits: number, misses: number) => {
    const attributes = { 'perf.cache.name': 'users', 'perf.cache.tier': 'memory' } as const;
    counter.add(hits, { ...attributes, 'perf.cache.result': 'hit' });
    counter.add(misses, { ...attributes, 'perf.cache.result': 'miss' });
  };
  const heap = new FakeHeap(30);
  const optimizer = new ResourceOptimizer({
    memoryOptimizer: new MemoryOptimizer({ clock, heap, ...memoryOptions }),
    cpuOptimizer: new CPUOptimizer({ clock, gc: 'off' }),
    ...options,
    meterProvider: telemetry.provider,
    clock,
  });
  return { optimizer, clock, telemetry, machine, lookups, heap };
}

/** A budget of 40 MB with a cache of 10 that would have all in 20. */
function knownBudget(): FakeBudget {
  const budget = new FakeBudget({ mb: 40 });
  const cache = new FakeCache('users', new FakeCurve((size) => Math.min(1, size / (20 * MB))));
  cache.lookups = 10_000;
  budget.shares.push(cache);
  return budget;
}
