import { expect } from 'chai';
import { LONGEST_TIMER_MS, systemClock } from '../src/clock.js';

describe('systemClock', () => {
  it('does not take a time that Node has no timer for as over', async () => {
    let fired = 0;
    const cancel = systemClock.after(LONGEST_TIMER_MS + 1000, () => (fired += 1));
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    cancel();

    expect(fired).to.equal(0);
  });
});
