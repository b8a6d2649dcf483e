import { expect } from 'chai';
import { captureMetrics, valueOf } from '../../fakes/captured-telemetry.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { errorOf, gate, tasksWith } from './tasks-with.js';

describe('tasks that fail', () => {
  let unhandled: unknown[];
  let notices: CapturedNotices;
  const note = (error: unknown) => void unhandled.push(error);

  beforeEach(() => {
    unhandled = [];
    notices = captureNotices();
    process.on('unhandledRejection', note);
  });
  afterEach(async () => {
    await turnOfLoop();
    process.off('unhandledRejection', note);
    notices.release();
    expect(unhandled, 'unhandled rejections').to.deep.equal([]);
  });

  it('are kept, counted, and logged once for a name, when nobody waits for them', async () => {
    const { provider, collect } = captureMetrics();
    const { tasks } = tasksWith({ name: 'mail', meterProvider: provider });
    const failing = () => Promise.reject(new RangeError('no such address'));
    const throwing = (): never => {
      throw new Error('at once');
    };

    const ids = [tasks.submit('send', failing)];
    await turnOfLoop();
    ids.push(tasks.submit('send', throwing));
    await turnOfLoop();

    expect(ids.map((id) => tasks.getTaskStatus(id)?.status)).to.deep.equal(['failed', 'failed']);
    expect(notices.said).to.have.length(1);
    expect(notices.said[0]).to.match(/task "send" .*failed and nobody waits.*RangeError: no such address/);
    expect(valueOf(await collect(), 'perf.task.unobserved')).to.equal(2);
  });

  it('are not reported when somebody waits, be it right after they failed', async () => {
    const { tasks } = tasksWith();

    const id = await Promise.resolve(tasks.submit('fail', () => Promise.reject(new Error('no'))));
    expect(tasks.getTaskStatus(id)?.status).to.not.equal('succeeded');
    expect(await errorOf(tasks.wait(id))).to.have.property('message', 'no');
    await turnOfLoop();

    expect(notices.said).to.deep.equal([]);
  });

  it('leave no unhandled rejection in whatever way they end', async () => {
    const { tasks, clock } = tasksWith({ limit: 2 });
    const late = gate();
    tasks.submit('late', late.work, { timeout: 1 });
    const running = gate();
    const cancelled = tasks.submit('cancelled', running.work);
    tasks.submit('expired', () => 1, { queueTimeout: 1 });
    tasks.submit('retried', () => Promise.reject(new Error('no')), { retry: { maxAttempts: 2, delay: 1 } });
    const delayed = tasks.submit('delayed', () => 1, { delay: 5 });
    const waited = errorOf(tasks.wait(cancelled, { timeout: 0.5 }));
    await turnOfLoop();
    clock.advance(1.1);
    tasks.cancel(cancelled);
    tasks.cancel(delayed);
    await waited;
    late.fail(new Error('too late to matter'));
    running.fail(new Error('too late to matter'));
    await turnOfLoop();
    clock.advance(2);
    await turnOfLoop();
    tasks.submit('rejected', () => 1, { delay: 1 });
    await tasks.shutdown();

    const { ended } = tasks.stats();
    expect(ended).to.deep.equal({
      succeeded: 0,
      failed: 1,
      timed_out: 1,
      cancelled: 2,
      rejected: 1,
      expired: 1,
    });
  });

  it('may fail with anything', async () => {
    const { tasks } = tasksWith();
    for (const error of [undefined, null, 0, 'text', Object.create(null) as object]) {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whatever work rejects with is handed on
      const id = tasks.submit('odd', () => Promise.reject(error));
      await turnOfLoop();
      expect(tasks.getTaskStatus(id)).to.include({ status: 'failed', error });
      expect(await errorOf(tasks.wait(id))).to.equal(error);
    }
  });

  it('reports how tasks of each name ended, what is delayed and what is kept', async () => {
    const { provider, collect } = captureMetrics();
    const { tasks, clock } = tasksWith({ name: 'jobs', meterProvider: provider });
    const slow = gate();
    const id = tasks.submit('a', slow.work, { idempotencyKey: 'k' });
    tasks.submit('a', slow.work, { idempotencyKey: 'k' });
    tasks.submit('b', () => Promise.reject(new Error('no')));
    tasks.submit('b', () => 1, { delay: 9 });
    await turnOfLoop();
    clock.advance(2);
    slow.open();
    await tasks.wait(id);

    const collected = await collect();
    const outcomes = collected
      .filter(({ name }) => name === 'perf.task.duration')
      .map(({ attributes, value }) => [
        attributes['perf.task.name'],
        attributes['perf.task.outcome'],
        typeof value === 'object' && value.sum,
      ]);
    expect(outcomes).to.have.deep.members([
      ['a', 'succeeded', 2],
      ['b', 'failed', 0],
    ]);
    expect(valueOf(collected, 'perf.task.joined')).to.equal(1);
    expect(valueOf(collected, 'perf.task.delayed')).to.equal(1);
    expect(valueOf(collected, 'perf.task.kept')).to.equal(2);
  });

  it('treats names without end as one', async () => {
    const { tasks } = tasksWith();
    for (let i = 0; i < 1001; i += 1) tasks.submit(`user ${i}`, () => 1);
    await turnOfLoop();

    expect(notices.said.filter((said) => said.includes('more than 1000 names'))).to.have.length(1);
    expect(tasks.list({ name: 'user 1000' })).to.have.length(1);
  });
});
