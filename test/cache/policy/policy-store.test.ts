import { expect } from 'chai';
import { EVICTION_POLICIES, makePolicyStore } from '../../../src/cache/policy/eviction-policy.js';
import type { EvictReason } from '../../../src/cache/policy/policy-store.js';
import { randomFrom } from '../../fakes/random.js';
import { zipfKeys } from './zipf-keys.js';

for (const policy of EVICTION_POLICIES) {
  const storeWith = (bounds: { max: number; maxBytes?: number }) => {
    const left: [key: string, value: unknown, reason: EvictReason][] = [];
    const store = makePolicyStore<unknown>(policy, {
      ...bounds,
      random: randomFrom(1),
      onEvict: (key, value, reason) => left.push([key, value, reason]),
    });
    return { store, left };
  };

  describe(`policy store: ${policy}`, () => {
    it('gives back what it was given, null and false included', () => {
      const { store } = storeWith({ max: 10 });
      const value = { id: 1 };
      store.set('object', value);
      store.set('null', null);
      store.set('false', false);

      expect([store.get('object'), store.get('null'), store.get('false'), store.get('none')]).to.deep.equal([
        value,
        null,
        false,
        undefined,
      ]);
      expect(store.peek('object')).to.equal(value);
      expect([store.has('null'), store.has('none')]).to.deep.equal([true, false]);
    });

    it('replaces, deletes and clears without calling it an eviction', () => {
      const { store, left } = storeWith({ max: 10 });
      store.set('a', 1);
      store.set('a', 2);
      store.set('b', 1);

      const deleted = [store.delete('a'), store.delete('a')];
      store.clear();

      expect(deleted).to.deep.equal([true, false]);
      expect([store.size, store.get('b'), store.keys(), left]).to.deep.equal([0, undefined, [], []]);
    });

    it('is usable after being cleared', () => {
      const { store, left } = storeWith({ max: 2 });
      for (let i = 0; i < 50; i++) store.set(`old${i}`, i);
      left.length = 0;

      store.clear();
      store.set('a', 1);
      store.set('b', 2);

      expect(store.keys()).to.have.members(['a', 'b']);
      expect(left).to.deep.equal([]);
    });

    it('drops the least recently used as long as it knows nothing better', () => {
      const { store, left } = storeWith({ max: 2 });
      store.set('a', 1);
      store.set('b', 2);
      store.get('a');
      store.peek('b');
      store.has('b');

      store.set('c', 3);

      expect(left).to.deep.equal([['b', 2, 'capacity']]);
      expect(store.keys()).to.deep.equal(['c', 'a']);
      expect(store.keys(1)).to.deep.equal(['c']);
    });

    it('holds a single entry', () => {
      const { store, left } = storeWith({ max: 1 });

      for (let i = 0; i < 200; i++) {
        store.set(`k${i % 7}`, i);
        store.get(`k${i % 3}`);
      }

      expect(store.size).to.equal(1);
      expect(left.length).to.be.at.least(1);
    });

    it('does as a plain map with a bound would, whatever happens', () => {
      for (const maxBytes of [undefined, 900]) {
        const random = randomFrom(maxBytes ?? 7);
        const held = new Map<string, { value: number; size: number }>();
        let max = 100;
        const store = makePolicyStore<number>(policy, {
          max,
          ...(maxBytes !== undefined && { maxBytes }),
          random,
          onEvict: (key, value) => {
            // Once, for an entry that is here; a rejected one may never have been.
            if (held.get(key)?.value !== value) throw new Error(`${key} left, but it was not here`);
            held.delete(key);
          },
        });
        const keys = zipfKeys(400, 30_000, maxBytes ?? 3);
        for (const [step, number] of keys.entries()) {
          const key = `k${number}`;
          const action = random();
          if (action < 0.01) expect(store.delete(key)).to.equal(held.delete(key));
          else if (action < 0.0105) {
            max = 1 + Math.floor(random() * 150);
            store.resize(max);
          } else if (action < 0.0107) {
            store.clear();
            held.clear();
          } else if (action < 0.5) {
            const size = 1 + Math.floor(random() * random() * 1000);
            held.set(key, { value: step, size });
            store.set(key, step, size);
          } else expect(store.get(key)).to.equal(held.get(key)?.value);

          expect(store.size).to.equal(held.size);
          expect(store.size).to.be.at.most(max);
          if (maxBytes !== undefined) expect(store.bytes).to.be.at.most(maxBytes);
        }
        const bytes = [...held.values()].reduce((sum, { size }) => sum + size, 0);
        expect(store.bytes).to.equal(maxBytes === undefined ? 0 : bytes);
        expect(store.keys()).to.have.members([...held.keys()]);
        expect(store.max).to.equal(max);
      }
    });

    it('keeps the entries used last when it shrinks, and all when it grows', () => {
      const { store, left } = storeWith({ max: 10 });
      for (let i = 0; i < 10; i++) store.set(`k${i}`, i);

      store.resize(20);
      const grown = store.size;
      store.resize(4);

      expect(grown).to.equal(10);
      expect(store.keys()).to.deep.equal(['k9', 'k8', 'k7', 'k6']);
      expect(left.map(([key]) => key)).to.deep.equal(['k0', 'k1', 'k2', 'k3', 'k4', 'k5']);
    });

    it('keeps sizes through a resize', () => {
      const { store } = storeWith({ max: 10, maxBytes: 100 });
      store.set('a', 1, 30);
      store.set('b', 1, 40);

      store.resize(5);

      expect(store.bytes).to.equal(70);
    });

    it('rejects what is bigger than all the room, and the entry it should replace is gone', () => {
      const { store, left } = storeWith({ max: 10, maxBytes: 100 });
      store.set('other', 0, 50);
      store.set('k', 1, 10);

      store.set('k', 2, 101);

      expect(left).to.deep.equal([['k', 2, 'rejected']]);
      expect([store.has('k'), store.has('other'), store.bytes]).to.deep.equal([false, true, 50]);
    });

    it('takes the new size of a value that is set again', () => {
      const { store } = storeWith({ max: 10, maxBytes: 100 });
      const value = {};
      store.set('k', value, 10);

      store.set('k', value, 60);

      expect(store.bytes).to.equal(60);
    });

    it('makes room for an entry as big as all the room', () => {
      const { store, left } = storeWith({ max: 10, maxBytes: 100 });
      for (let i = 0; i < 10; i++) store.set(`k${i}`, i, 10);

      store.set('k3', 'big', 100);

      expect(store.keys()).to.deep.equal(['k3']);
      expect(left).to.have.length(9);
    });

    it('lets the listener use the store', () => {
      const heard: string[] = [];
      const store = makePolicyStore<number>(policy, {
        max: 3,
        onEvict: (key) => {
          heard.push(`${key} ${store.has(key)}`);
          if (!key.startsWith('again')) store.set(`again:${key}`, 0);
        },
      });

      for (let i = 0; i < 20; i++) store.set(`k${i}`, i);

      expect(store.size).to.equal(3);
      expect(heard.every((line) => line.endsWith('false'))).to.equal(true);
      expect(new Set(heard).size).to.equal(heard.length);
    });
  });
}
