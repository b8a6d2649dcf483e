import { expect } from 'chai';
import { SampledStack } from '../../../src/cache/curve/sampled-stack.js';
import { randomFrom } from '../../fakes/random.js';

describe('SampledStack', () => {
  it('says what was used since a key was', () => {
    const stack = new SampledStack(10);
    stack.add(1, 100, 0);
    stack.add(2, 20, 0);
    stack.add(3, 3, 0);

    stack.use(stack.find(2));

    expect([1, 3, 2].map((hash) => stack.sizeAbove(stack.find(hash)))).to.deep.equal([23, 20, 0]);
    expect(stack.find(4)).to.equal(0);
  });

  it('does as a plain list would, whatever happens', () => {
    const random = randomFrom(4);
    const capacity = 60;
    const stack = new SampledStack(capacity);
    /** The last one used comes last. */
    let list: { hash: number; size: number; end: number }[] = [];
    for (let step = 0; step < 20_000; step++) {
      // Hashes of both signs, some of which share a bucket.
      const hash = Math.floor(random() * 90) * 64 - 2000;
      const slot = stack.find(hash);
      const known = list.find((entry) => entry.hash === hash);
      expect(slot !== 0).to.equal(known !== undefined);
      const action = random();
      if (action < 0.001) {
        stack.clear();
        list = [];
      } else if (known === undefined) {
        const entry = { hash, size: 1 + Math.floor(random() * 1000), end: step };
        if (list.length === capacity) {
          const largest = list.toSorted((a, b) => b.hash - a.hash)[0]!;
          expect(stack.largestHash).to.equal(largest.hash);
          stack.removeLargest();
          list = list.filter((other) => other !== largest);
        }
        stack.add(entry.hash, entry.size, entry.end);
        list.push(entry);
      } else {
        const above = list.slice(list.indexOf(known) + 1).reduce((sum, { size }) => sum + size, 0);
        expect([stack.sizeAbove(slot), stack.sizeAt(slot), stack.endAt(slot)]).to.deep.equal([
          above,
          known.size,
          known.end,
        ]);
        list = list.filter((entry) => entry !== known);
        if (action < 0.1) stack.remove(slot);
        else if (action < 0.4) {
          const changed = { hash, size: 1 + Math.floor(random() * 1000), end: step };
          stack.replace(slot, changed.size, changed.end);
          list.push(changed);
        } else {
          stack.use(slot);
          list.push(known);
        }
      }
      expect(stack.count).to.equal(list.length);
      expect(stack.oldest === 0 ? undefined : stack.endAt(stack.oldest)).to.equal(list[0]?.end);
    }
  });

  it('takes about 70 bytes for each key', () => {
    expect(new SampledStack(2049).byteLength).to.be.within(100_000, 80 * 2049);
  });
});
