import { expect } from 'chai';
import { Admission } from '../../../src/cache/policy/admission.js';
import { FrequencySketch } from '../../../src/cache/policy/frequency-sketch.js';
import { makeKeyHash } from '../../../src/cache/policy/key-hash.js';
import { randomFrom } from '../../fakes/random.js';

/** A window for one entry of ten. The sketch is so large that nothing ages and hardly any counters are shared. */
function admissionWith({ chance = 0.9, maxBytes = Infinity } = {}) {
  const hash = makeKeyHash(randomFrom(1));
  const sketch = new FrequencySketch(10_000);
  const left: string[] = [];
  const admission = new Admission<string, true>(sketch, {
    max: 10,
    maxBytes,
    windowShare: 0.1,
    random: () => chance,
    onEvict: (key, _, reason) => left.push(`${key} ${reason}`),
  });
  const insert = (key: string, popularity: number, size = maxBytes === Infinity ? 0 : 1) => {
    for (let i = 0; i < popularity; i++) sketch.record(hash(key));
    admission.insert(key, true, size, hash(key));
  };
  const fill = (popularity: number, size?: number) => {
    for (let i = 0; i < 10; i++) insert(`resident${i}`, popularity, size);
  };
  return { admission, left, insert, fill };
}

describe('Admission', () => {
  it('lets the candidate in when it is asked for more often than the victim', () => {
    const { left, insert, fill } = admissionWith();
    fill(2);
    insert('popular', 3);
    left.length = 0;

    insert('next', 1);

    expect(left).to.deep.equal(['resident0 capacity']);
  });

  it('rejects a candidate that is asked for as often as the victim', () => {
    const { left, insert, fill } = admissionWith();
    fill(2);

    insert('first', 2);
    insert('next', 2);

    expect(left).to.deep.equal(['resident9 rejected', 'first rejected']);
  });

  it('protects an entry of the main region that was used again', () => {
    const { admission, left, insert, fill } = admissionWith();
    fill(1);
    admission.use(admission.entries.find('resident0')!);

    for (let i = 0; i < 5; i++) insert(`popular${i}`, 5);

    expect(left.filter((line) => line.endsWith('capacity'))).to.have.length(4);
    expect(admission.entries.find('resident0')).to.not.equal(undefined);
  });

  it('admits a popular candidate against the odds now and then, but nobody who is not popular', () => {
    const outcome = (chance: number, popularity: number) => {
      const { left, insert, fill } = admissionWith({ chance });
      fill(15);
      insert('hopeful', popularity);
      insert('next', 1);
      return left.at(-1);
    };

    expect(outcome(0.9, 8)).to.equal('hopeful rejected');
    expect(outcome(0, 8)).to.equal('resident1 capacity');
    expect(outcome(0, 3)).to.equal('hopeful rejected');
  });

  it('asks of a big candidate that it is worth all that would have to leave', () => {
    const outcome = (popularity: number) => {
      const { left, insert, fill } = admissionWith({ maxBytes: 100 });
      fill(2, 10);
      insert('big', popularity, 40);
      return left;
    };

    expect(outcome(7)).to.deep.equal(['big rejected']);
    expect(outcome(9)).to.deep.equal([0, 1, 2, 3].map((i) => `resident${i} capacity`));
  });

  it('is plain LRU with a window for everything', () => {
    const { admission, left, insert, fill } = admissionWith();
    admission.windowShare = 1;
    fill(15);
    admission.use(admission.entries.find('resident0')!);

    for (let i = 0; i < 3; i++) insert(`new${i}`, 1);

    expect(left).to.deep.equal([1, 2, 3].map((i) => `resident${i} capacity`));
  });
});
