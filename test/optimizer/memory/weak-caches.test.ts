import { expect } from 'chai';
import { InvalidOptionError } from '../../../src/errors.js';
import { WeakCaches } from '../../../src/optimizer/memory/weak-caches.js';
import { waitFor } from '../../e2e/wait-for.js';
import { captureNotices } from '../../fakes/captured-notices.js';
import { collectGarbage } from '../../fakes/garbage.js';

describe('WeakCaches', () => {
  it('empties maps, sets, caches with clear, and those that only delete', () => {
    const caches = new WeakCaches();
    const map = new Map([['a', 1]]);
    const set = new Set([1, 2]);
    const cleared: string[] = [];
    const own = { clear: () => cleared.push('own') };
    const entries = new Map([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ]);
    const deleting = { keys: () => entries.keys(), delete: (key: number) => entries.delete(key) };
    for (const cache of [map, set, own, deleting]) caches.add(cache);

    const removed = caches.clear();

    expect([map.size, set.size, entries.size, cleared]).to.deep.equal([0, 0, 0, ['own']]);
    expect(removed).to.equal(6);
  });

  it('keeps no cache in memory', async () => {
    const caches = new WeakCaches();
    const reference = addForgotten(caches);

    await waitFor(
      () => {
        collectGarbage();
        return reference.deref() === undefined;
      },
      { what: 'the cache to be collected' },
    );

    expect(caches.size).to.equal(0);
    expect(caches.clear()).to.equal(0);
  });

  it('forgets what is unregistered', () => {
    const caches = new WeakCaches();
    const map = new Map([['a', 1]]);

    caches.add(map)();
    caches.clear();

    expect(map.size).to.equal(1);
  });

  it('goes on when one fails, at once or later, and says so once', async () => {
    const notices = captureNotices();
    const caches = new WeakCaches();
    const failing = {
      clear() {
        throw new Error('closed');
      },
    };
    const failingLater = { clear: async () => Promise.reject(new Error('gone')) };
    const map = new Map([['a', 1]]);
    for (const cache of [failing, failingLater, map]) caches.add(cache);

    const removed = caches.clear();
    await new Promise((resolve) => setImmediate(resolve));

    expect([removed, map.size]).to.deep.equal([1, 0]);
    expect(notices.said).to.deep.equal(['a registered cache could not be emptied: Error: closed']);
    notices.release();
  });

  it('refuses what cannot be emptied', () => {
    for (const cache of [undefined, null, 5, {}, { keys: () => [] }, () => {}])
      expect(() => new WeakCaches().add(cache as never)).to.throw(InvalidOptionError, 'cache');
  });
});

/** In a function of its own, so that nothing on the stack holds it. */
function addForgotten(caches: WeakCaches): WeakRef<object> {
  const map = new Map([['a', 1]]);
  caches.add(map);
  return new WeakRef(map);
}
