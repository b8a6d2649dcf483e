import { expect } from 'chai';
import { proposeCleanup, type CleanupSignal } from '../../../src/optimizer/memory/cleanup-action.js';
import type { MemoryPressure } from '../../../src/optimizer/memory/memory-readings.js';

const MB = 1024 * 1024;
const SIGNAL: CleanupSignal = {
  pressures: [pressure('heap', 0.85)],
  threshold: 0.8,
  registered: 0,
  hasBudgetLeft: false,
};

describe('proposeCleanup', () => {
  const cases: readonly {
    readonly when: string;
    readonly signal: Partial<CleanupSignal>;
    readonly reason: string;
    readonly runs?: true;
    readonly recommendation?: RegExp;
  }[] = [
    { when: 'nobody measures', signal: { pressures: [] }, reason: 'not_measured' },
    {
      when: 'pressure is under the threshold',
      signal: { pressures: [pressure('heap', 0.79)], registered: 1 },
      reason: 'within_limits',
    },
    { when: 'something is registered', signal: { registered: 2 }, reason: 'heap', runs: true },
    {
      when: 'a budget can still give up memory',
      signal: { registered: 2, hasBudgetLeft: true },
      reason: 'budget_first',
    },
    {
      when: 'the heap is full and nothing is registered',
      signal: {},
      reason: 'heap',
      recommendation: /CacheBudget/,
    },
    {
      when: 'the container is full',
      signal: { pressures: [pressure('container', 0.9)] },
      reason: 'container',
      recommendation: /limit of the container/,
    },
    {
      when: 'the machine is full for other reasons',
      signal: { pressures: [pressure('machine', 0.95), pressure('heap', 0.1)] },
      reason: 'machine',
      recommendation: /outside this heap/,
    },
    {
      when: 'the threshold is lower',
      signal: { pressures: [pressure('heap', 0.5)], threshold: 0.5, registered: 1 },
      reason: 'heap',
      runs: true,
    },
  ];
  for (const { when, signal, reason, runs, recommendation } of cases) {
    it(`${runs ? 'runs' : 'does not run'} cleanups when ${when}`, () => {
      const proposal = proposeCleanup({ ...SIGNAL, ...signal });

      expect(proposal.reason).to.equal(reason);
      expect(proposal.change !== undefined).to.equal(runs === true);
      if (recommendation === undefined) expect(proposal.recommendation).to.equal(undefined);
      else expect(proposal.recommendation).to.match(recommendation);
    });
  }

  it('explains with the resource that is closest to its limit', () => {
    const { explanation, numbers } = proposeCleanup({
      ...SIGNAL,
      pressures: [pressure('container', 0.9), pressure('heap', 0.85)],
    });

    expect(explanation).to.equal('the container at 90.0 % of 100 MB has reached 80.0 %');
    expect(numbers).to.deep.equal({ containerShare: 0.9, heapShare: 0.85 });
  });
});

function pressure(source: MemoryPressure['source'], share: number): MemoryPressure {
  return { source, usedBytes: share * 100 * MB, limitBytes: 100 * MB, share };
}
