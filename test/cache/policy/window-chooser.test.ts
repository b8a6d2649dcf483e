import { expect } from 'chai';
import { FrequencySketch } from '../../../src/cache/policy/frequency-sketch.js';
import { makeKeyHash } from '../../../src/cache/policy/key-hash.js';
import { WindowChooser } from '../../../src/cache/policy/window-chooser.js';
import { randomFrom } from '../../fakes/random.js';
import { zipfKeys } from './zipf-keys.js';

function chooserFor({ max = 500, maxBytes = Infinity, windowShare = 1 } = {}) {
  const hash = makeKeyHash(randomFrom(1));
  const sketch = new FrequencySketch(max);
  const chooser = new WindowChooser(sketch, { max, maxBytes, windowShare }, randomFrom(2));
  const observe = (keys: readonly string[], size = 0) => {
    let changes = 0;
    for (const key of keys) {
      sketch.record(hash(key));
      if (chooser.observe(hash(key), size)) changes += 1;
    }
    return changes;
  };
  return { chooser, observe, hash };
}

const popular = zipfKeys(10_000, 60_000).map(String);
const once = Array.from({ length: 60_000 }, (_, i) => `once:${i}`);

describe('WindowChooser', () => {
  it('starts with the window it is told', () => {
    for (const windowShare of [1, 0.4, 0.1, 0.01]) {
      expect(chooserFor({ windowShare }).chooser.share).to.equal(windowShare);
    }
  });

  it('chooses a small window where some keys are popular, and tells once', () => {
    const { chooser, observe } = chooserFor();

    const changes = observe(popular);

    expect(chooser.share).to.be.at.most(0.4);
    expect(changes).to.be.within(1, 10);
  });

  it('changes nothing where no window helps', () => {
    const { chooser, observe } = chooserFor({ windowShare: 0.1 });

    expect(observe(once)).to.equal(0);
    expect(chooser.share).to.equal(0.1);
  });

  it('decides nothing before two requests per entry', () => {
    const { observe } = chooserFor();

    expect(observe(popular.slice(0, 800))).to.equal(0);
  });

  it('leaves out what is too big for a miniature', () => {
    const { observe } = chooserFor({ maxBytes: 5000 });

    expect(observe(popular, 4000)).to.equal(0);
  });

  it('counts no hit for a deleted entry', () => {
    const { chooser, observe, hash } = chooserFor();

    for (const key of popular) {
      observe([key]);
      chooser.forget(hash(key));
    }

    expect(chooser.share).to.equal(1);
  });
});
