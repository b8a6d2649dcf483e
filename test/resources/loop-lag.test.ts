import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { systemClock } from '../../src/clock.js';
import { LoopLag } from '../../src/resources/loop-lag.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('LoopLag', () => {
  it('is zero when everything is on time, without the period of its timer', () => {
    const { clock, lag, heard } = lagging();

    clock.advance(1);

    expect(heard).to.have.length(50);
    expect(Math.max(...heard)).to.equal(0);
    expect(lag.take()!.max).to.be.below(0.000_001);
    lag.close();
  });

  it('tells a stall as long as it was, and not for ever', () => {
    const { clock, lag, heard } = lagging();
    clock.advance(1);

    clock.stall(0.4);
    clock.advance(0.98);
    const { max, p99, mean } = lag.take()!;
    clock.advance(1);

    expect(max).to.be.closeTo(0.4, 0.001);
    expect(p99).to.be.below(0.001);
    expect(mean).to.be.closeTo(0.4 / 99, 0.001);
    expect(heard.filter((seconds) => seconds > 0)).to.deep.equal([0.4]);
    expect(lag.take()!.max).to.be.below(0.000_001);
    lag.close();
  });

  it('knows nothing before its timer ran, and leaves none behind', () => {
    const { clock, lag } = lagging();

    expect(lag.take()).to.equal(undefined);
    expect(clock.timers).to.equal(1);
    lag.close();
    expect(clock.timers).to.equal(0);
  });

  it('sees a real stall, however often it is asked in between', async () => {
    const heard: number[] = [];
    const lag = new LoopLag(systemClock, (seconds) => heard.push(seconds));
    const taken: number[] = [];
    const asking = setInterval(() => taken.push(lag.take()?.max ?? 0), 5);
    const passed = async (count: number) => {
      const from = heard.length;
      while (heard.length < from + count) await delay(1);
    };

    await passed(2);
    const end = performance.now() + 200;
    while (performance.now() < end);
    await passed(2);
    clearInterval(asking);
    taken.push(lag.take()?.max ?? 0);
    lag.close();

    expect(Math.max(...heard)).to.be.within(0.15, 2);
    expect(Math.max(...taken)).to.be.closeTo(Math.max(...heard), 0.01);
  });
});

class StallingClock extends FakeClock {
  #late = 0;

  override now(): number {
    return super.now() + this.#late;
  }

  /** The next timer runs so many seconds late; then the loop has caught up. */
  stall(seconds: number): void {
    this.#late += seconds * 1000;
    this.advance(0.02);
  }
}

function lagging() {
  const clock = new StallingClock();
  const heard: number[] = [];
  return { clock, heard, lag: new LoopLag(clock, (seconds) => heard.push(seconds)) };
}
