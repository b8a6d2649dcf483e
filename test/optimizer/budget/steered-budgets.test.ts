import { expect } from 'chai';
import { InvalidOptionError } from '../../../src/errors.js';
import { SteeredBudgets } from '../../../src/optimizer/budget/steered-budgets.js';
import { FakeBudget } from '../../fakes/fake-budget.js';

const MB = 1024 * 1024;

describe('SteeredBudgets', () => {
  it('may change a budget between a twentieth and all of what it had', () => {
    const budgets = new SteeredBudgets();
    budgets.add(new FakeBudget({ mb: 40 }), {});

    expect(budgets.find('shared')).to.include({ minBytes: 2 * MB, mostBytes: 40 * MB, wantedBytes: 40 * MB });
  });

  it('may change it within the bounds that are given, never below its own', () => {
    const budgets = new SteeredBudgets();
    const budget = Object.assign(new FakeBudget({ mb: 40 }), { minBytes: 16 * MB });
    budgets.add(budget, { minBytes: '8mb', maxBytes: '80mb' });

    expect(budgets.find('shared')).to.include({ minBytes: 16 * MB, mostBytes: 80 * MB });
  });

  it('forgets one that is taken away, and nothing else', () => {
    const budgets = new SteeredBudgets();
    const remove = budgets.add(new FakeBudget(), {});
    budgets.add(new FakeBudget({ name: 'other' }), {});

    remove();
    remove();

    expect(budgets.all.map(({ budget }) => budget.name)).to.deep.equal(['other']);
  });

  it('takes new bounds for one it has already', () => {
    const budgets = new SteeredBudgets();
    const budget = new FakeBudget({ mb: 40 });
    const removeFirst = budgets.add(budget, {});
    budgets.add(budget, { maxBytes: '50mb' });

    removeFirst();

    expect(budgets.all.map(({ mostBytes }) => mostBytes / MB)).to.deep.equal([50]);
  });

  it('refuses what is no budget', () => {
    for (const budget of [undefined, null, 5, {}, { name: 'a', setMaxBytes: 5, shares: [] }])
      expect(() => new SteeredBudgets().add(budget as never, {})).to.throw(
        InvalidOptionError,
        'a CacheBudget',
      );
  });

  it('refuses bounds that are none, and a second budget of the same name', () => {
    const budgets = new SteeredBudgets();
    budgets.add(new FakeBudget({ mb: 40 }), {});

    expect(() => budgets.add(new FakeBudget(), {})).to.throw(InvalidOptionError, 'name');
    expect(() => budgets.add(new FakeBudget({ name: 'a' }), { minBytes: 0 })).to.throw(InvalidOptionError);
    expect(() => budgets.add(new FakeBudget({ name: 'a', mb: 4 }), { minBytes: '5mb' })).to.throw(
      InvalidOptionError,
      'minBytes',
    );
  });
});
