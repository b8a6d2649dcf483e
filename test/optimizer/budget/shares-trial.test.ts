import { expect } from 'chai';
import { SharesTrial } from '../../../src/optimizer/budget/shares-trial.js';
import { FakeBudget, FakeCache, FakeCurve } from '../../fakes/fake-budget.js';

const MB = 1024 * 1024;

/** A cache that misses 10 lookups fewer of 1,000 with each megabyte, and costs so much a miss. */
function cacheOf(name: string, mb: number, missSeconds: number): FakeCache {
  const curve = new FakeCurve();
  curve.predict = (size) => Math.max(0, 500 - (10 * size) / MB);
  const cache = new FakeCache(name, curve);
  cache.bytes = mb * MB;
  cache.missSeconds = missSeconds;
  return cache;
}

/** Ten looks, each after as many lookups whose misses are what the curves say, times `worse`. */
function judged({ cheap = 0.001, dear = 0.1, looks = 10, worse = 1 }) {
  const budget = new FakeBudget({ mb: 40 });
  const caches = [cacheOf('cheap', 10, cheap), cacheOf('dear', 30, dear)];
  budget.shares.push(...caches);
  const trial = new SharesTrial(
    budget,
    new Map([
      ['cheap', 0.5],
      ['dear', 0.5],
    ]),
  );
  for (let look = 0; look < looks; look++) {
    for (const cache of caches) cache.serve(1000, worse * cache.curve!.predict!(cache.bytes));
    trial.look();
  }
  return { trial, verdict: trial.verdict(), caches, budget };
}

describe('SharesTrial', () => {
  it('finds that misses cost less since memory went where they are dear', () => {
    const { trial, verdict } = judged({});

    // The dear one misses 200 instead of 300, the cheap one 400 instead of 300.
    const exact = 100 * (1 - (200 * 0.1 + 400 * 0.001) / (300 * 0.1 + 300 * 0.001));
    expect(trial.isComplete).to.equal(true);
    expect(verdict.kind).to.equal('improved');
    expect(verdict.improvementPercent).to.be.closeTo(exact, 0.1);
    expect(verdict.improvementInterval![0]).to.be.closeTo(exact - 2, 0.1);
  });

  it('finds that misses cost more where memory went the wrong way', () => {
    expect(judged({ cheap: 0.1, dear: 0.001 }).verdict.kind).to.equal('worse');
  });

  it('claims nothing that is smaller than the error of the curves', () => {
    const { verdict } = judged({ cheap: 0.01, dear: 0.01 });

    expect(verdict.kind).to.equal('no measurable change');
    expect(verdict.improvementPercent).to.be.closeTo(0, 0.1);
  });

  it('takes only ratios from the curves: caches that are better than theirs change nothing', () => {
    const [exact, better] = [judged({}).verdict, judged({ worse: 0.6 }).verdict];

    expect(better.improvementPercent).to.be.closeTo(exact.improvementPercent!, 1e-6);
  });

  it('counts what a cache saves that has no miss left', () => {
    const budget = new FakeBudget({ mb: 40 });
    const [whole, other] = [cacheOf('whole', 30, 0.1), cacheOf('other', 10, 0.1)];
    whole.curve!.predict = (size) => (size >= 30 * MB ? 0 : 300);
    budget.shares.push(whole, other);
    const trial = new SharesTrial(budget, new Map([...budget.shares].map(({ name }) => [name, 0.5])));
    for (let look = 0; look < 10; look++) {
      whole.serve(1000, 0);
      other.serve(1000, 400);
      trial.look();
    }

    // 400 misses; with half each it would have been 300 and 300.
    expect(trial.verdict().improvementPercent).to.be.closeTo(100 / 3, 0.1);
  });

  it('says that nothing was measured after too few looks, or too little traffic', () => {
    expect(judged({ looks: 2 }).verdict.kind).to.equal('not measured');
    const { trial, verdict } = judged({ worse: 0.01 });

    expect(trial.isComplete).to.equal(false);
    expect(verdict.kind).to.equal('not measured');
  });

  it('leaves out a cache that came later', () => {
    const { trial, budget, caches } = judged({ looks: 9 });
    const late = cacheOf('late', 5, 10);
    late.serve(1000, 900);
    budget.shares.push(late);
    for (const cache of caches) cache.serve(1000, cache.curve!.predict!(cache.bytes));
    trial.look();

    expect(trial.isComplete).to.equal(true);
    expect(trial.verdict().improvementPercent).to.be.closeTo(33.1, 1);
  });
});
