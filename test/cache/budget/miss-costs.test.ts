import { expect } from 'chai';
import { MissCosts } from '../../../src/cache/budget/miss-costs.js';

describe('MissCosts', () => {
  it('counts all alike while nothing is known', () => {
    const costs = new MissCosts();

    const [one, other] = [costs.add(), costs.add()];

    expect([one.weight, other.weight, one.seconds]).to.deep.equal([1, 1, undefined]);
  });

  it('weighs caches by what their misses cost, one nobody knows as the mean', () => {
    const costs = new MissCosts();
    const [cheap, dear, unknown] = [costs.add(), costs.add(), costs.add()];

    costs.record(cheap, 0.01);
    costs.record(dear, 0.04);

    expect(dear.weight / cheap.weight).to.be.closeTo(4, 1e-9);
    expect(dear.weight * cheap.weight, 'around a mean of 1').to.be.closeTo(1, 1e-9);
    expect(unknown.weight).to.equal(1);
  });

  it('never lets costs differ by more than a factor of 100', () => {
    const costs = new MissCosts();
    const [free, cheap, dear] = [costs.add(), costs.add(), costs.add()];

    costs.record(free, 0);
    costs.record(cheap, 0.000_001);
    costs.record(dear, 3600);

    expect([free.weight, cheap.weight, dear.weight]).to.deep.equal([0.1, 0.1, 10]);
  });

  it('follows a cost that changes', () => {
    const costs = new MissCosts();
    const [changing, steady] = [costs.add(), costs.add()];
    costs.record(steady, 0.01);
    for (let i = 0; i < 100; i++) costs.record(changing, 0.01);

    for (let i = 0; i < 200; i++) costs.record(changing, 0.09);

    expect(changing.seconds).to.be.within(0.085, 0.09);
    expect(changing.weight / steady.weight).to.be.within(8, 9);
  });

  it('forgets a cache that left', () => {
    const costs = new MissCosts();
    const [left, kept] = [costs.add(), costs.add()];
    costs.record(left, 1);
    costs.record(kept, 0.01);

    costs.remove(left);

    expect(kept.weight).to.be.closeTo(1, 1e-9);
  });
});
