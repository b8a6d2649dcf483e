import { expect } from 'chai';
import type { MadeDecision, MadeVerdict } from '../../src/optimizer/decision.js';
import { NOTHING_OBSERVED } from '../../src/optimizer/observation.js';
import { reportFrom, statusFrom, type ReportSources } from '../../src/optimizer/report.js';

describe('statusFrom', () => {
  it('gives percentages of what is measured', () => {
    const observation = {
      ...NOTHING_OBSERVED,
      memory: {
        ...NOTHING_OBSERVED.memory,
        heapUsedBytes: 25,
        heapLimitBytes: 100,
        machineUsedBytes: 500,
        machineBytes: 1000,
      },
      cpuShare: 0.75,
      processCpuShare: 0.5,
      eventLoopUtilization: 0.125,
    };

    expect(statusFrom(observation, true, [])).to.deep.equal({
      memory: { usagePercent: 50, machinePercent: 50, heapPercent: 25 },
      cpu: { usagePercent: 75, machinePercent: 75, processPercent: 50, eventLoopPercent: 12.5 },
      caches: [],
      functions: [],
      autoOptimizationActive: true,
    });
  });

  it('leaves out what nobody measures', () => {
    expect(statusFrom(NOTHING_OBSERVED, false, [])).to.deep.equal({
      memory: { usagePercent: 0 },
      cpu: { usagePercent: 0 },
      caches: [],
      functions: [],
      autoOptimizationActive: false,
    });
  });
});

describe('reportFrom', () => {
  it('counts decisions, those that changed something as optimizations, and claims no improvement', () => {
    const counts = { held: 7, advised: 2, applied: 1, rolled_back: 0 };

    const report = reportFrom(sources({ log: { decisions: [made()], verdicts: [], counts } }));

    expect(report).to.deep.equal({
      generatedAt: '2026-01-01T00:00:00.000Z',
      optimizationSummary: { totalOptimizations: 1, decisions: counts },
      recommendations: [],
      recentDecisions: [made()],
      recentVerdicts: [],
      whatIf: [],
      caches: [],
      functions: [],
    });
  });

  it('recommends what the last pass did, each once, and what the curves say', () => {
    const latest = [made('add cores'), made(), made('add cores'), made('add memory')];
    const whatIf = [{ name: 'shared', maxBytes: 1, caches: [], total: [], advice: ['half would do'] }];

    const { recommendations } = reportFrom(sources({ latest, whatIf }));

    expect(recommendations).to.deep.equal(['add cores', 'add memory', 'half would do']);
  });

  it('tells the latest twenty decisions and verdicts, the newest last', () => {
    const decisions = Array.from({ length: 50 }, (_, time) => ({ ...made(), time }));
    const verdicts = decisions.map(({ time }) => ({ ...judged(), time }));

    const report = reportFrom(sources({ log: { ...NO_LOG, decisions, verdicts } }));

    const lastTwenty = Array.from({ length: 20 }, (_, i) => 30 + i);
    expect(report.recentDecisions.map(({ time }) => time)).to.deep.equal(lastTwenty);
    expect(report.recentVerdicts.map(({ time }) => time)).to.deep.equal(lastTwenty);
  });

  it('tells the mean share of memory freed with its interval, once three were measured', () => {
    const freed = [0.1, 0.2, 0.3].map((freedShare) => judged({ freedShare }));
    const [few, enough] = [freed.slice(0, 2), [...freed, judged()]].map(
      (verdicts) => reportFrom(sources({ log: { ...NO_LOG, verdicts } })).optimizationSummary,
    );

    expect(few).to.not.have.property('avgMemoryImprovementPercent');
    expect(enough?.avgMemoryImprovementPercent).to.be.closeTo(20, 1e-9);
    const [low, high] = enough!.avgMemoryImprovementInterval!;
    // 4.303 standard errors of 5.77 points.
    expect(low).to.be.closeTo(-4.8, 0.3);
    expect(high).to.be.closeTo(44.8, 0.3);
  });

  it('does not change afterwards', () => {
    const counts = { ...NO_LOG.counts };
    const report = reportFrom(sources({ log: { ...NO_LOG, counts } }));

    counts.applied += 1;

    expect(report.optimizationSummary.decisions.applied).to.equal(0);
  });
});

const NO_LOG = { decisions: [], verdicts: [], counts: { applied: 0, advised: 0, held: 0, rolled_back: 0 } };

function sources(given: Partial<ReportSources> = {}): ReportSources {
  const nothing = { latest: [], caches: [], whatIf: [], functions: [] };
  return { wallMs: Date.UTC(2026, 0, 1), log: NO_LOG, ...nothing, ...given };
}

function made(recommendation?: string): MadeDecision {
  return {
    id: 'a-1',
    time: 0,
    action: 'cpu_advice',
    resource: 'cpu',
    target: 'process',
    outcome: 'advised',
    reason: 'cpu',
    explanation: 'for a reason',
    numbers: {},
    ...(recommendation !== undefined && { recommendation }),
  };
}

function judged(more: Partial<MadeVerdict> = {}): MadeVerdict {
  return {
    id: 'a-1',
    time: 0,
    action: 'memory_governor',
    resource: 'memory',
    target: 'shared',
    kind: 'not measured',
    explanation: '',
    ...more,
  };
}
