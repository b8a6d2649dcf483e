import { expect } from 'chai';
import { setAlarm } from '../../src/async/alarm.js';
import { systemClock } from '../../src/clock.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { turnOfLoop } from '../fakes/turn-of-loop.js';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('setAlarm', () => {
  const set = (ms: number, act: () => void) => setAlarm(systemClock, systemClock.now(), ms, act);

  it('goes off after its time, those of one length in their order', async () => {
    const start = performance.now();
    const gone: string[] = [];

    await new Promise<void>((resolve) => {
      set(20, () => gone.push('first'));
      set(5, () => gone.push('short'));
      set(20, () => {
        gone.push('second');
        resolve();
      });
    });

    expect(gone).to.deep.equal(['short', 'first', 'second']);
    expect(performance.now() - start).to.be.at.least(19);
  });

  it('goes off for one that was set while the timer of an earlier one ran', async () => {
    const start = performance.now();
    set(40, () => {}).cancel();
    await new Promise((resolve) => setTimeout(resolve, 15));
    const setAt = performance.now();

    await new Promise<void>((resolve) => set(40, resolve));

    expect(performance.now() - setAt).to.be.at.least(38);
    expect(performance.now() - start).to.be.at.least(53);
  });

  it('does not go off when it is called off: the first, one in the middle, the last', async () => {
    const gone: number[] = [];
    const alarms = Array.from({ length: 5 }, (_, i) => set(6, () => gone.push(i)));

    for (const i of [0, 2, 4, 4]) alarms[i]!.cancel();
    await new Promise<void>((resolve) => set(8, resolve));

    expect(gone).to.deep.equal([1, 3]);
  });

  it('may call off and set others when it goes off', async () => {
    const gone: string[] = [];
    await new Promise<void>((resolve) => {
      const later = { cancel: () => {} };
      set(6, () => {
        gone.push('a');
        later.cancel();
        set(6, () => {
          gone.push('c');
          resolve();
        });
      });
      later.cancel = () => alarm.cancel();
      const alarm = set(6, () => gone.push('b'));
    });

    expect(gone).to.deep.equal(['a', 'c']);
  });

  it('keeps the process alive only while somebody waits', () => {
    const before = timers();

    const alarms = [set(60_000, () => {}), set(60_000, () => {}), set(61_000, () => {})];
    const during = timers() - before;
    for (const alarm of alarms) alarm.cancel();

    expect([during, timers() - before]).to.deep.equal([2, 0]);
  });

  it('has no line for each of very many lengths', async () => {
    await turnOfLoop();
    const before = timers();
    const gone = new Set<number>();
    const lengths = Array.from({ length: 200 }, (_, i) => 5 + i / 100);

    await Promise.all(
      lengths.map((ms) => new Promise<void>((resolve) => set(ms, () => resolve(void gone.add(ms))))),
    );

    await turnOfLoop();
    expect(gone.size).to.equal(200);
    expect(timers() - before).to.equal(0);
  });

  it('uses the timers of other clocks as they are', () => {
    const clock = new FakeClock();
    let calls = 0;
    setAlarm(clock, clock.now(), 1000, () => (calls += 1));
    const alarm = setAlarm(clock, clock.now(), 1000, () => (calls += 1));

    alarm.cancel();
    clock.advance(1);

    expect(calls).to.equal(1);
    expect(clock.timers).to.equal(0);
  });
});
