import { expect } from 'chai';
import { govern, type BudgetChange, type GovernorSignal } from '../../../src/optimizer/memory/govern.js';
import type { MemoryPressure } from '../../../src/optimizer/memory/memory-readings.js';

const MB = 1024 * 1024;

/** A heap of 100 MB, half full, whose caches hold the 40 MB they may. */
const SIGNAL: GovernorSignal = {
  target: 'shared',
  bytes: 40 * MB,
  maxBytes: 40 * MB,
  minBytes: 2 * MB,
  wantedBytes: 40 * MB,
  allBytes: 40 * MB,
  pressures: [heap(50)],
  alarmBytes: undefined,
  stallShare: undefined,
  gcShare: undefined,
  isFresh: true,
  highWater: 0.72,
};

interface Case {
  readonly when: string;
  readonly signal: Partial<GovernorSignal>;
  readonly reason: string;
  readonly change?: readonly [kind: BudgetChange['kind'], fromMb: number, toMb: number];
}

describe('govern', () => {
  const cases: readonly Case[] = [
    { when: 'memory is not measured', signal: { pressures: [] }, reason: 'not_measured' },
    { when: 'there is room and the budget has all it wants', signal: {}, reason: 'within_limits' },
    { when: 'the heap is just at the mark', signal: { pressures: [heap(72)] }, reason: 'within_limits' },
    {
      when: 'the heap is above the mark: by what it takes to come 7 points below it',
      signal: { pressures: [heap(75)] },
      reason: 'heap',
      change: ['shrink', 40, 30],
    },
    {
      when: 'the heap is far above the mark: by half at most',
      signal: { pressures: [heap(99)] },
      reason: 'heap',
      change: ['shrink', 40, 20],
    },
    {
      when: 'the caches hold less than they may: of what they hold',
      signal: { pressures: [heap(75)], bytes: 24 * MB, allBytes: 24 * MB },
      reason: 'heap',
      change: ['shrink', 40, 14],
    },
    {
      when: 'several budgets share the duty: by its part',
      signal: { pressures: [heap(75)], bytes: 20 * MB, allBytes: 40 * MB },
      reason: 'heap',
      change: ['shrink', 40, 15],
    },
    {
      when: 'it would fall below its minimum',
      signal: { pressures: [heap(99)], minBytes: 35 * MB },
      reason: 'heap',
      change: ['shrink', 40, 35],
    },
    {
      when: 'it is at its minimum already',
      signal: { pressures: [heap(99)], minBytes: 40 * MB },
      reason: 'at_minimum',
    },
    {
      when: 'nothing is known yet of what the last change did',
      signal: { pressures: [heap(99)], isFresh: false },
      reason: 'heap',
    },
    {
      when: 'the caches hold next to nothing',
      signal: { pressures: [heap(95)], bytes: 4 * MB, allBytes: 4 * MB },
      reason: 'lean_caches',
    },
    {
      when: 'nearly all of the heap is in use, though its live set was small',
      signal: { pressures: [heap(40)], alarmBytes: 95 * MB },
      reason: 'heap',
      change: ['shrink', 40, 20],
    },
    {
      when: 'the container is fuller than the heap, but not at its mark',
      signal: { pressures: [container(85), heap(50)] },
      reason: 'within_limits',
    },
    {
      when: 'the container is at its mark',
      signal: { pressures: [container(95), heap(50)] },
      reason: 'container',
      change: ['shrink', 40, 28],
    },
    {
      when: 'the heap is above its mark, though the container is fuller',
      signal: { pressures: [container(85), heap(75)] },
      reason: 'heap',
      change: ['shrink', 40, 30],
    },
    {
      when: 'collections take more than 5 % of the time',
      signal: { pressures: [heap(60)], gcShare: 0.06 },
      reason: 'gc',
      change: ['trim', 40, 36],
    },
    {
      when: 'collections are frequent, but not for a full heap',
      signal: { pressures: [heap(40)], gcShare: 0.2 },
      reason: 'within_limits',
    },
    {
      when: 'collections take long, and the caches hold next to nothing',
      signal: { pressures: [heap(60)], gcShare: 0.2, bytes: MB, allBytes: MB },
      reason: 'lean_caches',
    },
    {
      when: 'the container waits for memory',
      signal: { stallShare: 0.2 },
      reason: 'stall',
      change: ['trim', 40, 36],
    },
    {
      when: 'there is room, the caches are full and want more',
      signal: { wantedBytes: 80 * MB },
      reason: 'room',
      change: ['grow', 40, 44],
    },
    {
      when: 'it wants only a little more',
      signal: { wantedBytes: 41 * MB },
      reason: 'room',
      change: ['grow', 40, 41],
    },
    {
      when: 'it wants more but does not fill what it has',
      signal: { wantedBytes: 80 * MB, bytes: 30 * MB, allBytes: 30 * MB },
      reason: 'within_limits',
    },
    {
      when: 'it is within 17 points of the mark',
      signal: { wantedBytes: 80 * MB, pressures: [heap(56)] },
      reason: 'within_limits',
    },
    {
      when: 'the heap has room but the container has not',
      signal: { wantedBytes: 80 * MB, pressures: [container(80), heap(30)] },
      reason: 'within_limits',
    },
  ];
  for (const { when, signal, reason, change } of cases) {
    const what = change === undefined ? 'holds' : `${change[0]}s`;
    it(`${what} (${reason}) when ${when}`, () => {
      const proposal = govern({ ...SIGNAL, ...signal });

      const [kind, from, to] = change ?? [];
      expect(proposal.reason).to.equal(reason);
      expect(proposal.change?.kind).to.equal(kind);
      expect(mb(proposal.change?.fromBytes)).to.equal(from);
      expect(mb(proposal.change?.toBytes)).to.equal(to);
    });
  }

  it('moves nothing between growing and shrinking: 17 points', () => {
    for (let share = 55; share <= 72; share++) {
      const { change } = govern({ ...SIGNAL, wantedBytes: 80 * MB, pressures: [heap(share)] });

      expect(change, `${share} %`).to.equal(undefined);
    }
  });

  it('never waits with a shrink, always with the rest', () => {
    const proposals = [
      { pressures: [heap(75)] },
      { pressures: [heap(60)], gcShare: 0.06 },
      { wantedBytes: 80 * MB },
    ].map((signal) => govern({ ...SIGNAL, ...signal }));

    expect(proposals.map(({ isUrgent }) => isUrgent)).to.deep.equal([true, false, false]);
  });

  it('suspects a leak where the caches are lean, and says where to look', () => {
    const { recommendation, explanation } = govern({
      ...SIGNAL,
      pressures: [heap(95)],
      bytes: 4 * MB,
      allBytes: 4 * MB,
    });

    expect(recommendation).to.match(/leak.*heap/);
    expect(explanation).to.include('4.0 MB');
  });

  it('explains with numbers', () => {
    const { explanation, numbers } = govern({ ...SIGNAL, pressures: [heap(75)], gcShare: 0.01 });

    expect(explanation).to.equal(
      'the live heap at 75.0 % of 100 MB is above 72.0 %: from 40 MB (40 MB in use) to 30 MB',
    );
    expect(numbers).to.deep.equal({
      bytes: 40 * MB,
      maxBytes: 40 * MB,
      heapShare: 0.75,
      gcShare: 0.01,
      toBytes: 30 * MB,
    });
  });
});

/** Megabytes of 100. */
function heap(used: number): MemoryPressure {
  return { source: 'heap', usedBytes: used * MB, limitBytes: 100 * MB, share: used / 100 };
}

function container(used: number): MemoryPressure {
  return { ...heap(used), source: 'container' };
}

function mb(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.round(bytes / MB);
}
