import { expect } from 'chai';
import { InvalidOptionError } from '../../../src/errors.js';
import {
  MemoryOptimizer,
  type MemoryOptimizerOptions,
} from '../../../src/optimizer/memory/memory-optimizer.js';
import { captureNotices } from '../../fakes/captured-notices.js';
import { captureMetrics } from '../../fakes/captured-telemetry.js';
import { FakeBudget } from '../../fakes/fake-budget.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeHeap } from '../../fakes/fake-heap.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';

const MB = 1024 * 1024;
const THRESHOLDS = { memoryThreshold: 0.8, cpuThreshold: 0.8 };

describe('MemoryOptimizer', () => {
  it('works alone: registered cleanups and caches under pressure', async () => {
    const { memory, heap } = optimizing();
    const map = new Map([['a', 1]]);
    memory.registerCacheCleanup(() => 5);
    memory.registerWeakCache(map);
    const before = await memory.optimize();

    heap.collect(85);
    const { decisions } = await memory.optimize();

    expect(before.decisions.map(({ outcome }) => outcome)).to.deep.equal(['held']);
    expect(decisions.map(({ action, outcome }) => [action, outcome])).to.deep.equal([['cleanup', 'applied']]);
    expect(decisions[0]?.numbers).to.include({ removedEntries: 6 });
    expect(map.size).to.equal(0);
  });

  it('asks budgets first, and the rest only when they are at their minimum', async () => {
    const { memory, heap } = optimizing({ budgetSize: 'off' });
    const budget = new FakeBudget({ mb: 40 });
    let runs = 0;
    memory.registerCacheCleanup(() => (runs += 1));
    memory.registerBudget(budget, { minBytes: '30mb' });

    heap.collect(85);
    const first = await memory.optimize();
    heap.collect(84);
    const second = await memory.optimize();

    expect(budget.sizesInMb).to.deep.equal([30]);
    const reasons = [first, second].map(({ decisions }) => decisions.map(({ reason }) => reason));
    expect(reasons).to.deep.equal([
      ['budget_first', 'heap'],
      ['heap', 'at_minimum'],
    ]);
    expect(runs).to.equal(1);
  });

  it('measures what was freed on request, and says what that cost', async () => {
    const { memory, heap } = optimizing();
    memory.registerCacheCleanup(() => 0);
    heap.collect(85);

    const { forcedGc, improvement, recommendations } = await memory.optimize({ forceGc: true });

    expect(forcedGc?.collections).to.equal(2);
    expect(improvement).to.be.a('number').and.equal(forcedGc?.freedBytes);
    expect(recommendations.at(-1)).to.match(/^Collecting garbage 2 times stopped the process/);
  });

  it('collects once on request where nothing was changed, and never by itself', async () => {
    const { memory } = optimizing();

    const forced = await memory.optimize({ forceGc: true });
    const normal = await memory.optimize();

    expect(forced.forcedGc?.collections).to.equal(1);
    expect(forced).to.not.have.property('improvement');
    expect(normal).to.not.have.property('forcedGc');
  });

  describe('while guarding', () => {
    it('looks after each major collection, and each second', () => {
      const { memory, heap, clock } = optimizing();
      const budget = new FakeBudget({ mb: 40 });
      memory.registerBudget(budget);
      memory.startGuard(THRESHOLDS, 300);

      heap.collect(80);
      const after = budget.sizesInMb;
      heap.used = 95;
      clock.advance(6);

      expect(after).to.deep.equal([25]);
      expect(budget.sizesInMb).to.deep.equal([25, 13]);
      memory.stopGuard();
    });

    it('records only what it changes', () => {
      const { memory, clock } = optimizing();
      memory.registerBudget(new FakeBudget({ mb: 40 }));
      memory.startGuard(THRESHOLDS, 300);

      clock.advance(60);

      expect(memory.passes.log.decisions).to.deep.equal([]);
      memory.stopGuard();
    });

    it('goes on after a budget that failed, and says so once', async () => {
      const notices = captureNotices();
      const { memory, heap, clock } = optimizing();
      const budget = new FakeBudget({ mb: 40 });
      memory.registerBudget(budget);
      memory.startGuard(THRESHOLDS, 300);
      Object.defineProperty(budget, 'bytes', {
        configurable: true,
        get() {
          throw new Error('gone');
        },
      });
      heap.collect(80);
      clock.advance(2);
      await turnOfLoop();
      Object.defineProperty(budget, 'bytes', { value: 40 * MB });
      heap.collect(80);
      memory.stopGuard();

      expect(notices.said).to.deep.equal(['the memory governor failed: Error: gone']);
      expect(budget.sizesInMb).to.deep.equal([25]);
      notices.release();
    });

    it('leaves no timer and no listener once stopped', () => {
      const { memory, heap, clock } = optimizing();
      memory.startGuard(THRESHOLDS, 300);
      memory.startGuard(THRESHOLDS, 300);
      const watched = [heap.isWatched, clock.timers];

      memory.stopGuard();
      memory.stopGuard();

      expect(watched).to.deep.equal([true, 1]);
      expect([heap.isWatched, clock.timers]).to.deep.equal([false, 0]);
    });
  });

  it('does nothing by itself where the governor only advises, or is off', async () => {
    for (const governor of ['advise', 'off'] as const) {
      const { memory, heap } = optimizing({ governor });
      const budget = new FakeBudget({ mb: 40 });
      memory.registerBudget(budget);
      memory.startGuard(THRESHOLDS, 300);

      heap.collect(80);
      const { decisions } = await memory.optimize();
      memory.stopGuard();

      const governed = decisions.filter(({ action }) => action === 'memory_governor');
      expect(governed.map(({ outcome }) => outcome)).to.deep.equal(governor === 'advise' ? ['advised'] : []);
      expect(budget.sizes).to.deep.equal([]);
    }
  });

  it('refuses options it cannot use, naming them', async () => {
    const wrong: readonly (readonly [option: string, given: unknown])[] = [
      ['governor', { governor: 'yes' }],
      ['cleanups', { cleanups: true }],
      ['budgetSize', { budgetSize: 1 }],
      ['highWater', { highWater: 72 }],
      ['high_water', { high_water: 0.7 }],
    ];
    for (const [option, given] of wrong)
      expect(() => new MemoryOptimizer(given as MemoryOptimizerOptions)).to.throw(InvalidOptionError, option);
    const { memory } = optimizing();
    expect(() => memory.registerBudget(new FakeBudget(), { min: 1 } as never)).to.throw(
      InvalidOptionError,
      'min',
    );
    let error: unknown;
    await memory.optimize({ forceGc: 1 } as never).catch((thrown: unknown) => (error = thrown));
    expect(error).to.be.instanceOf(InvalidOptionError);
  });
});

/** An optimizer of its own provider, over a heap made up by the test. */
function optimizing(options: MemoryOptimizerOptions = {}) {
  const clock = new FakeClock();
  const heap = new FakeHeap(30);
  const meterProvider = captureMetrics().provider;
  return { memory: new MemoryOptimizer({ meterProvider, clock, heap, ...options }), heap, clock };
}
