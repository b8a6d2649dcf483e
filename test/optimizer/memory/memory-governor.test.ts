import { expect } from 'chai';
import { ActionRunner } from '../../../src/optimizer/action-runner.js';
import { SteeredBudgets } from '../../../src/optimizer/budget/steered-budgets.js';
import { DecisionLog } from '../../../src/optimizer/decision-log.js';
import { MemoryGovernor } from '../../../src/optimizer/memory/memory-governor.js';
import { NOTHING_OBSERVED } from '../../../src/optimizer/observation.js';
import { Instruments } from '../../../src/telemetry/instruments.js';
import { FakeBudget, FakeCache, FakeCurve } from '../../fakes/fake-budget.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeHeap } from '../../fakes/fake-heap.js';

const MB = 1024 * 1024;

describe('MemoryGovernor', () => {
  it('shrinks at once, and again only after the next major collection has told the live set', async () => {
    const { heap, budget, look } = governing();

    heap.collect(80);
    await look();
    await look();
    const early = budget.sizesInMb;
    heap.collect(75);
    await look();
    heap.collect(64);
    await look();

    expect(early).to.deep.equal([25]);
    expect(budget.sizesInMb).to.deep.equal([25, 15]);
  });

  it('shrinks again without one when the heap stays nearly full for seconds', async () => {
    const { heap, budget, look, clock } = governing();
    heap.used = 96;
    await look();
    await look();
    const early = budget.sizesInMb;

    clock.advance(5);
    await look();

    expect(early).to.deep.equal([20]);
    expect(budget.sizesInMb).to.deep.equal([20, 10]);
  });

  it('grows back in steps, one each 15 s, while there is room and the caches are full', async () => {
    const { heap, budget, look, clock } = governing();
    heap.collect(80);
    await look();

    for (let second = 0; second < 60; second++) {
      clock.advance(1);
      heap.collect(40);
      budget.bytes = budget.maxBytes;
      await look();
    }

    expect(budget.sizesInMb).to.deep.equal([25, 28, 30, 33, 37]);
  });

  it('takes growth back that leads above the mark, and waits twice as long with the next', async () => {
    const { heap, budget, look, clock, log } = governing();
    heap.collect(80);
    await look();
    clock.advance(15);
    heap.collect(40);
    await look();
    const grown = budget.sizesInMb;

    heap.collect(73);
    const [rolledBack] = await look();
    heap.collect(40);
    clock.advance(29);
    await look();
    const early = budget.sizesInMb;
    clock.advance(1);
    await look();

    expect(grown).to.deep.equal([25, 28]);
    expect(rolledBack).to.include({ outcome: 'rolled_back', reason: 'pressure' });
    expect(log.verdicts.at(-1)?.kind).to.equal('not measured');
    expect(early).to.deep.equal([25, 28, 25]);
    expect(budget.sizesInMb).to.deep.equal([25, 28, 25, 28]);
  });

  it('does not blame growth for pressure that comes a minute later, and just shrinks', async () => {
    const { heap, budget, look, clock, log } = governing();
    heap.collect(80);
    await look();
    clock.advance(15);
    heap.collect(40);
    await look();
    clock.advance(61);
    heap.collect(75);
    await look();

    expect(budget.sizesInMb).to.deep.equal([25, 28, 15]);
    expect(log.counts.rolled_back).to.equal(0);
    expect(log.verdicts.map(({ freedBytes }) => freedBytes)).to.deep.equal([40 * MB, undefined]);
  });

  it('tells how much of the live heap a shrink freed, as told by the collections before and after', async () => {
    const { heap, look, log } = governing();
    heap.collect(80);
    await look();
    heap.collect(74);
    await look();

    const [verdict] = log.verdicts;
    expect(verdict?.freedBytes).to.equal(6 * MB);
    expect(verdict?.freedShare).to.equal(0.075);
    expect(verdict?.explanation).to.include('from 80 MB to 74 MB');
    expect(verdict?.kind).to.equal('not measured');
    expect(verdict).to.not.have.property('improvementPercent');
  });

  it('says that nothing was measured when there was no collection in between', async () => {
    const { heap, look, log, clock } = governing();
    heap.used = 96;
    await look();
    clock.advance(5);
    await look();

    expect(log.verdicts[0]).to.not.have.property('freedBytes');
    expect(log.verdicts[0]?.kind).to.equal('not measured');
  });

  it('tells what a shrink cost, against the same traffic, and does not take it back for that', async () => {
    const { heap, look, log, cache, budget, steered } = governing();
    const serve = (misses: number) => {
      for (let window = 0; window < 11; window++) {
        cache.serve(10_000, misses + window, 4000 + window);
        steered.traffic.endWindow();
      }
    };
    serve(4000);
    heap.collect(80);
    await look();
    heap.collect(60);
    serve(4800);
    await look();

    const [verdict] = log.verdicts;
    expect(verdict?.kind).to.equal('worse');
    expect(verdict?.improvementPercent).to.be.closeTo(-20, 1);
    expect(verdict?.freedBytes).to.equal(20 * MB);
    expect(budget.sizesInMb).to.deep.equal([25]);
  });

  it('undoes less memory for fewer collections when they did not get fewer and misses cost more', async () => {
    const { heap, look, cache, budget, steered, clock } = governing(
      new FakeCache('users', new FakeCurve((size) => size / (20 * MB))),
    );
    const serve = (misses: number) => {
      for (let window = 0; window < 11; window++) {
        cache.serve(10_000, misses + window, 4000 + window);
        steered.traffic.endWindow();
      }
    };
    serve(4000);
    heap.collect(60);
    heap.majorShare = 0.06;
    await look();
    // The model: with 10 MB a hit fewer than with what is left makes.
    cache.curve!.predict = (size) => (size >= 10 * MB ? 4000 : 4800);
    cache.bytes = 9 * MB;
    serve(4800);
    clock.advance(15);
    heap.collect(40);

    const [rolledBack] = await look();

    expect(budget.sizesInMb).to.deep.equal([36, 40]);
    expect(rolledBack).to.include({ outcome: 'rolled_back', reason: 'worse' });
  });

  it('asks each of several budgets for its part', async () => {
    const { heap, budgets, look } = governing();
    const other = new FakeBudget({ name: 'other', mb: 10 });
    budgets.add(other, {});

    heap.collect(75);
    const decisions = await look();

    expect(decisions.map(({ target, outcome }) => [target, outcome])).to.deep.equal([
      ['shared', 'applied'],
      ['other', 'applied'],
    ]);
    expect(other.sizesInMb).to.deep.equal([8]);
  });

  it('acts from the threshold on where that is below its mark', async () => {
    const { heap, budget, look } = governing();
    heap.collect(62);

    await look({ memoryThreshold: 0.6 });

    expect(budget.sizesInMb).to.deep.equal([31]);
  });
});

function governing(cache = new FakeCache('users', new FakeCurve())) {
  const clock = new FakeClock();
  const heap = new FakeHeap(30);
  const budget = new FakeBudget({ mb: 40 });
  budget.shares.push(cache);
  const budgets = new SteeredBudgets();
  budgets.add(budget, {});
  const log = new DecisionLog(new Instruments(), clock);
  const runner = new ActionRunner(new MemoryGovernor('auto', 0.72, budgets, heap, clock));
  const look = ({ memoryThreshold = 0.8 } = {}) => {
    const { usedBytes, limitBytes, liveBytes } = heap.read();
    const memory = {
      ...NOTHING_OBSERVED.memory,
      heapUsedBytes: usedBytes,
      heapLimitBytes: limitBytes,
      heapLiveBytes: liveBytes,
    };
    const observation = { ...NOTHING_OBSERVED, memory };
    const thresholds = { memoryThreshold, cpuThreshold: 0.8 };
    return runner.run({ now: clock.now(), observation, thresholds, intervalSeconds: 60 }, log);
  };
  return { clock, heap, budget, budgets, steered: budgets.find('shared')!, cache, log, look };
}
