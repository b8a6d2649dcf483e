import { expect } from 'chai';
import { adviseConcurrency, type ConcurrencySignal } from '../../../src/optimizer/cpu/concurrency-advice.js';

const crowded: ConcurrencySignal = {
  target: 'db',
  active: 10,
  queued: 12,
  limit: 10,
  oldestWait: 2.1,
  isAdaptive: false,
  cpuPressure: 0.3,
  threshold: 0.8,
};

describe('adviseConcurrency', () => {
  it('recommends more at the same time where calls wait and the CPU has room', () => {
    const proposal = adviseConcurrency(crowded);

    expect(proposal).to.include({ target: 'db', reason: 'queue_stands', setting: 10 });
    expect(proposal.recommendation).to.equal(
      'Raise the limit of "db" (now 10), or let it adapt: 10 of 10 run, 12 wait, the first for 2100.0 ms, ' +
        'and CPU pressure is 30.0 %',
    );
  });

  for (const [when, change, reason] of [
    ['nobody waits', { queued: 0, active: 3 }, 'within_limits'],
    ['the CPU is the bottleneck', { cpuPressure: 0.9 }, 'cpu'],
    ['it finds its limit itself', { isAdaptive: true }, 'steers_itself'],
  ] as const) {
    it(`leaves it alone when ${when}`, () => {
      const proposal = adviseConcurrency({ ...crowded, ...change });

      expect(proposal).to.include({ reason, setting: 10 });
      expect(proposal).to.not.have.any.keys('change', 'recommendation');
    });
  }
});
