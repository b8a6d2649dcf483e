import { expect } from 'chai';
import { ActionRunner } from '../../../src/optimizer/action-runner.js';
import { SharesAction, tellShares, type CacheMove } from '../../../src/optimizer/budget/shares-action.js';
import { SteeredBudgets } from '../../../src/optimizer/budget/steered-budgets.js';
import { DecisionLog } from '../../../src/optimizer/decision-log.js';
import { NOTHING_OBSERVED } from '../../../src/optimizer/observation.js';
import { Instruments } from '../../../src/telemetry/instruments.js';
import { FakeBudget, FakeCache, FakeCurve } from '../../fakes/fake-budget.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const MB = 1024 * 1024;
const still: CacheMove = {
  name: 'users',
  fromShare: 0.5,
  toShare: 0.5,
  fromLookups: 0.5,
  toLookups: 0.5,
  fromMissSeconds: 0.01,
  toMissSeconds: 0.01,
};

describe('tellShares', () => {
  const won: CacheMove = { ...still, name: 'pages', fromShare: 0.3, toShare: 0.5 };
  const lost: CacheMove = { ...still, name: 'users', fromShare: 0.7, toShare: 0.5 };
  const signal = { target: 'shared', bytes: 40 * MB, isFull: true, moves: [lost, won], costs: undefined };

  it('says who won how much from whom, because misses cost more, and what the curves say of it', () => {
    const moves = [lost, { ...won, toMissSeconds: 0.04 }];

    const proposal = tellShares({ ...signal, moves, costs: { before: 0.01, now: 0.009 } });

    expect(proposal).to.deep.include({ reason: 'costs_more', change: { target: 'shared' } });
    expect(proposal.explanation).to.equal(
      '"pages" has 20 MB instead of 12 MB, taken from "users" (8.0 MB): a miss of it costs 40.0 ms now, 10.0 ms ' +
        'before; by the curves misses cost 10.0 % less than with the shares of before',
    );
    expect(proposal.predictedEffect).to.be.closeTo(-0.1, 1e-9);
    expect(proposal.numbers).to.deep.equal({ 'users.bytes': 20 * MB, 'pages.bytes': 20 * MB });
  });

  it('says so when the curves do not agree', () => {
    const { explanation } = tellShares({ ...signal, costs: { before: 0.01, now: 0.011 } });

    expect(explanation).to.include('misses cost 10.0 % more than with the shares of before');
  });

  for (const [when, change, reason] of [
    ['it is asked for more', { toLookups: 0.7 }, 'asked_more'],
    ['neither cost nor traffic has grown', {}, 'worth_more'],
    ['nobody measured a miss', { fromMissSeconds: undefined, toMissSeconds: undefined }, 'worth_more'],
  ] as const) {
    it(`gives the reason "${reason}" when ${when}`, () => {
      expect(tellShares({ ...signal, moves: [lost, { ...won, ...change }] }).reason).to.equal(reason);
    });
  }

  it('gives the reason of the loser when its misses have become cheap', () => {
    const moves = [{ ...lost, toMissSeconds: 0.005 }, won];

    const proposal = tellShares({ ...signal, moves });

    expect(proposal.reason).to.equal('costs_less');
    expect(proposal.explanation).to.include('a miss of "users" costs 5.0 ms now, 10.0 ms before');
  });

  it('tells nothing of small moves, and of a budget that has room', () => {
    const small = [
      { ...still, toShare: 0.54 },
      { ...still, name: 'pages', toShare: 0.46 },
    ];

    expect(tellShares({ ...signal, moves: small }))
      .to.include({ reason: 'balanced' })
      .and.not.property('change');
    expect(tellShares({ ...signal, isFull: false }))
      .to.include({ reason: 'room' })
      .and.not.property('change');
  });
});

describe('SharesAction', () => {
  function sharing() {
    const clock = new FakeClock();
    const budget = new FakeBudget({ mb: 20 });
    const [users, pages] = ['users', 'pages'].map((name) => new FakeCache(name, new FakeCurve()));
    budget.shares.push(users!, pages!);
    const budgets = new SteeredBudgets();
    budgets.add(budget, {});
    const log = new DecisionLog(new Instruments(), clock);
    const runner = new ActionRunner(new SharesAction(budgets));
    const look = () => {
      const thresholds = { memoryThreshold: 0.8, cpuThreshold: 0.8 };
      clock.advance(60);
      return runner.run(
        { now: clock.now(), observation: NOTHING_OBSERVED, thresholds, intervalSeconds: 60 },
        log,
      );
    };
    return { budget, users: users!, pages: pages!, look, log };
  }

  it('compares with what was so when it was last told, and tells each move once', async () => {
    const { users, pages, look } = sharing();
    const first = await look();
    [users.bytes, pages.bytes] = [5 * MB, 15 * MB];
    pages.missSeconds = 0.05;
    const second = await look();
    const third = await look();
    [users.bytes, pages.bytes] = [10 * MB, 10 * MB];
    users.lookups += 1000;
    const fourth = await look();

    const told = [first, second, third, fourth].map(([made]) => [made?.outcome, made?.reason]);
    expect(told).to.deep.equal([
      ['held', 'balanced'],
      ['applied', 'costs_more'],
      ['held', 'balanced'],
      ['applied', 'asked_more'],
    ]);
  });

  it('has a verdict on each move: what it did once enough was seen, or why nothing can be said', async () => {
    const { users, pages, look, log } = sharing();
    users.curve!.predict = (size) => 500 - (10 * size) / MB;
    pages.curve!.predict = users.curve!.predict;
    pages.missSeconds = 1;
    await look();
    [users.bytes, pages.bytes] = [5 * MB, 15 * MB];
    await look();
    for (let pass = 0; pass < 10; pass++) {
      users.serve(1000, 450);
      pages.serve(1000, 350);
      await look();
    }
    [users.bytes, pages.bytes] = [10 * MB, 10 * MB];
    await look();
    [users.bytes, pages.bytes] = [5 * MB, 15 * MB];
    await look();

    const verdicts = log.verdicts.map(({ kind }) => kind);
    expect(verdicts).to.deep.equal(['improved', 'not measured']);
  });

  it('waits for a full budget, and leaves a budget with one cache alone', async () => {
    const { budget, users, look } = sharing();
    budget.bytes = 5 * MB;
    users.bytes = 1;
    const early = await look();
    budget.bytes = 20 * MB;
    users.bytes = 10 * MB;
    const full = await look();
    budget.shares.pop();

    expect([early[0]?.reason, full[0]?.reason]).to.deep.equal(['room', 'balanced']);
    expect(await look()).to.deep.equal([]);
  });

  it('says nothing of costs without a curve', async () => {
    const { users, pages, look } = sharing();
    pages.curve = undefined;
    await look();
    [users.bytes, pages.bytes] = [15 * MB, 5 * MB];

    const [made] = await look();

    expect(made?.explanation).to.not.include('by the curves');
  });
});
