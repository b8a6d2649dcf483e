import { expect } from 'chai';
import { adviseGc, gcSignalOf, type GcSignal } from '../../../src/optimizer/cpu/gc-advice.js';
import { NOTHING_OBSERVED } from '../../../src/optimizer/observation.js';

const MB = 1024 * 1024;
const busy: GcSignal = {
  gcShare: 0.27,
  minorShare: 0.9,
  semiSpaceBytes: 16 * MB,
  residentBytes: 300 * MB,
  memoryLimitBytes: 1024 * MB,
};

describe('adviseGc', () => {
  it('doubles the semi-space of a process that spends its time on new objects', () => {
    const proposal = adviseGc(busy);

    expect(proposal.reason).to.equal('gc');
    expect(proposal.recommendation).to.equal(
      'Start Node with NODE_OPTIONS=--max-semi-space-size=32 instead of 16, which takes up to 48 MB of memory: ' +
        'collections take 27.0 % of the time, 90.0 % of that for new objects',
    );
  });

  for (const [title, change, reason] of [
    ['collections cost little', { gcShare: 0.1 }, 'within_limits'],
    ['it is the old objects that cost', { minorShare: 0.4 }, 'within_limits'],
    ['more would give nothing', { semiSpaceBytes: 64 * MB }, 'balanced'],
    ['nothing is known of the space yet', { semiSpaceBytes: 0 }, 'balanced'],
    ['there is no memory for it', { residentBytes: 980 * MB }, 'container'],
  ] as const) {
    it(`recommends nothing when ${title}`, () => {
      const proposal = adviseGc({ ...busy, ...change });

      expect(proposal.reason).to.equal(reason);
      expect(proposal.recommendation).to.equal(undefined);
    });
  }

  it('says so when nobody measures', () => {
    expect(adviseGc(undefined)).to.include({ reason: 'not_measured' });
  });
});

describe('gcSignalOf', () => {
  const observation = {
    ...NOTHING_OBSERVED,
    seconds: 10,
    memory: { ...NOTHING_OBSERVED.memory, machineBytes: 1024 * MB },
    runtime: {
      collectionSeconds: 2.7,
      minorSeconds: 2.43,
      newSpaceBytes: 32 * MB,
      residentBytes: 300 * MB,
    },
  };

  it('takes the shares of an interval, and half of the space as the semi-space', () => {
    expect(gcSignalOf(observation)).to.deep.equal(busy);
  });

  it('takes the limit of the container where there is one', () => {
    const memory = { ...observation.memory, containerLimitBytes: 400 * MB };

    expect(gcSignalOf({ ...observation, memory })).to.include({ memoryLimitBytes: 400 * MB });
  });

  it('knows nothing where nobody measures, and divides by nothing', () => {
    expect(gcSignalOf(NOTHING_OBSERVED)).to.equal(undefined);
    const quiet = { ...observation.runtime, collectionSeconds: 0, minorSeconds: 0 };
    expect(gcSignalOf({ ...observation, seconds: 0, runtime: quiet })).to.include({
      gcShare: 0,
      minorShare: 0,
    });
  });
});
