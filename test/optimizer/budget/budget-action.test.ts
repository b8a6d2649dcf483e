import { expect } from 'chai';
import { ActionRunner } from '../../../src/optimizer/action-runner.js';
import {
  BudgetAction,
  proposeSize,
  type BudgetSizeSignal,
} from '../../../src/optimizer/budget/budget-action.js';
import { SteeredBudgets } from '../../../src/optimizer/budget/steered-budgets.js';
import { DecisionLog } from '../../../src/optimizer/decision-log.js';
import type { ActionMode } from '../../../src/optimizer/decision.js';
import { NOTHING_OBSERVED } from '../../../src/optimizer/observation.js';
import { Instruments } from '../../../src/telemetry/instruments.js';
import { FakeBudget, FakeCache, FakeCurve } from '../../fakes/fake-budget.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const MB = 1024 * 1024;
const SIGNAL: BudgetSizeSignal = {
  target: 'shared',
  bytes: 40 * MB,
  maxBytes: 40 * MB,
  minBytes: 2 * MB,
  mostBytes: 80 * MB,
  windows: 10,
  isSqueezed: false,
  costs: { half: 0.02, same: 0.01, double: 0.0095 },
  steps: { down: 0.5, up: -0.02 },
};

describe('proposeSize', () => {
  const cases: readonly {
    readonly when: string;
    readonly signal: Partial<BudgetSizeSignal>;
    readonly reason: string;
    readonly toMb?: number;
    readonly recommendation?: RegExp;
  }[] = [
    { when: 'nothing is known', signal: { costs: undefined }, reason: 'not_measured' },
    { when: 'more would save little and less would cost much', signal: {}, reason: 'balanced' },
    {
      when: 'twice the memory saves a tenth',
      signal: { costs: { half: 0.02, same: 0.01, double: 0.009 } },
      reason: 'pays',
      toMb: 50,
      recommendation: /up to 80 MB if .* would save 1\.0 ms of loading/,
    },
    {
      when: 'it may become no larger',
      signal: { costs: { half: 0.02, same: 0.01, double: 0.005 }, mostBytes: 40 * MB },
      reason: 'pays',
      recommendation: /up to 80 MB/,
    },
    {
      when: 'it has less than it should for want of memory',
      signal: { costs: { half: 0.02, same: 0.01, double: 0.005 }, isSqueezed: true },
      reason: 'pays',
      recommendation: /up to 80 MB/,
    },
    {
      when: 'twice the memory pays, but nobody knows yet what it costs as it is',
      signal: { costs: { half: 0.02, same: 0.01, double: 0.009 }, windows: 2 },
      reason: 'under_evaluation',
    },
    {
      when: 'half would do, but nobody knows yet what it costs as it is',
      signal: { costs: { half: 0.01, same: 0.01, double: 0.01 }, windows: 0 },
      reason: 'under_evaluation',
    },
    {
      when: 'more would help, but it does not fill what it has',
      signal: { costs: { half: 0.02, same: 0.01, double: 0.005 }, bytes: 20 * MB },
      reason: 'balanced',
    },
    {
      when: 'half the memory costs next to nothing',
      signal: { costs: { half: 0.0101, same: 0.01, double: 0.0099 } },
      reason: 'idle_memory',
      toMb: 30,
      recommendation: /half of budget "shared" \(20 MB of 40 MB/,
    },
    {
      when: 'it may become no smaller',
      signal: { costs: { half: 0.01, same: 0.01, double: 0.01 }, minBytes: 40 * MB },
      reason: 'idle_memory',
      recommendation: /half of budget/,
    },
  ];
  for (const { when, signal, reason, toMb, recommendation } of cases) {
    it(`is "${reason}"${toMb === undefined ? '' : ` to ${toMb} MB`} when ${when}`, () => {
      const proposal = proposeSize({ ...SIGNAL, ...signal });

      expect(proposal.reason).to.equal(reason);
      expect(proposal.change?.toBytes).to.equal(toMb === undefined ? undefined : toMb * MB);
      if (recommendation === undefined) expect(proposal.recommendation).to.equal(undefined);
      else expect(proposal.recommendation).to.match(recommendation);
    });
  }
});

describe('BudgetAction', () => {
  it('only advises by default, with the number', async () => {
    const { look, serve, budget } = sizing('advise');
    serve({ misses: 4000 });

    const [decision] = await look();

    expect(decision).to.include({ outcome: 'advised', reason: 'idle_memory' });
    expect(budget.sizes).to.deep.equal([]);
  });

  it('takes memory by steps in auto, waits for the verdict, and keeps what did no harm', async () => {
    const { look, serve, budget, log } = sizing('auto');
    serve({ misses: 4000 });
    await look();
    const held = await look();
    serve({ misses: 4000 });

    await look();

    expect(held[0]?.reason).to.equal('under_evaluation');
    expect(log.verdicts.map(({ kind }) => kind)).to.deep.equal(['no measurable change']);
    expect(log.counts.rolled_back).to.equal(0);
    expect(budget.sizesInMb).to.deep.equal([30, 23]);
  });

  it('gives it back when that did harm and the model agrees', async () => {
    const { look, serve, budget, log, cache } = sizing('auto');
    serve({ misses: 4000 });
    await look();
    cache.bytes = 7.5 * MB;
    cache.curve!.predict = (size) => (size >= 10 * MB ? 4000 : 4800);
    serve({ misses: 4800 });

    const [rolledBack] = await look();

    expect(rolledBack).to.include({ outcome: 'rolled_back', reason: 'worse' });
    expect(log.verdicts[0]?.kind).to.equal('worse');
    expect(log.verdicts[0]?.improvementInterval?.[1]).to.be.below(-3);
    expect(budget.sizesInMb).to.deep.equal([30, 40]);
  });

  it('does not judge a change another action has changed since', async () => {
    const { look, serve, log, steered } = sizing('auto');
    serve({ misses: 4000 });
    await look();

    steered.traffic.startTrial();
    await look();

    expect(log.verdicts.map(({ kind }) => kind)).to.deep.equal(['not measured']);
  });

  it('says that the budget is gone when it was taken away meanwhile', async () => {
    const { look, serve, log, remove } = sizing('auto');
    serve({ misses: 4000 });
    await look();

    remove();

    expect(await look()).to.deep.equal([]);
    expect(log.verdicts[0]?.explanation).to.include('gone');
  });
});

/** A budget whose caches would do as well with half of it. */
function sizing(mode: ActionMode) {
  const clock = new FakeClock();
  const budget = new FakeBudget({ mb: 40 });
  const cache = new FakeCache('users', new FakeCurve());
  budget.shares.push(cache);
  const budgets = new SteeredBudgets();
  const remove = budgets.add(budget, {});
  const steered = budgets.find('shared')!;
  const log = new DecisionLog(new Instruments(), clock);
  const runner = new ActionRunner(new BudgetAction(mode, budgets));
  const look = () => {
    const thresholds = { memoryThreshold: 0.8, cpuThreshold: 0.8 };
    clock.advance(60);
    return runner.run(
      { now: clock.now(), observation: NOTHING_OBSERVED, thresholds, intervalSeconds: 60 },
      log,
    );
  };
  /** Enough windows for a verdict. */
  const serve = ({ misses }: { readonly misses: number }) => {
    for (let window = 0; window < 11; window++) {
      cache.serve(10_000, misses + (window % 3), 4000);
      steered.traffic.endWindow();
    }
  };
  return { look, serve, budget, cache, log, steered, remove };
}
