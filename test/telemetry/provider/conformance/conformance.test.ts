import { expect } from 'chai';
import { check } from './check.js';
import { compare } from './compare.js';
import { EXCEPTIONS } from './exceptions.js';
import type { InstrumentSpec, Program, Step } from './program.js';
import { shrink } from './shrink.js';

// npm run test:conformance compares thousands of programs.
describe('CellMeterProvider beside the provider of the SDK', function () {
  this.timeout(60_000);

  it('collects the same points for generated programs', async () => {
    const { failure, points } = await check(1, 150);

    expect(failure?.differences ?? [], JSON.stringify(failure?.program)).to.deep.equal([]);
    expect(points).to.be.above(4000);
  });

  describe('finds what differs', () => {
    it('where an exception is taken away', async () => {
      const { differences } = await compare(UNOBSERVED, []);

      expect(differences).to.have.length(1);
      expect(differences[0]).to.match(/^collection 1 of reader 0: only the SDK has .*"orders".* 5$/);
    });

    it('and excepts it otherwise', async () => {
      const { differences, excepted } = await compare(UNOBSERVED);

      expect(differences).to.deep.equal([]);
      expect([...excepted.keys()]).to.deep.equal(['what is not observed any more']);
    });

    it('and makes the program smaller', async () => {
      const noise: Step[] = Array.from({ length: 10 }, () => record(1));
      const large = { ...UNOBSERVED, steps: [...noise, ...UNOBSERVED.steps, ...noise] };

      const small = await shrink(
        large,
        async (program) => (await compare(program, [])).differences.length > 0,
      );

      expect(small.steps).to.deep.equal(UNOBSERVED.steps);
      expect(small.instruments).to.have.length(1);
    });
  });

  it('cites the specification for each exception', () => {
    for (const { specification } of EXCEPTIONS) expect(specification).to.have.length.above(60);
  });
});

const observed: InstrumentSpec = {
  meter: 0,
  type: 'OBSERVABLE_COUNTER',
  name: 'orders',
  unit: '',
  description: '',
  isInteger: false,
  isBatch: false,
};

/** Observed once, then no more: the SDK goes on exporting it. */
const UNOBSERVED: Program = {
  meters: [{ name: 'meter' }],
  readers: [{ delta: [], aggregations: {} }],
  views: [],
  instruments: [observed, { ...observed, type: 'COUNTER', name: 'other' }],
  steps: [
    { do: 'observe', instrument: 0, observations: [[5, { a: 1 }]] },
    { do: 'collect', reader: 0 },
    { do: 'observe', instrument: 0, observations: [] },
    { do: 'collect', reader: 0 },
  ],
};

function record(value: number): Step {
  return { do: 'record', instrument: 1, value, attributes: {}, isOursOnly: false, isSpoilt: false };
}
