import { expect } from 'chai';
import { CacheBudget } from '../../src/cache/budget/cache-budget.js';
import { InvalidOptionError } from '../../src/errors.js';
import { startPerformance } from '../../src/performance.js';

describe('the optimizer of startPerformance', () => {
  it('knows what the resource tracker of the monitor last saw', async () => {
    const perf = startPerformance({ prometheus: false, exporters: ['none'], optimizer: { auto: false } });
    try {
      await perf.ready;

      const { memory } = perf.optimizer.getResourceStatus();

      expect(memory.heapPercent).to.be.within(0, 100);
      expect(memory.containerPercent ?? memory.machinePercent).to.be.within(0, 200);
    } finally {
      await perf.shutdown();
    }
  });

  it('keeps the budget of the caches it is given', async () => {
    const cacheBudget = new CacheBudget({ maxBytes: '1mb' });
    const perf = startPerformance({ prometheus: false, exporters: ['none'], cacheBudget });

    expect(perf.optimizer.whatIf().map(({ maxBytes }) => maxBytes)).to.deep.equal([1024 * 1024]);
    await perf.shutdown();
    expect(() => startPerformance({ prometheus: false, cacheBudget: '64mb' as never })).to.throw(
      InvalidOptionError,
      'a CacheBudget',
    );
  });

  it('watches the heap from the start, unless it is told not to', async () => {
    for (const auto of [true, false]) {
      const perf = startPerformance({ prometheus: false, exporters: ['none'], optimizer: { auto } });

      expect(perf.optimizer.getResourceStatus().autoOptimizationActive).to.equal(auto);
      await perf.shutdown();
      expect(perf.optimizer.isAutoOptimizing).to.equal(false);
    }
  });
});
