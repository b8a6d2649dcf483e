import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WeakVictims } from '../../../src/cache/policy/weak-victims.js';
import { collectGarbage } from '../../fakes/garbage.js';

/** Only in the next turn of the event loop is a value free that was looked at in this one. */
async function collectNow(): Promise<void> {
  await nextTurn();
  collectGarbage();
  await nextTurn();
}

describe('WeakVictims', () => {
  it('gives back a value that is still alive, once, with what was kept besides', () => {
    const victims = new WeakVictims<number>(10);
    const value = { id: 1 };
    victims.keep('k', value, 42);

    const first = victims.take('k');
    const second = victims.take('k');

    expect(first?.value).to.equal(value);
    expect(first?.rest).to.equal(42);
    expect(second).to.equal(undefined);
    expect([victims.hits, victims.size]).to.deep.equal([1, 0]);
  });

  it('keeps nothing alive', async () => {
    const victims = new WeakVictims(10);
    const held = { id: 'held' };
    victims.keep('held', held, undefined);
    victims.keep('free', { id: 'free' }, undefined);

    await collectNow();

    expect(victims.take('free')).to.equal(undefined);
    expect(victims.take('held')?.value).to.equal(held);
    expect(victims.hits).to.equal(1);
  });

  it('removes what is gone while others come', async () => {
    const victims = new WeakVictims(1000);
    for (let i = 0; i < 500; i++) victims.keep(`gone${i}`, { i }, undefined);
    await collectNow();

    const held = Array.from({ length: 400 }, (_, i) => ({ i }));
    for (const value of held) victims.keep(`held${value.i}`, value, undefined);

    expect(victims.size).to.be.below(500);
    expect(held.every(({ i }) => victims.take(`held${i}`) !== undefined)).to.equal(true);
  });

  it('holds as many as it may, the oldest leave', () => {
    const victims = new WeakVictims(3);
    const values = Array.from({ length: 5 }, (_, i) => ({ i }));

    for (const value of values) victims.keep(`k${value.i}`, value, undefined);

    expect(victims.size).to.equal(3);
    expect(values.map(({ i }) => victims.take(`k${i}`) !== undefined)).to.deep.equal([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('keeps functions, but not numbers, texts and null, and forgets the value they replace', () => {
    const victims = new WeakVictims(10);
    const value = {};
    victims.keep('k', value, undefined);

    const kept = [() => 1, 1, 'text', null, true].map((one, i) => victims.keep(`k${i}`, one, undefined));
    victims.keep('k', 7, undefined);

    expect(kept).to.deep.equal([true, false, false, false, false]);
    expect(victims.take('k')).to.equal(undefined);
  });

  it('deletes and clears', () => {
    const victims = new WeakVictims(10);
    const value = {};
    for (const key of ['a', 'b', 'c']) victims.keep(key, value, undefined);

    const deleted = [victims.delete('a'), victims.delete('a')];
    victims.clear();
    victims.keep('d', value, undefined);

    expect(deleted).to.deep.equal([true, false]);
    expect([victims.size, victims.take('b'), victims.take('d')?.value]).to.deep.equal([1, undefined, value]);
  });
});
