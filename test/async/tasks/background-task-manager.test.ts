import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { BackgroundTaskManager } from '../../../src/async/tasks/background-task-manager.js';
import { InvalidOptionError, InvalidUseError, RejectedError, TimeoutError } from '../../../src/errors.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { errorOf, gate, tasksWith } from './tasks-with.js';

describe('BackgroundTaskManager', () => {
  it('runs what is submitted, and hands on its result', async () => {
    const { tasks } = tasksWith();

    const id = tasks.submit('sum', async () => Promise.resolve(2 + 3));
    const sum: number = await tasks.wait(id);

    expect(sum).to.equal(5);
    expect(tasks.getTaskStatus(id)).to.include({ id, name: 'sum', status: 'succeeded', attempts: 1 });
  });

  it('returns the id before the work begins', async () => {
    const { tasks } = tasksWith();
    const seen: string[] = [];

    const id = tasks.submit('self', () => void seen.push(id));

    expect(seen).to.deep.equal([]);
    expect(tasks.getTaskStatus(id)?.status).to.equal('queued');
    await tasks.wait(id);
    expect(seen).to.deep.equal([id]);
  });

  it('hands on errors unchanged, also to who asks after the fact, and more than once', async () => {
    const { tasks } = tasksWith();
    const error = new RangeError('no');
    const id = tasks.submit('fail', () => Promise.reject(error));

    const during = errorOf(tasks.wait(id));
    expect(await during).to.equal(error);
    expect(await errorOf(tasks.wait(id))).to.equal(error);
    expect(await errorOf(tasks.wait(id, { timeout: 1 }))).to.equal(error);
    expect(tasks.getTaskStatus(id)).to.include({ status: 'failed', error });
  });

  it('ends the waiting, not the task, when the wait is over', async () => {
    const { tasks, clock } = tasksWith();
    const slow = gate<string>();
    const id = tasks.submit('slow', slow.work);
    const controller = new AbortController();
    const hasty = errorOf(tasks.wait(id, { timeout: 2 }));
    const leaving = errorOf(tasks.wait(id, { signal: controller.signal }));
    await slow.begun;

    clock.advance(2.1);
    controller.abort(new Error('gone'));

    expect(await hasty)
      .to.be.instanceOf(TimeoutError)
      .with.property('message')
      .contains('task "slow"');
    expect(await leaving).to.have.property('message', 'gone');
    expect(tasks.getTaskStatus(id)?.status).to.equal('running');
    slow.open('done');
    expect(await tasks.wait(id)).to.equal('done');
    expect(getEventListeners(controller.signal, 'abort')).to.deep.equal([]);
  });

  it('cancels what waits at once, and never begins it', async () => {
    const { tasks } = tasksWith({ limit: 1 });
    const first = gate();
    tasks.submit('first', first.work);
    let hasBegun = false;
    const waiting = tasks.submit('second', () => void (hasBegun = true));
    const early = tasks.submit('third', () => void (hasBegun = true));
    const result = errorOf(tasks.wait(waiting));

    expect(tasks.cancel(waiting)).to.equal(true);
    expect(tasks.cancel(early, 'enough')).to.equal(true);

    expect(tasks.getTaskStatus(waiting)?.status).to.equal('cancelled');
    expect(await result).to.include({ name: 'AbortError' });
    expect(await errorOf(tasks.wait(early))).to.equal('enough');
    first.open();
    await turnOfLoop();
    expect(hasBegun).to.equal(false);
    expect(tasks.stats()).to.include({ active: 0, queued: 0 });
  });

  it('cancels what has its place but has not begun, and gives the place back', async () => {
    const { tasks } = tasksWith({ limit: 1 });
    let hasBegun = false;
    const id = tasks.submit('first', () => void (hasBegun = true));
    const next = tasks.submit('next', () => 'next');

    tasks.cancel(id);

    expect(tasks.getTaskStatus(id)?.status).to.equal('cancelled');
    expect(await tasks.wait(next)).to.equal('next');
    expect(hasBegun).to.equal(false);
    expect(tasks.stats()).to.include({ active: 0, zombies: 0 });
  });

  it('tells what runs to end, and keeps it as cancelling until it has', async () => {
    const { tasks } = tasksWith({ limit: 1 });
    const slow = gate();
    let signal: AbortSignal | undefined;
    const id = tasks.submit('slow', (context) => {
      ({ signal } = context);
      return slow.work();
    });
    const next = tasks.submit('next', () => 'next');
    const reason = new Error('enough');
    await slow.begun;
    const result = errorOf(tasks.wait(id));

    tasks.cancel(id, reason);

    expect(signal!.reason).to.equal(reason);
    expect(await result, 'whoever waits is told at once').to.equal(reason);
    expect(tasks.getTaskStatus(id)?.status).to.equal('cancelling');
    expect(tasks.cancel(id), 'a second time').to.equal(false);
    expect(tasks.stats()).to.include({ active: 1, queued: 1, zombies: 1 });

    slow.open();
    expect(await tasks.wait(next)).to.equal('next');
    expect(tasks.getTaskStatus(id)).to.include({ status: 'cancelled', error: reason });
    expect(await errorOf(tasks.wait(id))).to.equal(reason);
    expect(tasks.cancel(id)).to.equal(false);
  });

  it('is cancelled by the signal it was submitted with, and leaves no listener on it', async () => {
    const { tasks } = tasksWith();
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('enough');
    for (let i = 0; i < 10; i += 1) await tasks.wait(tasks.submit('quick', () => i, { signal }));
    expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
    const slow = gate();
    const running = tasks.submit('slow', slow.work, { signal });
    const delayed = tasks.submit('later', () => 1, { signal, delay: 5 });
    await slow.begun;

    controller.abort(reason);
    const late = tasks.submit('late', () => 1, { signal });

    for (const id of [running, delayed, late]) expect(await errorOf(tasks.wait(id))).to.equal(reason);
    expect([delayed, late].map((id) => tasks.getTaskStatus(id)?.status)).to.deep.equal([
      'cancelled',
      'cancelled',
    ]);
    slow.open();
    await turnOfLoop();
    expect(tasks.getTaskStatus(running)?.status).to.equal('cancelled');
  });

  it('gives up what runs for too long, and keeps its place until it has ended', async () => {
    const { tasks, clock } = tasksWith({ limit: 1 });
    const slow = gate();
    const id = tasks.submit('slow', slow.work, { timeout: 1 });
    const next = tasks.submit('next', () => 'next', { timeout: 1 });
    await slow.begun;

    clock.advance(1.1);

    expect(await errorOf(tasks.wait(id))).to.be.instanceOf(TimeoutError);
    expect(tasks.getTaskStatus(id)?.status).to.equal('timed_out');
    expect(tasks.stats()).to.include({ active: 1, zombies: 1 });
    slow.open();
    expect(await tasks.wait(next), 'waiting is no running').to.equal('next');
    expect(clock.timers, 'timers but the sweep left behind').to.equal(1);
  });

  it('does not begin what has waited for too long', async () => {
    const { tasks, clock } = tasksWith({ limit: 1, queueTimeout: 5 });
    const slow = gate();
    tasks.submit('slow', slow.work);
    const hasty = tasks.submit('hasty', () => 1, { queueTimeout: 1 });
    const patient = tasks.submit('patient', () => 1);

    clock.advance(1.1);
    expect(tasks.getTaskStatus(hasty)?.status).to.equal('expired');
    expect(tasks.getTaskStatus(patient)?.status).to.equal('queued');
    clock.advance(4.1);

    const error = await errorOf(tasks.wait(patient));
    expect(error).to.be.instanceOf(RejectedError).with.property('reason', 'waited_too_long');
    expect(tasks.stats().ended.expired).to.equal(2);
    slow.open();
  });

  it('refuses at once when too many wait, those that are delayed included', async () => {
    const { tasks } = tasksWith({ limit: 1, maxQueued: 2 });
    const slow = gate();
    tasks.submit('slow', slow.work);
    tasks.submit('waiting', () => 1);
    tasks.submit('delayed', () => 1, { delay: 60 });

    expect(() => tasks.submit('more', () => 1))
      .to.throw(RejectedError)
      .that.includes({ reason: 'queue_full' })
      .and.has.property('retryAfterMs')
      .above(0);
    expect(tasks.list({ name: 'more' })).to.deep.equal([]);
    slow.open();
  });

  it('begins after the delay, not before', async () => {
    const { tasks, clock } = tasksWith();
    const id = tasks.submit('later', () => 'done', { delay: '5s' });
    clock.advance(4.9);
    await turnOfLoop();
    expect(tasks.getTaskStatus(id)).to.include({ status: 'delayed', queuedFor: 0, duration: 0 });

    clock.advance(0.2);

    expect(await tasks.wait(id)).to.equal('done');
    expect(tasks.stats().delayed).to.equal(0);
  });

  it('tells waiting from running, on a clock that does not jump', async () => {
    const { tasks, clock } = tasksWith({ limit: 1 });
    const [first, second] = [gate(), gate()];
    tasks.submit('first', first.work);
    const id = tasks.submit('second', second.work);
    await first.begun;
    clock.advance(3);
    clock.jumpWall(-3600);
    expect(tasks.getTaskStatus(id)).to.include({ queuedFor: 3, duration: 0 });
    first.open();
    await second.begun;
    clock.advance(4);
    expect(tasks.getTaskStatus(id)).to.include({ queuedFor: 3, duration: 4 });
    second.open();
    await tasks.wait(id);
    clock.advance(5);

    expect(tasks.getTaskStatus(id)).to.include({ queuedFor: 3, duration: 4 });
  });

  it('serves the more urgent of a name first', async () => {
    const { tasks } = tasksWith({ limit: 1 });
    const order: string[] = [];
    const ids = [
      tasks.submit('task', () => order.push('first')),
      tasks.submit('task', () => order.push('usual')),
      tasks.submit('task', () => order.push('urgent'), { priority: 10 }),
    ];

    await Promise.all(ids.map((id) => tasks.wait(id)));

    expect(order).to.deep.equal(['first', 'urgent', 'usual']);
  });

  it('does not let ten thousand tasks of one name hold up one of another', async () => {
    const { tasks } = tasksWith({ limit: 2, maxQueued: 20_000 });
    let done = 0;
    for (let i = 0; i < 10_000; i += 1) tasks.submit('bulk', () => turnOfLoop().then(() => (done += 1)));
    await turnOfLoop();

    await tasks.wait(tasks.submit('single', () => 'done'));

    expect(done, 'bulk tasks that were done meanwhile').to.be.below(10);
    await tasks.shutdown();
  });

  it('begins equal tasks once, while the first is under way', async () => {
    const { tasks } = tasksWith();
    let runs = 0;
    const slow = gate<number>();
    const work = () => {
      runs += 1;
      return slow.work();
    };
    const first = tasks.submit('pay', work, { idempotencyKey: 'order 7' });
    const second = tasks.submit('pay', work, { idempotencyKey: 'order 7' });
    const other = tasks.submit('refund', () => 1, { idempotencyKey: 'order 7' });

    expect(second).to.equal(first);
    expect(other).to.not.equal(first);
    slow.open(1);
    expect(await Promise.all([tasks.wait(first), tasks.wait(second)])).to.deep.equal([1, 1]);
    const third = tasks.submit('pay', work, { idempotencyKey: 'order 7' });
    await tasks.wait(third);
    expect([third === first, runs]).to.deep.equal([false, 2]);
  });

  it('does not join one that was cancelled and has not ended', async () => {
    const { tasks } = tasksWith();
    const slow = gate();
    const first = tasks.submit('pay', slow.work, { idempotencyKey: 'k' });
    await slow.begun;
    tasks.cancel(first);

    const second = tasks.submit('pay', () => 'paid', { idempotencyKey: 'k' });

    expect(await tasks.wait(second)).to.equal('paid');
    slow.open();
  });

  it('tells how far a task is', async () => {
    const { tasks } = tasksWith();
    const slow = gate();
    const id = tasks.submit('long', async ({ progress }) => {
      progress(0.25);
      await slow.work();
      progress(2);
    });
    await slow.begun;

    expect(tasks.getTaskStatus(id)?.progress).to.equal(0.25);
    slow.open();
    expect(await errorOf(tasks.wait(id))).to.be.instanceOf(InvalidOptionError);
  });

  it('keeps what has ended up to a number', async () => {
    const { tasks } = tasksWith({ maxKept: 3 });
    const slow = gate();
    const running = tasks.submit('slow', slow.work);
    const ids = [1, 2, 3, 4, 5].map((value) => tasks.submit('task', () => value));
    await turnOfLoop();

    expect(tasks.list({ status: 'succeeded' }).map(({ id }) => id)).to.deep.equal(ids.slice(2));
    expect(tasks.getTaskStatus(ids[0]!)).to.equal(undefined);
    expect(await errorOf(tasks.wait(ids[0]!)))
      .to.be.instanceOf(InvalidUseError)
      .with.property('message')
      .contains('too long ago');
    expect(tasks.getTaskStatus(running)?.status, 'what runs is never forgotten').to.equal('running');
    slow.open();
  });

  it('keeps what has ended up to an age, and then frees its memory', async () => {
    const { tasks, clock } = tasksWith({ keepFor: '1m' });
    const id = tasks.submit('task', () => 'result');
    await tasks.wait(id);

    clock.advance(59);
    expect(tasks.getTaskStatus(id)?.status).to.equal('succeeded');
    clock.advance(2);
    expect(tasks.getTaskStatus(id)).to.equal(undefined);
    clock.advance(15);

    expect(tasks.stats().kept).to.equal(0);
    expect(clock.timers, 'timers left behind').to.equal(0);
  });

  it('does not mistake the ids of others for its own', async () => {
    const [{ tasks }, { tasks: others }] = [tasksWith(), tasksWith()];
    const id = others.submit('task', () => 1);
    tasks.submit('task', () => 1);

    for (const foreign of [id, '', 'x', `${id}x`, 7 as never]) {
      expect(tasks.getTaskStatus(foreign)).to.equal(undefined);
      expect(tasks.cancel(foreign)).to.equal(false);
      expect(await errorOf(tasks.wait(foreign, {}))).to.be.instanceOf(InvalidUseError);
    }
  });

  it('lists by name and by status', async () => {
    const { tasks } = tasksWith({ limit: 1 });
    const slow = gate();
    const ids = [
      tasks.submit('a', slow.work),
      tasks.submit('b', () => 1),
      tasks.submit('a', () => 1, { delay: 1 }),
    ];
    await slow.begun;
    const idsOf = (filter?: Parameters<typeof tasks.list>[0]) => tasks.list(filter).map(({ id }) => id);

    expect(idsOf()).to.deep.equal(ids);
    expect(idsOf({ name: 'a' })).to.deep.equal([ids[0], ids[2]]);
    expect(idsOf({ status: 'queued' })).to.deep.equal([ids[1]]);
    expect(idsOf({ name: 'a', status: ['queued', 'delayed'] })).to.deep.equal([ids[2]]);
    expect(() => tasks.list({ state: 'queued' } as never)).to.throw(InvalidOptionError);
    slow.open();
  });

  it('follows its limit', async () => {
    const { tasks } = tasksWith({ limit: 1 });
    const gates = [gate(), gate(), gate()];
    for (const { work } of gates) tasks.submit('task', work);
    expect(tasks.stats()).to.include({ limit: 1, active: 1, queued: 2 });

    tasks.setLimit(3);

    expect(tasks.stats()).to.include({ limit: 3, active: 3, queued: 0 });
    for (const { open } of gates) open();
    expect(() => tasksWith({ limit: { min: 1 } }).tasks.setLimit(2)).to.throw(InvalidUseError);
  });

  it('refuses options that make no sense, in the caller', () => {
    const { tasks } = tasksWith();
    const bad = [{ limit: 0 }, { name: '' }, { maxQueued: 0 }, { maxKept: -1 }, { keepFor: 0 }, { max: 1 }];
    for (const options of bad)
      expect(() => new BackgroundTaskManager(options), JSON.stringify(options)).to.throw(InvalidOptionError);
    const badCalls = [
      { priority: 0.5 },
      { timeout: 0 },
      { queueTimeout: -1 },
      { delay: 'soon' },
      { retry: { maxAttempts: 0 } },
      { idempotencyKey: '' },
      { name: 'x' },
    ];
    for (const options of badCalls)
      expect(() => tasks.submit('task', () => 1, options as never), JSON.stringify(options)).to.throw(
        InvalidOptionError,
      );
    expect(() => tasks.submit('', () => 1)).to.throw(InvalidOptionError);
    expect(() => tasks.submit('task', Promise.resolve(1) as never)).to.throw(
      InvalidOptionError,
      'a function',
    );
    expect(tasks.list()).to.deep.equal([]);
  });
});
