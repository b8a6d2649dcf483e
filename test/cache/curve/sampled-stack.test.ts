import { expect } from 'chai';
import { SampledStack } from '../../../src/cache/curve/sampled-stack.js';
import { randomFrom } from '../../fakes/random.js';

describe('SampledStack', () => {
  it('tells what was used since a key was, and its own size', () => {
    const { stack, told } = toldStack(1000);
    // Of ten a thousand each, so blocks end in between.
    for (let hash = 1; hash <= 1000; hash++) stack.add(hash, 10, 0);
    stack.tell();

    for (const hash of [900, 500, 1]) {
      stack.count(stack.find(hash));
      stack.tell();
    }

    expect(told.map(({ own, uses }) => [own, uses])).to.deep.equal([
      [10, 1],
      [10, 1],
      [10, 1],
    ]);
    // The order of keys in a block of 32 is not known.
    [1000, 5010, 9990].forEach((above, at) => expect(told[at]!.above).to.be.closeTo(above, 160));
  });

  it('tells of uses of a block at once, with the mean of what was above it meanwhile', () => {
    const { stack, told } = toldStack(1000);
    for (let hash = 1; hash <= 1000; hash++) stack.add(hash, 10, 0);
    stack.tell();

    // The same key again and again, then once each of the upper half.
    for (let time = 0; time < 50; time++) stack.count(stack.find(1000));
    for (let hash = 999; hash > 500; hash--) stack.count(stack.find(hash));
    stack.tell();

    expect(told.reduce((sum, { uses }) => sum + uses, 0)).to.equal(549);
    const close = told.filter(({ above }) => above < 200).reduce((sum, { uses }) => sum + uses, 0);
    expect(close, 'repeated').to.be.at.least(49);
    stack.tell();
    expect(
      told.reduce((sum, { uses }) => sum + uses, 0),
      'told once',
    ).to.equal(549);
  });

  it('does as a plain list would, whatever happens', () => {
    const random = randomFrom(4);
    const capacity = 300;
    const { stack, told } = toldStack(capacity);
    /** The last one used comes last. */
    let list: { hash: number; size: number; end: number }[] = [];
    const errors: number[] = [];
    for (let step = 0; step < 20_000; step++) {
      // Hashes of both signs, some of which share a bucket.
      const hash = Math.floor(random() * 450) * 64 - 14_000;
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
        expect([stack.sizeAt(slot), stack.endAt(slot)]).to.deep.equal([known.size, known.end]);
        list = list.filter((entry) => entry !== known);
        if (action < 0.1) stack.remove(slot);
        else if (action < 0.4) {
          const changed = { hash, size: 1 + Math.floor(random() * 1000), end: step };
          stack.replace(slot, changed.size, changed.end);
          list.push(changed);
        } else if (action < 0.7) {
          stack.use(slot);
          list.push(known);
        } else {
          stack.tell();
          stack.count(slot);
          list.push(known);
          stack.tell();
          const { uses, own, ...last } = told.at(-1)!;
          expect([uses, own]).to.deep.equal([1, known.size]);
          expect(last.above).to.be.closeTo(above, 16 * 1000);
          errors.push(last.above - above);
        }
      }
      expect(stack.length).to.equal(list.length);
      expect(stack.oldest === 0 ? undefined : stack.endAt(stack.oldest)).to.equal(list[0]?.end);
      const aboveOldest = list.slice(1).reduce((sum, { size }) => sum + size, 0);
      expect(stack.sizeAboveOldest).to.be.closeTo(aboveOldest, 16 * 1000);
    }
    // Too much as often as too little.
    expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / errors.length)).to.be.below(500);
  });

  it('takes about 70 bytes for each key', () => {
    expect(toldStack(2049).stack.byteLength).to.be.within(100_000, 80 * 2049);
  });
});

interface Told {
  readonly above: number;
  readonly own: number;
  readonly uses: number;
}

function toldStack(capacity: number): { stack: SampledStack; told: Told[] } {
  const told: Told[] = [];
  const stack = new SampledStack(capacity, (above, own, uses) => told.push({ above, own, uses }));
  return { stack, told };
}
