import { expect } from 'chai';
import { BudgetedStore, type BudgetRoom } from '../../../src/cache/budget/budgeted-store.js';
import type { EvictReason } from '../../../src/cache/policy/policy-store.js';

/** A store alone in as much room as the test says. */
function storeWith({ max = Infinity, maxBytes = Infinity, room = Infinity } = {}) {
  const left: [key: string, value: unknown, reason: EvictReason][] = [];
  const state = { bytes: 0, age: 0, over: new Set<unknown>() };
  const budget: BudgetRoom = {
    get age() {
      return state.age;
    },
    account: (bytes) => void (state.bytes += bytes),
    makeRoom: (_, bytes) => state.bytes + bytes <= room,
  };
  const store = new BudgetedStore<unknown>(budget, {
    max,
    maxBytes,
    isPinned: false,
    cost: { weight: 10, seconds: undefined, values: 0 },
    onEvict: (key, value, reason) => left.push([key, value, reason]),
    isOver: (value) => state.over.has(value),
  });
  return { store, left, state };
}

describe('BudgetedStore', () => {
  it('gives back what it was given, null and false included', () => {
    const { store, left } = storeWith();
    store.set('null', null);
    store.set('false', false);

    expect([store.get('null'), store.get('false'), store.get('none')]).to.deep.equal([
      null,
      false,
      undefined,
    ]);
    expect([store.peek('null'), store.has('false'), store.has('none')]).to.deep.equal([null, true, false]);
    store.delete('null');
    store.clear();
    expect([store.size, store.bytes, left]).to.deep.equal([0, 0, []]);
  });

  it('drops the least recently used for bounds of its own', () => {
    const { store, left } = storeWith({ max: 3, maxBytes: 100 });
    for (const key of ['a', 'b', 'c']) store.set(key, key, 10);
    store.get('a');
    store.peek('b');

    store.set('d', 'd', 10);
    store.set('e', 'e', 90);

    expect(left).to.deep.equal([
      ['b', 'b', 'capacity'],
      ['c', 'c', 'capacity'],
      ['a', 'a', 'capacity'],
    ]);
    expect(store.keys()).to.deep.equal(['e', 'd']);
    expect(store.keys(1)).to.deep.equal(['e']);
    store.resize(1);
    expect([store.keys(), store.max]).to.deep.equal([['e'], 1]);
  });

  it('rejects what finds no room, and the entry it should replace is gone', () => {
    const { store, left, state } = storeWith({ maxBytes: 100, room: 120 });
    store.set('k', 1, 10);

    store.set('k', 2, 101);
    store.set('other', 1, 90);
    store.set('k', 3, 31);

    expect(left).to.deep.equal([
      ['k', 2, 'rejected'],
      ['other', 1, 'capacity'],
    ]);
    expect([store.keys(), state.bytes]).to.deep.equal([['k'], 31]);
    state.bytes += 100;
    store.set('x', 1, 30);
    expect([left.at(-1), store.has('x')]).to.deep.equal([['x', 1, 'rejected'], false]);
  });

  it('takes a new size in place, smaller or larger, and tells the budget', () => {
    const { store, state } = storeWith();
    const value = {};
    store.set('k', value, 50);
    store.set('k', value, 20);
    const smaller = state.bytes;

    store.set('k', value, 70);

    expect([smaller, state.bytes, store.bytes, store.size]).to.deep.equal([20, 70, 70, 1]);
  });

  it('makes an entry worth more with each use up to a bound, with the age, and for small size', () => {
    const { store, state } = storeWith();
    const worths: number[] = [];
    const worth = () => store.worthOf(store.drawn(0));
    store.set('k', 1, 10);
    worths.push(worth());
    store.get('k');
    worths.push(worth());
    state.age = 100;
    store.get('k');
    worths.push(worth());
    for (let i = 0; i < 50; i++) store.get('k');
    worths.push(worth());
    store.set('large', 1, 100);

    expect(worths).to.deep.equal([1, 2, 103, 115]);
    expect(store.worthOf(store.drawn(1))).to.equal(100.1);
    store.delete('k');
    expect([0, 1].map((place) => store.worthOf(place + 1))).to.include(Infinity);
  });

  it('learns whether its entries are used again, and counts a first use by that', () => {
    const { store } = storeWith();
    for (let i = 0; i < 2000; i++) {
      store.set(`once${i}`, i, 10);
      store.lose(store.drawn(0));
    }
    store.set('new', 1, 10);
    const unused = store.worthOf(store.drawn(0));
    store.lose(store.drawn(0));
    for (let i = 0; i < 2000; i++) {
      store.set(`again${i}`, i, 10);
      store.get(`again${i}`);
      store.lose(store.drawn(0));
    }
    store.set('new', 1, 10);

    expect(unused, 'a fifth at least').to.equal(0.2);
    expect(store.worthOf(store.drawn(0))).to.be.closeTo(1, 0.05);
  });

  it('says why an entry left: for the budget, or because it was over anyway', () => {
    const { store, left, state } = storeWith();
    store.set('a', 'fresh');
    store.lose(store.drawn(0));
    store.set('b', 'old');
    state.over.add('old');

    store.lose(store.drawn(0));

    expect(left).to.deep.equal([
      ['a', 'fresh', 'budget'],
      ['b', 'old', 'expired'],
    ]);
  });

  it('keeps nothing once it is closed', () => {
    const { store, state } = storeWith();
    store.set('a', 1, 10);

    store.close();
    store.set('b', 1, 10);

    expect([store.size, store.bytes, state.bytes]).to.deep.equal([0, 0, 0]);
  });
});
