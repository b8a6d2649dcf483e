import { expect } from 'chai';
import { CircuitBreaker } from '../../src/async/circuit-breaker.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('CircuitBreaker', () => {
  /** Windows without jitter: 1 s at first, 8 s at most. */
  function breakerWith(random = 0.5) {
    const clock = new FakeClock();
    const breaker = new CircuitBreaker({ firstWindow: 1, maxWindow: 8, random: () => random, clock });
    return { breaker, clock };
  }

  it('lets calls through until one fails', () => {
    const { breaker } = breakerWith();

    const before = breaker.tryEnter();
    breaker.failed();

    expect(before).to.equal(true);
    expect(breaker.tryEnter()).to.equal(false);
    expect(breaker.state).to.equal('open');
    expect(breaker.retryInMs).to.equal(1000);
  });

  it('lets one call try when the window is over', () => {
    const { breaker, clock } = breakerWith();
    breaker.failed();
    clock.advance(1);

    expect([breaker.tryEnter(), breaker.tryEnter()]).to.deep.equal([true, false]);
    expect(breaker.state).to.equal('half_open');
  });

  it('closes when the try succeeds', () => {
    const { breaker, clock } = breakerWith();
    breaker.failed();
    clock.advance(1);
    breaker.tryEnter();

    breaker.succeeded();

    expect([breaker.tryEnter(), breaker.tryEnter()]).to.deep.equal([true, true]);
  });

  it('waits twice as long after each try that fails, up to the limit', () => {
    const { breaker, clock } = breakerWith();
    breaker.failed();
    const windows = [breaker.retryInMs];

    for (let i = 0; i < 5; i++) {
      clock.advance(breaker.retryInMs / 1000);
      breaker.tryEnter();
      breaker.failed();
      windows.push(breaker.retryInMs);
    }

    expect(windows).to.deep.equal([1000, 2000, 4000, 8000, 8000, 8000]);
  });

  it('is not moved by calls that were under way when it opened', () => {
    const { breaker } = breakerWith();
    breaker.failed();

    breaker.failed();
    breaker.succeeded();

    expect([breaker.state, breaker.retryInMs]).to.deep.equal(['open', 1000]);
  });

  it('lets the next call try when the one that tried showed nothing', () => {
    const { breaker, clock } = breakerWith();
    breaker.failed();
    clock.advance(1);
    breaker.tryEnter();

    breaker.undecided();

    expect([breaker.state, breaker.tryEnter(), breaker.tryEnter()]).to.deep.equal(['open', true, false]);
  });

  it('waits longer each time when it fails again soon after it closed', () => {
    const { breaker, clock } = breakerWith();
    const windows: number[] = [];

    for (let i = 0; i < 3; i++) {
      breaker.failed();
      windows.push(breaker.retryInMs);
      clock.advance(breaker.retryInMs / 1000);
      breaker.tryEnter();
      breaker.succeeded();
    }
    clock.advance(8);
    breaker.failed();

    expect(windows).to.deep.equal([1000, 2000, 4000]);
    expect(breaker.retryInMs).to.equal(1000);
  });

  it('takes back what failed tries added, at a sign of life', () => {
    const { breaker, clock } = breakerWith();
    breaker.failed();
    clock.advance(1);
    breaker.tryEnter();
    breaker.failed();
    clock.advance(0.5);

    breaker.hasten();

    expect(breaker.retryInMs).to.equal(500);
  });

  it('spreads its windows', () => {
    const [soon, late] = [breakerWith(0).breaker, breakerWith(1).breaker];

    soon.failed();
    late.failed();

    expect([soon.retryInMs, late.retryInMs]).to.deep.equal([800, 1200]);
  });
});
