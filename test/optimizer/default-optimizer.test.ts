import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { expect } from 'chai';
import { CacheBudget } from '../../src/cache/budget/cache-budget.js';
import { autoOptimize } from '../../src/decorators/auto-optimize.js';
import { getLoadShedder } from '../../src/defaults.js';
import { InvalidOptionError } from '../../src/errors.js';
import { LoadShedder } from '../../src/optimizer/cpu/load-shedder.js';
import { startPerformance } from '../../src/performance.js';
import { logs } from '../fakes/captured-logs.js';

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

  it('tells of the load shedder it is given, and closes it at shutdown', async () => {
    const loadShedder = new LoadShedder({ name: 'api' });
    const perf = startPerformance({
      prometheus: false,
      exporters: ['none'],
      optimizer: { auto: false },
      loadShedder,
    });

    const { decisions } = await perf.optimizer.optimizeCpu();

    expect(getLoadShedder()).to.equal(loadShedder);
    expect(decisions.map(({ action, target, reason }) => `${action} ${target} ${reason}`)).to.include.members(
      ['load_shedding api within_limits', 'concurrency default within_limits'],
    );
    await perf.shutdown();
    expect(loadShedder.share).to.equal(0);
  });

  it('shares the budget of the application with functions that keep their results', async () => {
    const cacheBudget = new CacheBudget({ name: 'own', maxBytes: '1mb' });
    const perf = startPerformance({ prometheus: false, exporters: ['none'], cacheBudget });
    const render = autoOptimize({ cache: true })((page: string) => page);

    render('home');

    expect(cacheBudget.shares).to.have.lengthOf(1);
    await perf.shutdown();
  });

  it('has the last decisions in the logs when it is shut down', async () => {
    const exporter = new InMemoryLogRecordExporter();
    logs.setGlobalLoggerProvider(
      new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }),
    );
    try {
      const perf = startPerformance({ prometheus: false, exporters: ['none'], optimizer: { auto: false } });
      await perf.optimizer.optimizeCpu();

      await perf.shutdown();

      const names = exporter.getFinishedLogRecords().map(({ eventName }) => eventName);
      expect(names).to.include('perf.optimizer.decision');
    } finally {
      logs.disable();
    }
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
