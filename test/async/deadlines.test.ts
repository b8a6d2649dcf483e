import { expect } from 'chai';
import { Deadlines } from '../../src/async/deadlines.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('Deadlines', () => {
  const expired = () => new Error('too late');

  function pending<T>() {
    let settle!: { resolve: (value: T) => void; reject: (error: Error) => void };
    const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
    return { promise, ...settle };
  }

  const turnOfEventLoop = () =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });

  it('hands on what comes in time, and leaves no timer behind', async () => {
    const clock = new FakeClock();

    const value = await new Deadlines(clock).within(Promise.resolve(7), { seconds: 1, expired });
    clock.advance(0.1);

    expect([value, clock.timers]).to.deep.equal([7, 0]);
  });

  it('hands on an error unchanged', async () => {
    const error = new Error('own');

    const thrown: unknown = await new Deadlines(new FakeClock())
      .within(Promise.reject(error), { seconds: 1, expired })
      .catch((caught: unknown) => caught);

    expect(thrown).to.equal(error);
  });

  it('rejects when time is up, and tells of what comes later', async () => {
    const clock = new FakeClock();
    const { promise, reject } = pending<number>();
    let lateness = 0;
    const limited = new Deadlines(clock).within(promise, {
      seconds: 1,
      expired,
      late: () => (lateness += 1),
    });

    clock.advance(1);
    const thrown = await limited.catch((error: Error) => error.message);
    reject(new Error('nobody cares'));
    await turnOfEventLoop();

    expect([thrown, lateness]).to.deep.equal(['too late', 1]);
  });

  it('takes an answer that arrived while this process was busy', async () => {
    const clock = new FakeClock();
    const { promise, resolve } = pending<string>();
    const limited = new Deadlines(clock).within(promise, { seconds: 1, expired });

    clock.advance(5);
    resolve('in the socket already');

    expect(await limited).to.equal('in the socket already');
  });

  it('ends all waits when told that nothing will come, but takes what has arrived', async () => {
    const [never, arrived] = [pending<number>(), pending<number>()];
    const deadlines = new Deadlines(new FakeClock());
    const waits = [never, arrived].map(({ promise }) => deadlines.within(promise, { seconds: 1, expired }));

    deadlines.expireAll();
    arrived.resolve(7);
    const [first, second] = await Promise.allSettled(waits);

    expect(first).to.deep.include({ status: 'rejected' });
    expect(second).to.deep.equal({ status: 'fulfilled', value: 7 });
  });
});
