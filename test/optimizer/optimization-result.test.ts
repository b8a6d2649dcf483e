import { expect } from 'chai';
import type { MadeDecision, MadeVerdict } from '../../src/optimizer/decision.js';
import { resultOf } from '../../src/optimizer/optimization-result.js';

const MB = 1024 * 1024;

describe('resultOf', () => {
  it('holds the decisions about one resource, and claims nothing that was not measured', () => {
    const decisions = [made('memory'), made('cpu', 'add cores'), made('cache')];

    const results = (['memory', 'cpu'] as const).map((resource) =>
      resultOf(resource, { decisions, verdicts: [] }),
    );

    expect(results).to.deep.equal([
      { optimizationType: 'memory', decisions: [decisions[0]], verdict: 'not measured', recommendations: [] },
      {
        optimizationType: 'cpu',
        decisions: [decisions[1]],
        verdict: 'not measured',
        recommendations: ['add cores'],
      },
    ]);
  });

  it('tells the verdict about an earlier change that has just become known, with its interval', () => {
    const verdict = { ...judged('cache'), improvementPercent: 5, improvementInterval: [3, 7] as const };

    const result = resultOf('cache', { decisions: [], verdicts: [judged('memory'), verdict] });

    expect(result).to.deep.include({
      verdict: 'improved',
      improvementPercent: 5,
      improvementInterval: [3, 7],
    });
    expect(result).to.not.have.property('improvement');
  });

  it('tells the memory a forced collection found free, and what that cost', () => {
    const forcedGc = { collections: 2, pauseSeconds: 0.15, freedBytes: 12 * MB };

    const result = resultOf('memory', { decisions: [], verdicts: [] }, forcedGc);

    expect(result).to.deep.include({ improvement: 12 * MB, forcedGc, verdict: 'not measured' });
    expect(result).to.not.have.property('improvementPercent');
    expect(result.recommendations).to.deep.equal([
      'Collecting garbage 2 times stopped the process for 150.0 ms and told that 12 MB were freed: not for every minute',
    ]);
  });

  it('tells why garbage could not be collected', () => {
    const forcedGc = { collections: 0, pauseSeconds: 0, problem: 'start Node with --expose-gc' };

    const result = resultOf('memory', { decisions: [], verdicts: [] }, forcedGc);

    expect(result.recommendations).to.deep.equal(['start Node with --expose-gc']);
    expect(result).to.not.have.property('improvement');
  });
});

function made(resource: MadeDecision['resource'], recommendation?: string): MadeDecision {
  return {
    id: 'a-1',
    time: 0,
    action: 'cpu_advice',
    resource,
    target: 'process',
    outcome: 'advised',
    reason: 'cpu',
    explanation: 'for a reason',
    numbers: {},
    ...(recommendation !== undefined && { recommendation }),
  };
}

function judged(resource: MadeVerdict['resource']): MadeVerdict {
  return {
    id: 'a-1',
    time: 0,
    action: 'cache_budget',
    resource,
    target: 'shared',
    kind: 'improved',
    explanation: '',
  };
}
