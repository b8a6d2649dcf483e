import { expect } from 'chai';
import type { Losing } from '../../../src/cache/budget/budgeted-store.js';
import { EvictionCandidates } from '../../../src/cache/budget/eviction-candidates.js';
import { randomFrom } from '../../fakes/random.js';

/** A store of entries without anything but their worth. */
function storeOf(worths: number[]): Losing {
  return {
    size: worths.length,
    bytes: worths.length,
    isPinned: false,
    drawn: (place) => place,
    worthOf: (slot) => worths[slot] ?? Infinity,
    isOver: () => false,
    lose: () => {},
  };
}

const always = () => true;

describe('EvictionCandidates', () => {
  it('hands out those worth least, whatever the order they came in', () => {
    const random = randomFrom(3);
    const worths = Array.from({ length: 200 }, () => random());
    const store = storeOf(worths);
    const candidates = new EvictionCandidates();
    for (let slot = 0; slot < 200; slot++) candidates.add(store, slot);

    const taken = Array.from({ length: 16 }, () => worths[candidates.take(always)!.slot]);

    expect(taken).to.deep.equal(worths.toSorted((a, b) => a - b).slice(0, 16));
    expect(candidates.take(always)).to.equal(undefined);
  });

  it('says whether it noted an entry', () => {
    const store = storeOf(Array.from({ length: 20 }, (_, i) => i));
    const candidates = new EvictionCandidates();

    const noted = Array.from({ length: 18 }, (_, slot) => candidates.add(store, slot));

    expect(noted).to.deep.equal([...Array.from({ length: 16 }, () => true), false, false]);
  });

  it('passes over what was used since, what is gone, and what is protected by now', () => {
    const worths = [1, 2, 3, 4];
    const [store, other] = [storeOf(worths), storeOf([0.5])];
    const candidates = new EvictionCandidates();
    for (let slot = 0; slot < 4; slot++) candidates.add(store, slot);
    candidates.add(other, 0);

    worths[0] = 9;
    worths[1] = Infinity;

    expect(candidates.take((one) => one !== other)).to.deep.equal({ store, slot: 2 });
  });

  it('hands an entry out once, though it was noted twice', () => {
    const worths = [1, 5];
    const store = storeOf(worths);
    const candidates = new EvictionCandidates();
    for (const slot of [0, 1, 0]) candidates.add(store, slot);

    const first = candidates.take(always)!;
    worths[first.slot] = Infinity;

    expect([first.slot, candidates.take(always)?.slot]).to.deep.equal([0, 1]);
  });
});
