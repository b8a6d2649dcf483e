import { expect } from 'chai';
import { costPerLookup, whatIf } from '../../../src/optimizer/budget/what-if.js';
import { FakeBudget, FakeCache, FakeCurve } from '../../fakes/fake-budget.js';

const MB = 1024 * 1024;

describe('whatIf', () => {
  it('tells hits and cost of each cache at a quarter to four times its memory', () => {
    const { budget } = budgetOf();

    const { caches } = whatIf(budget);

    expect(caches).to.deep.equal([
      {
        name: 'users',
        points: [
          { size: 'quarter', bytes: 2 * MB, hitRatio: 0.125, missCost: 0.109375 },
          { size: 'half', bytes: 4 * MB, hitRatio: 0.25, missCost: 0.09375 },
          { size: 'same', bytes: 8 * MB, hitRatio: 0.5, missCost: 0.0625 },
          { size: 'double', bytes: 16 * MB, hitRatio: 1, missCost: 0 },
          { size: 'fourfold', bytes: 32 * MB, hitRatio: 1, missCost: 0 },
        ],
      },
    ]);
  });

  it('says what half and twice the memory would cost for each lookup', () => {
    const { budget } = budgetOf();

    expect(whatIf(budget).advice).to.deep.equal([
      'Half the memory (4.0 MB) would cost +31.3 ms for each lookup, by the curves',
      'Twice the memory (16 MB) would cost -62.5 ms for each lookup, by the curves',
    ]);
  });

  it('leaves out what nobody knows: caches without a curve, or with few lookups', () => {
    const { budget, users } = budgetOf();
    users.lookups = 999;
    budget.shares.push(new FakeCache('blind'));

    expect(whatIf(budget)).to.deep.include({ caches: [], advice: [] });
    expect(whatIf(budget).total.map(({ missCost }) => missCost)).to.deep.equal(Array(5).fill(undefined));
  });

  it('tells hits without costs where no load was measured', () => {
    const { budget, users } = budgetOf();
    users.missSeconds = undefined;

    const { caches, total } = whatIf(budget);

    expect(caches[0]?.points[2]).to.deep.equal({
      size: 'same',
      bytes: 8 * MB,
      hitRatio: 0.5,
      missCost: undefined,
    });
    expect(total[2]?.missCost).to.equal(undefined);
  });

  it('weighs the caches of a budget by their lookups', () => {
    const { budget } = budgetOf();
    const cheap = new FakeCache('cheap', new FakeCurve(() => 0.9));
    cheap.lookups = 9_000_000;
    cheap.missSeconds = 0.001;
    budget.shares.push(cheap);

    expect(costPerLookup(budget.shares, 1)).to.be.closeTo(0.1 * 0.0625 + 0.9 * 0.0001, 1e-9);
  });

  it('leaves pinned caches as they are', () => {
    const { budget, users } = budgetOf();
    users.isPinned = true;

    expect(costPerLookup(budget.shares, 0.5)).to.equal(costPerLookup(budget.shares, 4));
  });
});

/** A cache of 8 MB that would have all in 16. */
function budgetOf() {
  const budget = new FakeBudget({ mb: 8 });
  const users = new FakeCache('users', new FakeCurve((size) => Math.min(1, size / (16 * MB))));
  users.bytes = 8 * MB;
  users.lookups = 1_000_000;
  users.missSeconds = 0.125;
  budget.shares.push(users);
  return { budget, users };
}
