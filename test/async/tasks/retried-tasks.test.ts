import { expect } from 'chai';
import { RejectedError, TimeoutError } from '../../../src/errors.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { errorOf, gate, tasksWith } from './tasks-with.js';

const retry = { maxAttempts: 3, delay: 1, jitter: 'none', budget: false } as const;

describe('tasks that are tried again', () => {
  it('are delayed in between, and take no place', async () => {
    const { tasks, clock } = tasksWith({ limit: 1 });
    const attempts: number[] = [];
    const id = tasks.submit(
      'flaky',
      ({ attempt }) => {
        attempts.push(attempt);
        if (attempt < 3) throw new Error('not yet');
        return 'done';
      },
      { retry },
    );
    await turnOfLoop();
    expect(tasks.getTaskStatus(id)).to.include({ status: 'delayed', attempts: 1 });
    expect(await tasks.wait(tasks.submit('other', () => 'other'))).to.equal('other');

    clock.advance(1.1);
    await turnOfLoop();
    clock.advance(2.1);

    expect(await tasks.wait(id)).to.equal('done');
    expect(attempts).to.deep.equal([1, 2, 3]);
    expect(tasks.getTaskStatus(id)).to.include({
      status: 'succeeded',
      attempts: 3,
      duration: 0,
      queuedFor: 0,
    });
  });

  it('fail with the last error when no attempt succeeds', async () => {
    const { tasks, clock } = tasksWith();
    const id = tasks.submit('never', ({ attempt }) => Promise.reject(new Error(`no ${attempt}`)), { retry });
    const result = errorOf(tasks.wait(id));
    for (const seconds of [1.1, 2.1]) {
      await turnOfLoop();
      clock.advance(seconds);
    }

    expect(await result).to.have.property('message', 'no 3');
    expect(tasks.getTaskStatus(id)).to.include({ status: 'failed', attempts: 3 });
  });

  it('are tried again when an attempt took too long, each with its own time', async () => {
    const { tasks, clock } = tasksWith();
    const slow = gate();
    const id = tasks.submit('slow', ({ attempt }) => (attempt === 1 ? slow.work() : 'done'), {
      retry,
      timeout: 5,
    });
    await slow.begun;
    clock.advance(5.1);
    await turnOfLoop();
    expect(tasks.getTaskStatus(id)?.status).to.equal('delayed');
    clock.advance(1.1);

    expect(await tasks.wait(id)).to.equal('done');
    slow.open();
  });

  it('end when the time for all attempts is over', async () => {
    const { tasks, clock } = tasksWith();
    let signal: AbortSignal | undefined;
    const stuck = gate();
    const id = tasks.submit(
      'stuck',
      (context) => {
        ({ signal } = context);
        return stuck.work();
      },
      { retry: { ...retry, timeout: 3 } },
    );
    const result = errorOf(tasks.wait(id));
    await stuck.begun;

    clock.advance(3.1);

    expect(await result).to.be.instanceOf(TimeoutError);
    expect(tasks.getTaskStatus(id)?.status).to.equal('timed_out');
    expect(signal!.aborted).to.equal(true);
    expect(tasks.stats()).to.include({ active: 1, zombies: 1 });
    stuck.open();
    await turnOfLoop();
    expect(tasks.stats()).to.include({ active: 0, zombies: 0 });
  });

  it('are cancelled at once while they are delayed or wait', async () => {
    const { tasks, clock } = tasksWith({ limit: 1 });
    const delayed = tasks.submit('flaky', () => Promise.reject(new Error('no')), { retry });
    await turnOfLoop();
    const blocking = gate();
    tasks.submit('blocking', blocking.work);
    const waiting = tasks.submit('flaky', () => 1, { retry });

    for (const id of [delayed, waiting]) {
      expect(tasks.cancel(id)).to.equal(true);
      expect(tasks.getTaskStatus(id)?.status).to.equal('cancelled');
      expect(await errorOf(tasks.wait(id))).to.include({ name: 'AbortError' });
    }
    blocking.open();
    await turnOfLoop();
    clock.advance(10);
    expect(tasks.stats()).to.include({ active: 0, queued: 0, delayed: 0, zombies: 0 });
  });

  it('are cancelling while they run, and are not tried again', async () => {
    const { tasks } = tasksWith();
    const slow = gate();
    const id = tasks.submit('slow', slow.work, { retry });
    await slow.begun;

    tasks.cancel(id);
    await turnOfLoop();
    expect(tasks.getTaskStatus(id)?.status).to.equal('cancelling');
    slow.fail(new Error('no'));
    await turnOfLoop();

    expect(tasks.getTaskStatus(id)).to.include({ status: 'cancelled', attempts: 1 });
  });

  it('are not tried again when they waited too long to be begun', async () => {
    const { tasks, clock } = tasksWith({ limit: 1 });
    const slow = gate();
    tasks.submit('slow', slow.work);
    const id = tasks.submit('hasty', () => 1, { retry, queueTimeout: 1 });

    clock.advance(1.1);

    expect(await errorOf(tasks.wait(id))).to.be.instanceOf(RejectedError);
    expect(tasks.getTaskStatus(id)).to.include({ status: 'expired', attempts: 0 });
    slow.open();
  });

  it('ask the options of the submitter whether and how', async () => {
    const { tasks } = tasksWith();
    const told: unknown[] = [];
    const id = tasks.submit('final', () => Promise.reject(new Error('no')), {
      retry: {
        ...retry,
        shouldRetry: (error, { attempt, name }) => {
          told.push([(error as Error).message, attempt, name]);
          return false;
        },
      },
    });

    expect(await errorOf(tasks.wait(id))).to.have.property('message', 'no');
    expect(told).to.deep.equal([['no', 1, 'final']]);
  });
});
