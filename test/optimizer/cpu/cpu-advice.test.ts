import { expect } from 'chai';
import { adviseCpu } from '../../../src/optimizer/cpu/cpu-advice.js';
import { NOTHING_OBSERVED, type Observation } from '../../../src/optimizer/observation.js';

describe('adviseCpu', () => {
  const operations = [
    { name: 'render', calls: 10, errors: 0, seconds: 9 },
    { name: 'lookup', calls: 99, errors: 0, seconds: 1 },
  ];
  const cases: readonly {
    readonly when: string;
    readonly observed: Partial<Observation>;
    readonly threshold?: number;
    readonly reason: string;
    readonly recommendation?: string;
  }[] = [
    { when: 'nobody measures', observed: { operations }, threshold: 0, reason: 'not_measured' },
    { when: 'there is room', observed: { cpuShare: 0.5 }, reason: 'within_limits' },
    {
      when: 'the event loop is busy',
      observed: { eventLoopUtilization: 0.9, operations },
      reason: 'loop',
      recommendation: 'Move computation to worker threads or cache its results; "render" takes the most time',
    },
    {
      when: 'the event loop is busy with nothing that is timed',
      observed: { eventLoopUtilization: 0.8 },
      reason: 'loop',
      recommendation: 'Move computation to worker threads or cache its results',
    },
    {
      when: 'others use the machine',
      observed: { cpuShare: 0.9, eventLoopUtilization: 0.1 },
      reason: 'cpu',
      recommendation: 'Run fewer processes on this machine or give it more cores',
    },
    {
      when: 'the threshold is lower',
      observed: { processCpuShare: 0.5 },
      threshold: 0.5,
      reason: 'cpu',
      recommendation: 'Run fewer processes on this machine or give it more cores',
    },
  ];
  for (const { when, observed, threshold = 0.8, reason, recommendation } of cases) {
    it(`is "${reason}" when ${when}`, () => {
      const proposal = adviseCpu({ observation: { ...NOTHING_OBSERVED, ...observed }, threshold });

      expect(proposal).to.include({ target: 'process', reason });
      expect(proposal.recommendation).to.equal(recommendation);
    });
  }

  it('explains with numbers', () => {
    const observation = { ...NOTHING_OBSERVED, cpuShare: 0.5, eventLoopUtilization: 0.25 };

    const { explanation, numbers } = adviseCpu({ observation, threshold: 0.8 });

    expect(explanation).to.equal('CPU pressure 50.0 % (event loop 25.0 % busy) is under 80.0 %');
    expect(numbers).to.deep.equal({ cpuShare: 0.5, eventLoopUtilization: 0.25 });
  });
});
