import { expect } from 'chai';
import { RecentDecisions } from '../../src/live/recent-decisions.js';
import type { MadeDecision } from '../../src/optimizer/decision.js';

let made = 0;

function decision(changes: Partial<MadeDecision> = {}): MadeDecision {
  made += 1;
  return {
    id: `d-${made}`,
    time: made,
    action: 'cache_budget',
    resource: 'memory',
    target: 'shop',
    outcome: 'applied',
    reason: 'pays',
    explanation: 'it pays',
    numbers: { lookups: 7 },
    ...changes,
  };
}

describe('RecentDecisions', () => {
  it('keeps what changed something, the newest first, and 20 of them', () => {
    const recent = new RecentDecisions();
    const all = Array.from({ length: 25 }, () => decision());
    for (const each of all) recent.onDecision(each);

    expect(recent.changing.map(({ id }) => id)).to.deep.equal(
      all
        .slice(-20)
        .toReversed()
        .map(({ id }) => id),
    );
    expect(recent.changing[0]).to.have.all.keys(
      'id',
      'time',
      'action',
      'target',
      'outcome',
      'reason',
      'explanation',
      'times',
    );
  });

  it('lets nothing be pushed out by decisions to leave things alone', () => {
    const recent = new RecentDecisions();
    recent.onDecision(decision({ reason: 'pays' }));
    for (let i = 0; i < 100; i++)
      recent.onDecision(decision({ action: 'cleanup', outcome: 'held', reason: 'within_limits' }));

    expect(recent.changing).to.have.length(1);
    expect(recent.held).to.have.length(1);
    expect(recent.held[0]).to.include({ action: 'cleanup', times: 100 });
  });

  it('forgets why something was left alone when it is changed, and the oldest of many', () => {
    const recent = new RecentDecisions();
    for (let i = 0; i < 60; i++) recent.onDecision(decision({ target: `t${i}`, outcome: 'held' }));
    recent.onDecision(decision({ target: 't59' }));

    expect(recent.held).to.have.length(49);
    expect(recent.held[0]).to.include({ target: 't58' });
  });

  it('says repeated advice once, where it was said first', () => {
    const recent = new RecentDecisions();
    const advice = { action: 'gc_advice', outcome: 'advised', reason: 'gc', recommendation: 'do' } as const;
    const first = decision(advice);
    const between = decision({ action: 'cpu_advice', outcome: 'advised', reason: 'loop' });
    for (const each of [first, between, decision({ ...advice, explanation: 'still' })])
      recent.onDecision(each);

    expect(recent.changing.map(({ id, time, times }) => ({ id, time, times }))).to.deep.equal([
      { id: between.id, time: between.time, times: 1 },
      { id: first.id, time: first.time, times: 2 },
    ]);
    expect(recent.changing[1]).to.include({ explanation: 'still' });
  });

  it('adds the verdict to its decision', () => {
    const recent = new RecentDecisions();
    const changed = decision();
    recent.onDecision(changed);
    const { id, action, resource, target } = changed;
    const verdict = {
      kind: 'improved',
      explanation: 'better',
      improvementPercent: 12,
      improvementInterval: [8, 15],
      time: 99,
    } as const;
    recent.onVerdict({ id, action, resource, target, ...verdict });
    recent.onVerdict({ id: 'of long ago', action, resource, target, ...verdict });

    expect(recent.changing[0]?.verdict).to.deep.equal(verdict);
  });
});
