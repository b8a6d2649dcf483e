import { expect } from 'chai';
import { gcAdvice, type GcObservation } from '../../../src/optimizer/cpu/gc-advice.js';

const MB = 1024 * 1024;
const busy: GcObservation = {
  gcShare: 0.27,
  minorShare: 0.9,
  semiSpaceBytes: 16 * MB,
  residentBytes: 300 * MB,
  memoryLimitBytes: 1024 * MB,
};

describe('gcAdvice', () => {
  it('doubles the semi-space of a process that spends its time on new objects', () => {
    const advice = gcAdvice(busy);
    expect(advice?.flag).to.equal('--max-semi-space-size=32');
    expect(advice?.reason).to.equal(
      'collections take 27 % of the time, 90 % of that to clear away new objects; ' +
        'a semi-space of 32 MiB instead of 16 takes up to 48 MiB of memory',
    );
  });

  for (const [title, change] of [
    ['collections cost little', { gcShare: 0.1 }],
    ['it is the old objects that cost', { minorShare: 0.4 }],
    ['more would give nothing', { semiSpaceBytes: 64 * MB }],
    ['there is no memory for it', { residentBytes: 980 * MB }],
    ['nothing is known of the space yet', { semiSpaceBytes: 0 }],
  ] as const) {
    it(`says nothing when ${title}`, () => {
      expect(gcAdvice({ ...busy, ...change })).to.equal(undefined);
    });
  }
});
