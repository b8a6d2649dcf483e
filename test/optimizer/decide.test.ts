import { expect } from 'chai';
import { decide, decideCache, decideCpu, decideMemory, type Decision } from '../../src/optimizer/decide.js';
import type { CacheObservation, Observation } from '../../src/optimizer/observation.js';

const UNMEASURED: Observation = {
  seconds: 60,
  memoryShare: undefined,
  heapShare: undefined,
  cpuShare: undefined,
  processCpuShare: undefined,
  eventLoopUtilization: undefined,
  caches: [],
  operations: [],
};
const LIMITS = { memoryThreshold: 0.8, cpuThreshold: 0.8, canFreeMemory: false };
const CACHE: CacheObservation = {
  name: 'users',
  lookups: 1000,
  hits: 900,
  hitRatio: 0.9,
  evictions: 0,
  entries: 50,
  limit: 100,
  loadSeconds: 1,
};

interface Case {
  readonly when: string;
  readonly decision: Decision['decision'];
  readonly reason: string;
  readonly recommendation?: string | RegExp;
}

describe('decideMemory', () => {
  const cases: readonly (Case & { observed: Partial<Observation>; limits?: Partial<typeof LIMITS> })[] = [
    {
      when: 'nobody measures',
      observed: {},
      decision: 'hold',
      reason: 'memory is not measured: no resource tracker runs',
    },
    {
      when: 'nobody measures and any pressure would be too much',
      observed: {},
      limits: { memoryThreshold: 0, canFreeMemory: true },
      decision: 'hold',
      reason: 'memory is not measured: no resource tracker runs',
    },
    {
      when: 'there is room',
      observed: { memoryShare: 0.5, heapShare: 0.25 },
      decision: 'hold',
      reason: 'memory pressure 50.0 % (heap 25.0 % of its limit) is under 80.0 %',
    },
    {
      when: 'only the machine is measured and has room',
      observed: { memoryShare: 0.5 },
      decision: 'hold',
      reason: 'memory pressure 50.0 % (heap unknown of its limit) is under 80.0 %',
    },
    {
      when: 'the heap is full and cleanups are registered',
      observed: { memoryShare: 0.5, heapShare: 0.8 },
      limits: { canFreeMemory: true },
      decision: 'act',
      reason: 'memory pressure 80.0 % (heap 80.0 % of its limit) has reached 80.0 %',
    },
    {
      when: 'the heap is full and nothing can be freed',
      observed: { memoryShare: 0.5, heapShare: 0.9 },
      decision: 'advise',
      reason: 'memory pressure 90.0 % (heap 90.0 % of its limit) has reached 80.0 %',
      recommendation: /--max-old-space-size/,
    },
    {
      when: 'the machine is full for other reasons',
      observed: { memoryShare: 0.95, heapShare: 0.1 },
      decision: 'advise',
      reason: 'memory pressure 95.0 % (heap 10.0 % of its limit) has reached 80.0 %',
      recommendation: /outside this heap/,
    },
    {
      when: 'the threshold is lower',
      observed: { memoryShare: 0.5 },
      limits: { memoryThreshold: 0.5, canFreeMemory: true },
      decision: 'act',
      reason: 'memory pressure 50.0 % (heap unknown of its limit) has reached 50.0 %',
    },
  ];
  for (const { when, observed, limits, ...expected } of cases) {
    it(`decides to ${expected.decision} when ${when}`, () => {
      check(decideMemory({ ...UNMEASURED, ...observed }, { ...LIMITS, ...limits }), 'memory', expected);
    });
  }
});

