import { expect } from 'chai';
import { autoOptimize, type AutoOptimizeOptions } from '../../src/decorators/auto-optimize.js';
import {
  forgetDefaults,
  getCacheBudget,
  getLoadShedder,
  getPerformanceMonitor,
  getResourceOptimizer,
} from '../../src/defaults.js';
import { InvalidOptionError, InvalidUseError, OverloadedError } from '../../src/errors.js';
import type { FunctionReport } from '../../src/optimizer/functions/optimized-function.js';

class Catalogue {
  loads = 0;
  readonly #prefix = 'product';

  @autoOptimize({ memoryThreshold: 0.8, cpuThreshold: 0.9 })
  describe(id: number): string {
    return `${this.#prefix} ${id}`;
  }

  @autoOptimize({ cache: { ttl: '1m' } })
  async find(id: number): Promise<string> {
    this.loads += 1;
    await Promise.resolve();
    return this.describe(id);
  }

  @autoOptimize()
  static async make(): Promise<Catalogue> {
    return new this();
  }
}

describe('@autoOptimize', () => {
  const reportOf = (name: string): FunctionReport => {
    const found = getResourceOptimizer()
      .generateOptimizationReport()
      .functions.find((known) => known.name === name);
    return found ?? expect.fail(`the report has no "${name}"`);
  };
  const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => expect.fail('it succeeded'),
      (error: unknown) => error,
    );

  beforeEach(forgetDefaults);
  afterEach(forgetDefaults);

  it('puts methods into the report, with this, arguments, name and length unchanged', async () => {
    const catalogue = await Catalogue.make();

    expect([catalogue.describe(7), catalogue.describe(8)]).to.deep.equal(['product 7', 'product 8']);

    expect([catalogue.describe.name, catalogue.describe.length]).to.deep.equal(['describe', 1]);
    const report = reportOf('describe');
    expect(report).to.include({
      calls: 2,
      runs: 2,
      errors: 0,
      shed: 0,
      memoryThreshold: 0.8,
      cpuThreshold: 0.9,
      passes: 0,
    });
    expect(report.meanSeconds).to.be.above(0);
    expect(report).to.not.have.any.keys('hitRatio', 'laneLimit');
    const { operationMetrics } = getPerformanceMonitor().getPerformanceSummary();
    expect(operationMetrics['describe']?.count, 'its runs are timed').to.equal(2);
  });

  it('keeps results in a cache of its own within the shared budget, and counts runs apart from calls', async () => {
    const catalogue = new Catalogue();

    const found = await Promise.all([catalogue.find(1), catalogue.find(1), catalogue.find(2)]);
    await catalogue.find(1);

    expect(found).to.deep.equal(['product 1', 'product 1', 'product 2']);
    expect(catalogue.loads).to.equal(2);
    expect(reportOf('find')).to.include({ calls: 4, runs: 2, hitRatio: 0.25 });
    const [share] = getCacheBudget().shares;
    expect(share).to.include({ name: 'find', entries: 2 });
    expect(share!.missSeconds, 'what a miss costs is known').to.be.at.least(0);
    expect(share!.curve, 'and what other memory would do').to.not.equal(undefined);
    const [budget] = getResourceOptimizer().whatIf();
    expect(budget?.name, 'the optimizer knows the budget').to.equal('functions');
  });

  it('keeps results of synchronous functions too', () => {
    let calls = 0;
    const square = autoOptimize({ cache: true })(function square(n: number) {
      calls += 1;
      return n * n;
    });

    expect([square(3), square(3), square(4)]).to.deep.equal([9, 9, 16]);

    expect(calls).to.equal(2);
    expect(reportOf('square')).to.include({ calls: 3, runs: 2 });
  });

  it('lets no more runs happen at the same time than its lane allows, and shows the limit', async () => {
    let [running, most] = [0, 0];
    const releases: (() => void)[] = [];
    const query = autoOptimize({ concurrency: 2 })(async function query(id: number) {
      most = Math.max(most, (running += 1));
      await new Promise<void>((resolve) => releases.push(resolve));
      running -= 1;
      return id;
    });

    const results = Promise.all([query(1), query(2), query(3)]);
    const whileFull = running;
    while (releases.length > 0) {
      releases.shift()!();
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(await results).to.deep.equal([1, 2, 3]);
    expect([whileFull, most]).to.deep.equal([2, 2]);
    expect(reportOf('query')).to.include({ calls: 3, runs: 3, laneLimit: 2 });
  });

  it('adapts the limit of the lane when it is told none, and reports it in passes', async () => {
    const query = autoOptimize({ concurrency: true })(async function adaptive() {
      return 1;
    });
    await query();

    const { decisions } = await getResourceOptimizer().optimizeCpu();

    expect(reportOf('adaptive').laneLimit).to.equal(20);
    expect(decisions.find(({ target }) => target === 'adaptive')).to.include({ reason: 'steers_itself' });
  });

  describe('while the process is overloaded', () => {
    /** Refuses everything that may be refused. */
    const overload = () => {
      const shedder = getLoadShedder();
      Object.defineProperty(shedder, 'shouldShed', {
        value: ({ priority = 0 }: { priority?: number }) => priority < 100,
      });
    };

    it('refuses runs with an error that says when to come back, and counts them', async () => {
      const render = autoOptimize({ shed: true })(async function render() {
        return 1;
      });
      overload();

      const error = await thrownBy(render());

      expect(error).to.be.instanceOf(OverloadedError);
      expect(error).to.include({ code: 'PERF_OVERLOADED', retryAfterMs: 1000 });
      expect((error as Error).message).to.equal('render: the process is overloaded; try again in 1000 ms');
      expect(reportOf('render')).to.include({ calls: 1, runs: 0, shed: 1 });
    });

    it('throws from a synchronous function', () => {
      const render = autoOptimize({ shed: { priority: 50 } })(() => 1);
      overload();

      expect(render).to.throw(OverloadedError);
    });

    it('answers what the cache has, and what is most urgent', async () => {
      const kept = autoOptimize({ cache: true, shed: true })(async (id: number) => id);
      const urgent = autoOptimize({ shed: { priority: 100 } })(() => 'urgent');
      await kept(1);
      overload();

      expect(await kept(1)).to.equal(1);
      expect(urgent()).to.equal('urgent');
      expect(await thrownBy(kept(2))).to.be.instanceOf(OverloadedError);
    });

    it('refuses nothing unless it shall', () => {
      const plain = autoOptimize()(() => 1);
      overload();

      expect(plain()).to.equal(1);
    });
  });

  it('makes the optimizer look at once when a function ends over its thresholds', async () => {
    const strict = autoOptimize({ memoryThreshold: 0 })(function strict() {
      return 1;
    });

    strict();
    strict();
    const optimizer = getResourceOptimizer();
    await optimizer.optimizeMemory();

    expect(reportOf('strict')).to.include({ passes: 1, isOverThreshold: true });
    expect(optimizer.generateOptimizationReport().recentDecisions).to.not.deep.equal([]);
  });

  it('passes errors of the function on unchanged, and counts them', async () => {
    const cause = new Error('gone');
    const fails = autoOptimize({ concurrency: true, cache: true })(async function fails() {
      throw cause;
    });

    expect(await thrownBy(fails())).to.equal(cause);
    expect(reportOf('fails')).to.include({ runs: 1, errors: 1 });
  });

  it('looks up the optimizer when the function is called, not when it is decorated', () => {
    const call = autoOptimize({ cache: true })(function late(id: number) {
      return id;
    });
    call(1);
    forgetDefaults();

    call(1);

    expect(reportOf('late')).to.include({ calls: 1, runs: 1 });
  });

  it('refuses generators, which end later than they return', () => {
    expect(() => autoOptimize()(function* steps() {})).to.throw(InvalidUseError, 'steps is a generator');
  });

  for (const [options, message] of [
    [{ memory_threshold: 0.8 }, /memoryThreshold, perhaps/],
    [{ memoryThreshold: 80 }, /memoryThreshold must be a number from 0 to 1/],
    [{ cpuThreshold: '80%' }, /cpuThreshold/],
    [{ cache: { ttl: 'soon' } }, /ttl/],
    [{ concurrency: 0 }, /concurrency must be a positive integer/],
    [{ concurrency: { min: 9, max: 3 } }, /concurrency\.max/],
    [{ shed: { priority: 101 } }, /priority/],
    [{ shed: { urgency: 1 } }, /shed option name/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)} where it is written`, () => {
      expect(() => autoOptimize(options as AutoOptimizeOptions)).to.throw(InvalidOptionError, message);
    });
  }
});
