import { expect } from 'chai';
import type { MadeDecision, MadeVerdict } from '../../src/optimizer/decision.js';
import { loggedDecisions } from '../../src/optimizer/logged-decisions.js';
import { captureLogs, logs } from '../fakes/captured-logs.js';

const held: MadeDecision = {
  id: 'a-1',
  time: 1_800_000_000,
  action: 'memory_governor',
  resource: 'memory',
  target: 'default',
  outcome: 'held',
  reason: 'within_limits',
  explanation: 'the live heap is 40 % of its limit',
  numbers: { liveBytes: 100 },
};
const applied: MadeDecision = { ...held, id: 'a-2', outcome: 'applied' };
const verdict: MadeVerdict = {
  id: 'a-2',
  time: 1_800_000_060,
  action: 'memory_governor',
  resource: 'memory',
  target: 'default',
  kind: 'improved',
  explanation: 'misses cost 5 % less',
  improvementPercent: 5,
  improvementInterval: [2, 8],
};

describe('loggedDecisions', () => {
  let recordsOf: ReturnType<typeof captureLogs>;
  beforeEach(() => (recordsOf = captureLogs()));
  afterEach(() => logs.disable());

  it('logs a decision with its reason and its numbers', async () => {
    loggedDecisions().onDecision!(applied);
    const [record] = await recordsOf();
    expect(record!.eventName).to.equal('perf.optimizer.decision');
    expect(record!.body).to.equal('memory_governor of default: applied. the live heap is 40 % of its limit');
    expect(record!.attributes).to.deep.equal({
      'perf.optimizer.decision.id': 'a-2',
      'perf.optimizer.action': 'memory_governor',
      'perf.optimizer.target': 'default',
      'perf.optimizer.outcome': 'applied',
      'perf.optimizer.reason': 'within_limits',
      'perf.optimizer.number.liveBytes': 100,
    });
  });

  it('logs once that something is left alone, until something else was decided', async () => {
    const listener = loggedDecisions();
    for (const decision of [held, held, applied, held, { ...held, target: 'other' }])
      listener.onDecision!(decision);
    expect((await recordsOf()).map(({ attributes }) => attributes['perf.optimizer.outcome'])).to.deep.equal([
      'held',
      'applied',
      'held',
      'held',
    ]);
  });

  it('logs a verdict under the id of its decision, with the interval', async () => {
    loggedDecisions().onVerdict!(verdict);
    const [record] = await recordsOf();
    expect(record!.eventName).to.equal('perf.optimizer.verdict');
    expect(record!.attributes).to.include({
      'perf.optimizer.decision.id': 'a-2',
      'perf.optimizer.verdict': 'improved',
    });
    expect(record!.attributes['perf.optimizer.improvement_interval']).to.deep.equal([2, 8]);
  });
});