describe('decideCpu', () => {
  const operations = [
    { name: 'render', calls: 10, errors: 0, seconds: 9 },
    { name: 'lookup', calls: 99, errors: 0, seconds: 1 },
  ];
  const cases: readonly (Case & { observed: Partial<Observation>; limits?: Partial<typeof LIMITS> })[] = [
    {
      when: 'nobody measures',
      observed: { operations },
      limits: { cpuThreshold: 0 },
      decision: 'hold',
      reason: 'CPU is not measured: no resource tracker runs',
    },
    {
      when: 'it is idle',
      observed: { cpuShare: 0.2, eventLoopUtilization: 0.1 },
      decision: 'hold',
      reason: 'CPU pressure 20.0 % (event loop 10.0 % busy) is under 80.0 %',
    },
    {
      when: 'the event loop is busy',
      observed: { cpuShare: 0.5, eventLoopUtilization: 0.9, operations },
      decision: 'advise',
      reason: 'CPU pressure 90.0 % (event loop 90.0 % busy) has reached 80.0 %',
      recommendation: 'Move computation to worker threads or cache its results; "render" takes the most time',
    },
    {
      when: 'the machine is busy for other reasons',
      observed: { cpuShare: 0.9, eventLoopUtilization: 0.1 },
      decision: 'advise',
      reason: 'CPU pressure 90.0 % (event loop 10.0 % busy) has reached 80.0 %',
      recommendation: 'Run fewer processes on this machine or give it more cores',
    },
    {
      when: 'the process is busy on all its cores',
      observed: { processCpuShare: 0.85 },
      decision: 'advise',
      reason: 'CPU pressure 85.0 % (event loop unknown busy) has reached 80.0 %',
      recommendation: /more cores/,
    },
  ];
  for (const { when, observed, limits, ...expected } of cases) {
    it(`decides to ${expected.decision} when ${when}`, () => {
      check(decideCpu({ ...UNMEASURED, ...observed }, { ...LIMITS, ...limits }), 'cpu', expected);
    });
  }
});

describe('decideCache', () => {
  const full = { hits: 500, hitRatio: 0.5, evictions: 300, entries: 95 };
  const cases: readonly (Case & { observed: Partial<CacheObservation> })[] = [
    {
      when: 'nobody asked it',
      observed: { ...full, lookups: 0, hits: 0, hitRatio: 0 },
      decision: 'hold',
      reason: 'cache "users" answered 0.0 % of 0 lookups: too few to judge (under 100)',
    },
    {
      when: 'few asked it',
      observed: { ...full, lookups: 99 },
      decision: 'hold',
      reason: 'cache "users" answered 50.0 % of 99 lookups: too few to judge (under 100)',
    },
    {
      when: 'it is full and misses',
      observed: full,
      decision: 'advise',
      reason: 'cache "users" answered 50.0 % of 1000 lookups while evicting 300 entries to make room',
      recommendation: 'Raise maxSize of cache "users" (now 100): it is full and misses',
    },
    {
      when: 'it is full and hits all the same',
      observed: { ...full, hitRatio: 0.8 },
      decision: 'hold',
      reason: 'cache "users" answered 80.0 % of 1000 lookups; nothing would help for certain',
    },
    {
      when: 'it misses now and then and has room',
      observed: { ...full, entries: 94 },
      decision: 'hold',
      reason: 'cache "users" answered 50.0 % of 1000 lookups; nothing would help for certain',
    },
    {
      when: 'it misses but evicts nothing',
      observed: { ...full, evictions: 0 },
      decision: 'hold',
      reason: 'cache "users" answered 50.0 % of 1000 lookups; nothing would help for certain',
    },
    {
      when: 'it hardly ever hits though it has room',
      observed: { hitRatio: 0.1 },
      decision: 'advise',
      reason: 'cache "users" answered 10.0 % of 1000 lookups though it has room',
      recommendation: /^Review keys and ttl of cache "users"/,
    },
  ];
  for (const { when, observed, ...expected } of cases) {
    it(`decides to ${expected.decision} when ${when}`, () => {
      check(decideCache({ ...CACHE, ...observed }), 'cache', expected);
    });
  }
});

describe('decide', () => {
  it('decides about memory, CPU and each cache, always', () => {
    const observation = { ...UNMEASURED, caches: [CACHE, { ...CACHE, name: 'orders' }] };

    const decisions = decide(observation, LIMITS);

    expect(decisions.map(({ resource, decision }) => `${decision} ${resource}`)).to.deep.equal([
      'hold memory',
      'hold cpu',
      'hold cache',
      'hold cache',
    ]);
    for (const { reason } of decisions) expect(reason.length).to.be.above(10);
  });

  it('decides the same about the same', () => {
    const observation = { ...UNMEASURED, memoryShare: 0.9, caches: [CACHE] };

    expect(decide(observation, LIMITS)).to.deep.equal(decide(observation, LIMITS));
  });
});

function check(
  made: Decision,
  resource: string,
  { decision, reason, recommendation }: Omit<Case, 'when'>,
): void {
  expect(made).to.deep.include({ resource, decision, reason });
  if (recommendation instanceof RegExp) expect(made.recommendation).to.match(recommendation);
  else expect(made.recommendation).to.equal(recommendation);
}
