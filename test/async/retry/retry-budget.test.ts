import { expect } from 'chai';
import { RetryBudget } from '../../../src/async/retry/retry-budget.js';
import { InvalidOptionError } from '../../../src/errors.js';
import { FakeClock } from '../../fakes/fake-clock.js';

describe('RetryBudget', () => {
  const spendAll = (budget: RetryBudget): number => {
    let spent = 0;
    while (budget.trySpend()) spent += 1;
    return spent;
  };

  it('has some retries for a start', () => {
    const clock = new FakeClock();

    expect(spendAll(new RetryBudget({ clock }))).to.equal(20);
    expect(spendAll(new RetryBudget({ clock, max: 5 }))).to.equal(5);
    expect(spendAll(new RetryBudget({ clock, initial: 0 }))).to.equal(0);
  });

  it('earns one with ten successes', () => {
    const budget = new RetryBudget({ clock: new FakeClock(), initial: 0 });

    for (let i = 0; i < 9; i++) budget.succeeded();
    const early = budget.trySpend();
    budget.succeeded();

    expect([early, spendAll(budget)]).to.deep.equal([false, 1]);
  });

  it('saves up to its maximum', () => {
    const budget = new RetryBudget({ clock: new FakeClock() });

    for (let i = 0; i < 10_000; i++) budget.succeeded();

    expect([budget.balance, spendAll(budget)]).to.deep.equal([200, 200]);
  });

  it('gets back to the initial amount in time, one a minute, and not beyond', () => {
    const clock = new FakeClock();
    const budget = new RetryBudget({ clock, initial: 3 });
    spendAll(budget);

    clock.advance(59);
    const early = budget.trySpend();
    clock.advance(1);
    const spent = spendAll(budget);
    clock.advance(86_400);

    expect([early, spent, budget.balance, spendAll(budget)]).to.deep.equal([false, 1, 3, 3]);
  });

  it('says which option is wrong', () => {
    for (const options of [{ perSuccess: 0 }, { perSuccess: 2 }, { max: 0 }, { initial: 201 }, { mx: 1 }]) {
      expect(() => new RetryBudget(options)).to.throw(InvalidOptionError);
    }
  });
});
