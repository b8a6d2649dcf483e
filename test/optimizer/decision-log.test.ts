import { expect } from 'chai';
import { DecisionLog } from '../../src/optimizer/decision-log.js';
import type { Decision, MadeDecision, MadeVerdict } from '../../src/optimizer/decision.js';
import * as catalogue from '../../src/telemetry/catalogue.js';
import { instrumentsOf } from '../../src/telemetry/instruments.js';
import { captureNotices } from '../fakes/captured-notices.js';
import { captureMetrics, seriesOf } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';

const DECISION: Decision = {
  action: 'memory_governor',
  resource: 'memory',
  target: 'shared',
  outcome: 'applied',
  reason: 'heap',
  explanation: 'the heap is full',
  numbers: { heapShare: 0.8 },
};
const WHERE = { 'perf.optimizer.action': 'memory_governor', 'perf.optimizer.target': 'shared' };

describe('DecisionLog', () => {
  it('gives each decision an id of its own and the time', () => {
    const { log, clock } = logging();

    const made = [log.record(DECISION), log.record(DECISION)];

    expect(new Set(made.map(({ id }) => id)).size).to.equal(2);
    expect(made[0]).to.deep.equal({ ...DECISION, id: made[0]!.id, time: clock.wallNow() / 1000 });
    expect(log.decisions).to.deep.equal(made);
  });

  it('counts for ever and keeps the last 200', () => {
    const { log } = logging();

    for (let i = 0; i < 250; i++) log.record(DECISION);

    expect(log.decisions).to.have.length(200);
    expect(log.counts).to.deep.equal({ applied: 250, advised: 0, held: 0, rolled_back: 0 });
  });

  it('counts by action, target, outcome and reason, and shows settings and effects', async () => {
    const { log, telemetry } = logging();
    const { id } = log.record(DECISION);
    log.set('memory_governor', 'shared', 1000);
    log.predict('memory_governor', 'shared', 0.02);
    log.judge(
      { id, action: 'memory_governor', resource: 'memory', target: 'shared' },
      { kind: 'worse', explanation: '', improvementPercent: -5, improvementInterval: [-6, -4] },
    );

    const collected = await telemetry.collect();

    expect(seriesOf(collected, catalogue.optimizerDecisions.name)).to.deep.equal([
      {
        attributes: { ...WHERE, 'perf.optimizer.outcome': 'applied', 'perf.optimizer.reason': 'heap' },
        value: 1,
      },
    ]);
    expect(seriesOf(collected, catalogue.optimizerVerdicts.name)).to.deep.equal([
      { attributes: { ...WHERE, 'perf.optimizer.verdict': 'worse' }, value: 1 },
    ]);
    expect(seriesOf(collected, catalogue.optimizerSetting.name)).to.deep.equal([
      { attributes: WHERE, value: 1000 },
    ]);
    expect(seriesOf(collected, catalogue.optimizerEffect.name)).to.deep.equal([
      { attributes: { ...WHERE, 'perf.optimizer.effect.kind': 'predicted' }, value: 0.02 },
      { attributes: { ...WHERE, 'perf.optimizer.effect.kind': 'measured' }, value: 0.05 },
    ]);
  });

  it('tells who listens, until he does not any more', () => {
    const { log } = logging();
    const heard: (MadeDecision | MadeVerdict)[] = [];
    const stop = log.listen({
      onDecision: (decision) => heard.push(decision),
      onVerdict: (verdict) => heard.push(verdict),
    });

    const made = log.record(DECISION);
    log.judge({ ...made }, { kind: 'not measured', explanation: 'too early' });
    stop();
    log.record(DECISION);

    expect(heard).to.have.length(2);
    expect(heard.map(({ id }) => id)).to.deep.equal([made.id, made.id]);
  });

  it('is not disturbed by a listener that fails, and says so once', () => {
    const notices = captureNotices();
    const { log } = logging();
    let isHeard = false;
    log.listen({
      onDecision() {
        throw new Error('full');
      },
    });
    log.listen({ onDecision: () => (isHeard = true) });

    log.record(DECISION);
    log.record(DECISION);

    expect(isHeard).to.equal(true);
    expect(notices.said).to.deep.equal(['a listener of the optimizer failed: Error: full']);
    notices.release();
  });
});

function logging() {
  const clock = new FakeClock();
  const telemetry = captureMetrics();
  return { log: new DecisionLog(instrumentsOf(telemetry.provider), clock), clock, telemetry };
}
