import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { Limiter, type LimiterOptions } from '../../src/async/limiter.js';
import { InvalidOptionError, InvalidUseError, RejectedError, TimeoutError } from '../../src/errors.js';
import { captureMetrics } from '../fakes/captured-telemetry.js';
import { turn } from '../fakes/cache-with.js';
import { FakeClock } from '../fakes/fake-clock.js';

function limiterWith(options: Partial<LimiterOptions> = {}) {
  const clock = new FakeClock();
  return { clock, limiter: new Limiter({ name: 'test', limit: 2, clock, ...options }) };
}

/** Work that ends when the test says so. */
function gate<T = void>() {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const closed = new Promise<T>((resolve, reject) => ([open, fail] = [resolve, reject]));
  return { closed, open, fail, work: () => closed };
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('Limiter', () => {
  it('hands on results and errors unchanged, of work of any kind', async () => {
    const { limiter } = limiterWith();
    const error = new RangeError('no');
    const failing = (): never => {
      throw error;
    };

    expect(await limiter.run(() => 1)).to.equal(1);
    expect(await limiter.run(async () => Promise.resolve(2))).to.equal(2);
    expect(
      await limiter.run(() => ({ then: (done: (value: number) => void) => done(3) }) as PromiseLike<number>),
    ).to.equal(3);
    expect(await errorOf(limiter.run(failing))).to.equal(error);
    expect(await errorOf(limiter.run(() => Promise.reject(error)))).to.equal(error);
    expect(limiter.stats().active).to.equal(0);
  });

  it('never runs more than its limit', async () => {
    const { limiter } = limiterWith({ limit: 3 });
    let [running, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, (running += 1));
      await turn();
      running -= 1;
    };

    await Promise.all(Array.from({ length: 50 }, () => limiter.run(work)));

    expect(most).to.equal(3);
  });

  it('keeps the place of work that outlives its timeout', async () => {
    const { limiter, clock } = limiterWith({ limit: 1 });
    const slow = gate();
    let signal: AbortSignal | undefined;
    const first = limiter.run(
      (context) => {
        ({ signal } = context);
        return slow.closed;
      },
      { timeout: 1 },
    );
    const second = limiter.run(() => 'second');
    clock.advance(1.1);

    const error = await errorOf(first);
    expect(error).to.be.instanceOf(TimeoutError);
    expect(signal!.reason).to.equal(error);
    const { active, queued, zombies } = limiter.stats();
    expect({ active, queued, zombies }).to.deep.equal({ active: 1, queued: 1, zombies: 1 });

    slow.open();
    expect(await second).to.equal('second');
    expect(limiter.stats().zombies).to.equal(0);
    expect(clock.timers, 'timers left behind').to.equal(0);
  });

  it('gives the place of lost work to others only when it is told to', async () => {
    const { limiter, clock } = limiterWith({ limit: 1 });
    const lost = gate();
    const first = errorOf(limiter.run(lost.work, { timeout: 1, abandonAfter: 5 }));
    const second = limiter.run(() => 'second');
    clock.advance(1.1);
    expect(await first).to.be.instanceOf(TimeoutError);
    clock.advance(5);

    expect(await second).to.equal('second');
    lost.open();
    await turn();
    const { active, zombies } = limiter.stats();
    expect({ active, zombies }).to.deep.equal({ active: 0, zombies: 0 });
  });

  it('tells work that is cancelled, and whoever waits for it at once', async () => {
    const { limiter } = limiterWith({ limit: 1 });
    const controller = new AbortController();
    const reason = new Error('enough');
    const ended: unknown[] = [];
    const running = limiter.run(
      ({ signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            ended.push(signal.reason);
            reject(signal.reason as Error);
          }),
        ),
      { signal: controller.signal },
    );
    const waiting = limiter.run(() => 'never', { signal: controller.signal });

    controller.abort(reason);

    expect([await errorOf(running), await errorOf(waiting)]).to.deep.equal([reason, reason]);
    expect(ended).to.deep.equal([reason]);
    await turn();
    expect(limiter.stats()).to.deep.include({ active: 0, queued: 0, zombies: 0 });
    expect(await errorOf(limiter.run(() => 'never', { signal: controller.signal }))).to.equal(reason);
    expect(getEventListeners(controller.signal, 'abort')).to.deep.equal([]);
  });

  it('leaves no listener on a signal that lives on', async () => {
    const { limiter } = limiterWith();
    const { signal } = new AbortController();

    await Promise.all(Array.from({ length: 100 }, () => limiter.run(() => turn(), { signal, timeout: 5 })));

    expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
  });

  it('refuses who waits for longer than a call says, or the limiter', async () => {
    const { limiter, clock } = limiterWith({ limit: 1, queueTimeout: 2 });
    const running = gate();
    const first = limiter.run(running.work);
    const hasty = errorOf(limiter.run(() => 1, { queueTimeout: '500ms' }));
    const patient = errorOf(limiter.run(() => 1));

    clock.advance(0.6);
    expect(await hasty)
      .to.be.instanceOf(RejectedError)
      .with.property('reason', 'waited_too_long');
    clock.advance(1.6);
    expect(await patient)
      .to.have.property('retryAfterMs')
      .above(0);
    running.open();
    await first;
    expect(clock.timers, 'timers left behind').to.equal(0);
  });

  it('drains: what was taken is done, nothing more is taken', async () => {
    const { limiter } = limiterWith({ limit: 1 });
    const first = gate();
    const results = [limiter.run(first.work), limiter.run(() => 'second')];
    const drained = limiter.drain();

    expect(await errorOf(limiter.run(() => 'late'))).to.have.property('reason', 'draining');
    first.open();
    await drained;
    expect(await results[1]).to.equal('second');
  });

  it('closes: those that wait are refused, what runs may end', async () => {
    const { limiter } = limiterWith({ limit: 1 });
    const first = gate<string>();
    const running = limiter.run(first.work);
    const waiting = errorOf(limiter.run(() => 'second'));
    const closed = limiter.close();

    expect(await waiting).to.have.property('reason', 'closed');
    first.open('done');
    await closed;
    expect(await running).to.equal('done');
  });

  it('refuses options that make no sense, in the caller', async () => {
    const { limiter } = limiterWith();
    for (const bad of [
      { limit: 0 },
      { limit: 1.5 },
      { limit: { min: 5, max: 2 } },
      { maxQueued: -1 },
      { name: '' },
    ])
      expect(() => limiterWith(bad), JSON.stringify(bad)).to.throw(InvalidOptionError);
    for (const bad of [{ priority: 101 }, { priority: 0.5 }, { timeout: 0 }, { prio: 1 }])
      expect(await errorOf(limiter.run(() => 1, bad)), JSON.stringify(bad)).to.be.instanceOf(
        InvalidOptionError,
      );
    expect(await errorOf(limiter.run('work' as never))).to.be.instanceOf(InvalidOptionError);
    expect(() => limiterWith({ limit: {} }).limiter.setLimit(3)).to.throw(InvalidUseError);
  });

  it('reports what runs, waits, was refused, and how long it took', async () => {
    const { provider, collect } = captureMetrics();
    const { limiter, clock } = limiterWith({ limit: 1, maxQueued: 1, name: 'mail', meterProvider: provider });
    const first = gate();
    const calls = [
      limiter.run(first.work),
      limiter.run(() => Promise.reject(new Error('no'))),
      limiter.run(() => 1),
    ];
    const settled = Promise.allSettled(calls);
    clock.advance(2);

    const during = await collect();
    const valueOf = (name: string) => during.find((series) => series.name === name)?.value;
    expect(valueOf('perf.task.active')).to.equal(1);
    expect(valueOf('perf.task.queued')).to.equal(1);
    expect(valueOf('perf.task.limit')).to.equal(1);
    expect(valueOf('perf.task.queue.oldest_age')).to.equal(2);
    expect(valueOf('perf.task.rejected')).to.equal(1);
    first.open();
    await settled;

    const after = await collect();
    const outcomes = after
      .filter(({ name }) => name === 'perf.task.duration')
      .map(({ attributes }) => [attributes['perf.task.queue'], attributes['perf.task.outcome']]);
    expect(outcomes).to.have.deep.members([
      ['mail', 'succeeded'],
      ['mail', 'failed'],
    ]);
    expect(after.find(({ name }) => name === 'perf.task.time_in_queue')?.value).to.have.property('sum', 2);
  });
});
