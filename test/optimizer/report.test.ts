import { expect } from 'chai';
import type { MadeDecision } from '../../src/optimizer/decide.js';
import { observationFrom } from '../../src/optimizer/observation.js';
import { reportFrom, statusFrom } from '../../src/optimizer/report.js';

const NOTHING = observationFrom({ seconds: 60, readings: [] });

describe('statusFrom', () => {
  it('gives percentages of what is measured', () => {
    const observation = {
      ...NOTHING,
      memoryShare: 0.5,
      heapShare: 0.25,
      cpuShare: 0.75,
      processCpuShare: 0.5,
      eventLoopUtilization: 0.125,
    };

    expect(statusFrom(observation, true)).to.deep.equal({
      memory: { usagePercent: 50, machinePercent: 50, heapPercent: 25 },
      cpu: { usagePercent: 75, machinePercent: 75, processPercent: 50, eventLoopPercent: 12.5 },
      caches: [],
      autoOptimizationActive: true,
    });
  });

  it('leaves out what nobody measures', () => {
    expect(statusFrom(NOTHING, false)).to.deep.equal({
      memory: { usagePercent: 0 },
      cpu: { usagePercent: 0 },
      caches: [],
      autoOptimizationActive: false,
    });
  });
});

describe('reportFrom', () => {
  const counts = { hold: 7, advise: 2, act: 1 };

  it('counts decisions, those that changed something as optimizations, and claims no improvement', () => {
    const report = reportFrom(Date.UTC(2026, 0, 1), [], counts, [made('hold')]);

    expect(report).to.deep.equal({
      generatedAt: '2026-01-01T00:00:00.000Z',
      optimizationSummary: { totalOptimizations: 1, decisions: counts },
      recommendations: [],
      recentDecisions: [made('hold')],
      caches: [],
    });
  });

  it('lists each recommendation once', () => {
    const decisions = [
      made('advise', 'add cores'),
      made('hold'),
      made('advise', 'add cores'),
      made('advise', 'add memory'),
    ];

    const { recommendations } = reportFrom(0, [], counts, decisions);

    expect(recommendations).to.deep.equal(['add cores', 'add memory']);
  });

  it('tells the latest twenty decisions, the newest last', () => {
    const decisions = Array.from({ length: 50 }, (_, time) => ({ ...made('hold'), time }));

    const { recentDecisions } = reportFrom(0, [], counts, decisions);

    expect(recentDecisions.map(({ time }) => time)).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => 30 + i),
    );
  });

  it('does not change afterwards', () => {
    const growing = { ...counts };
    const report = reportFrom(0, [], growing, []);

    growing.act += 1;

    expect(report.optimizationSummary.decisions.act).to.equal(1);
  });
});

function made(decision: MadeDecision['decision'], recommendation?: string): MadeDecision {
  return {
    time: 0,
    resource: 'cpu',
    decision,
    reason: 'for a reason',
    ...(recommendation === undefined ? {} : { recommendation }),
  };
}
