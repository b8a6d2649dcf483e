import { expect } from 'chai';
import { TrafficWindows } from '../../../src/optimizer/budget/traffic-windows.js';
import { FakeBudget, FakeCache, FakeCurve } from '../../fakes/fake-budget.js';

const MB = 1024 * 1024;

describe('TrafficWindows', () => {
  it('cut the traffic into windows, the one after a change left out', () => {
    const { windows, users } = trafficOf();

    for (let i = 1; i <= 3; i++) {
      users.serve(10_000 * i, 4000);
      windows.end();
    }

    expect(windows.windows.map(({ lookups }) => lookups)).to.deep.equal([20_000, 30_000]);
  });

  it('go on until the curves have followed three thousand misses', () => {
    const { windows, users } = trafficOf();
    users.serve(10_000, 4000);
    windows.end();

    users.curve!.sampledShare = 0.1;
    users.serve(50_000, 20_000);
    const early = windows.end();
    users.serve(50_000, 20_000);
    const window = windows.end();

    expect(early).to.equal(undefined);
    expect(window?.lookups).to.equal(100_000);
  });

  it('weigh real and predicted misses by what they cost in each cache', () => {
    const { windows, users, pages } = trafficOf();
    windows.restart();
    users.missSeconds = 0.002;
    pages.missSeconds = 0.05;
    users.serve(10_000, 4000);
    windows.end();
    users.serve(10_000, 4000, 1500);
    pages.serve(1000, 10, 20);

    const window = windows.end()!;

    expect(window.realCost).to.be.closeTo(4000 * 0.002 + 10 * 0.05, 1e-9);
    const predicted = window.caches.map((cache) => window.missesAt(cache, window.bytes) * cache.missCost);
    expect(predicted[0]! + predicted[1]!).to.be.closeTo(1500 * 0.002 + 20 * 0.05, 1e-9);
  });

  it('weigh caches nobody measured like the mean of the others, and all alike where nobody measured', () => {
    const { windows, users, pages } = trafficOf();
    const costs = [
      [0.01, undefined],
      [undefined, undefined],
    ].map(([known, unknown]) => {
      users.missSeconds = known;
      pages.missSeconds = unknown;
      windows.restart();
      users.serve(10_000, 4000);
      windows.end();
      users.serve(10_000, 4000);
      pages.serve(10_000, 1000);
      return windows.end()!.realCost;
    });

    expect(costs[0]).to.be.closeTo(50, 1e-9);
    expect(costs[1]).to.equal(5000);
  });

  it('leave out what the caches do while they fill, or empty, after a change', () => {
    const { windows, users, budget } = trafficOf();
    const sizes = [20, 30, 38, 39, 39.5].map((mb) => {
      budget.bytes = mb * MB;
      users.serve(10_000, 4000);
      return windows.end() === undefined ? undefined : mb;
    });
    windows.restart();
    const emptying = [30, 25, 24.9, 24.8].map((mb) => {
      budget.bytes = mb * MB;
      users.serve(10_000, 4000);
      return windows.end() === undefined ? undefined : mb;
    });

    expect(sizes).to.deep.equal([undefined, undefined, undefined, 39, 39.5]);
    expect(emptying).to.deep.equal([undefined, undefined, 24.9, 24.8]);
  });

  it('leave caches without a curve out, and those that are new', () => {
    const { windows, users, budget } = trafficOf();
    budget.shares.push(new FakeCache('blind'));
    users.serve(10_000, 4000);
    windows.end();
    const late = new FakeCache('late', new FakeCurve());
    budget.shares.push(late);
    for (const cache of budget.shares) cache.serve(10_000, 4000);

    expect(windows.end()?.caches.map(({ name }) => name)).to.deep.equal(['users', 'pages']);
  });

  it('tell caches of the same name apart', () => {
    const budget = new FakeBudget();
    const twins = [0, 1].map(() => new FakeCache('twin', new FakeCurve()));
    budget.shares.push(...twins);
    const windows = new TrafficWindows(budget);
    for (const twin of twins) twin.serve(10_000, 4000);
    windows.end();
    twins[0]!.serve(10_000, 4000);
    twins[1]!.serve(5000, 100);

    const { caches } = windows.end()!;

    expect(caches.map(({ lookups, misses }) => [lookups, misses])).to.deep.equal([
      [10_000, 4000],
      [5000, 100],
    ]);
  });

  it('keep ten, and start anew with a change', () => {
    const { windows, users } = trafficOf();
    for (let i = 0; i < 20; i++) {
      users.serve(10_000 + i, 4000);
      windows.end();
    }

    const before = windows.restart();
    users.serve(10_000, 4000);
    windows.end();

    expect(before.map(({ lookups }) => lookups)).to.deep.equal(
      Array.from({ length: 10 }, (_, i) => 10_010 + i),
    );
    expect(windows.windows).to.deep.equal([]);
  });

  it('predict other sizes of the budget, shared out as it was, in what a curve counts, pinned caches as they are', () => {
    const { windows, users, pages, budget } = trafficOf();
    const fixed = new FakeCache('fixed', new FakeCurve());
    fixed.isPinned = true;
    budget.shares.push(fixed);
    const asked: number[] = [];
    for (const cache of budget.shares) {
      cache.missSeconds = 1;
      cache.curve!.predict = (size) => {
        asked.push(size);
        return 1;
      };
    }
    users.bytes = 5 * MB;
    pages.curve = Object.assign(new FakeCurve(undefined, 'entries'), { predict: users.curve!.predict });
    pages.entries = 77;
    windows.restart();
    users.serve(10_000, 4000);
    windows.end();
    users.serve(10_000, 4000);

    const window = windows.end()!;
    for (const cache of window.caches) window.missesAt(cache, 2 * budget.bytes);

    expect(asked).to.deep.equal([10 * MB, 154, fixed.bytes]);
  });
});

function trafficOf() {
  const budget = new FakeBudget();
  const users = new FakeCache('users', new FakeCurve());
  const pages = new FakeCache('pages', new FakeCurve());
  budget.shares.push(users, pages);
  return { budget, users, pages, windows: new TrafficWindows(budget) };
}
