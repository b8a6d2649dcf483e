import { expect } from 'chai';
import { History, summarize } from '../../src/monitor/history.js';
import { operationMetrics } from '../../src/monitor/summary.js';

describe('operationMetrics', () => {
  it('tells how often, how long and how often in vain', () => {
    const history = new History(10, 0);
    for (const seconds of [0.5, 0.5, 0.5, 2.5]) history.record(seconds);
    history.recordError(1);

    const metrics = operationMetrics(summarize(history.since(-Infinity, 1000))!, 5);

    expect(metrics).to.deep.include({
      count: 5,
      errors: 1,
      rate: 5,
      avgDuration: 1,
      minDuration: 0.5,
      maxDuration: 2.5,
      p95: 2.5,
      p99: 2.5,
    });
    expect(metrics.p50).to.be.closeTo(0.5, 0.008);
  });
});
