import { expect } from 'chai';
import { RejectedError } from '../../../src/errors.js';
import { instrumentsOf } from '../../../src/telemetry/instruments.js';
import { captureMetrics } from '../../fakes/captured-telemetry.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { errorOf, gate, tasksWith } from './tasks-with.js';

/** Work that ends when it is told to. */
const obedient = ({ signal }: { readonly signal: AbortSignal }) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

describe('ending tasks', () => {
  it('drains: all that was taken is done, nothing more is taken', async () => {
    const { tasks, clock } = tasksWith({ limit: 1 });
    const first = gate();
    let attempts = 0;
    const flaky = () => {
      attempts += 1;
      if (attempts === 1) throw new Error('once');
    };
    const ids = [
      tasks.submit('first', first.work),
      tasks.submit('waiting', () => 1),
      tasks.submit('delayed', () => 1, { delay: 3 }),
      tasks.submit('flaky', flaky, { retry: { delay: 2, jitter: 'none' } }),
    ];
    const drained = tasks.drain();

    expect(() => tasks.submit('late', () => 1))
      .to.throw(RejectedError)
      .with.property('reason', 'draining');
    first.open();
    await turnOfLoop();
    clock.advance(5);

    expect(await drained).to.deep.equal({ givenUp: 0, abandoned: [] });
    expect(ids.map((id) => tasks.getTaskStatus(id)?.status)).to.deep.equal(
      Array.from(ids, () => 'succeeded'),
    );
  });

  it('gives up what has not ended when the time for draining is over', async () => {
    const { tasks, clock } = tasksWith({ limit: 2 });
    const stubborn = gate();
    const ids = [
      tasks.submit('obedient', obedient),
      tasks.submit('stubborn', stubborn.work),
      tasks.submit('waiting', () => 1),
      tasks.submit('delayed', () => 1, { delay: 60 }),
    ];
    await stubborn.begun;
    const drained = tasks.drain({ timeout: 5 });
    await turnOfLoop();

    clock.advance(5.1);
    await turnOfLoop();
    clock.advance(1.1);

    const { givenUp, abandoned } = await drained;
    expect(givenUp).to.equal(4);
    expect(abandoned.map(({ name, status }) => `${name} ${status}`)).to.deep.equal(['stubborn cancelling']);
    expect(ids.map((id) => tasks.getTaskStatus(id)?.status)).to.deep.equal([
      'cancelled',
      'cancelling',
      'rejected',
      'rejected',
    ]);
    expect(await errorOf(tasks.wait(ids[0]!))).to.include({ name: 'AbortError' });
    expect(await errorOf(tasks.wait(ids[2]!))).to.include({ reason: 'draining' });
  });

  it('reports work that outlived its timeout and still runs', async () => {
    const { tasks, clock } = tasksWith();
    const stubborn = gate();
    tasks.submit('stubborn', stubborn.work, { timeout: 1 });
    await stubborn.begun;
    clock.advance(1.1);
    const ended = tasks.shutdown({ timeout: 1 });
    await turnOfLoop();
    clock.advance(1.1);
    await turnOfLoop();
    clock.advance(1.1);

    const { givenUp, abandoned } = await ended;
    expect([givenUp, abandoned.map(({ status }) => status)]).to.deep.equal([0, ['timed_out']]);
  });

  it('shuts down: what waits is refused at once, what runs may end', async () => {
    const { tasks, clock } = tasksWith({ limit: 1 });
    const first = gate<string>();
    const running = tasks.submit('running', first.work);
    const waiting = tasks.submit('waiting', () => 1);
    const delayed = tasks.submit('delayed', () => 1, { delay: 60 });
    await first.begun;

    const ended = tasks.shutdown();

    for (const id of [waiting, delayed]) expect(tasks.getTaskStatus(id)?.status).to.equal('rejected');
    expect(await errorOf(tasks.wait(waiting))).to.include({ reason: 'closed' });
    expect(() => tasks.submit('late', () => 1))
      .to.throw(RejectedError)
      .with.property('reason', 'closed');
    first.open('done');
    expect(await ended).to.deep.equal({ givenUp: 0, abandoned: [] });
    expect(await tasks.wait(running)).to.equal('done');
    clock.advance(3600);
    expect(clock.timers, 'timers left behind').to.equal(0);
  });

  it('refuses a task that waits to be tried again', async () => {
    const { tasks } = tasksWith();
    const id = tasks.submit('flaky', () => Promise.reject(new Error('no')), { retry: { delay: 60 } });
    await turnOfLoop();
    expect(tasks.getTaskStatus(id)?.status).to.equal('delayed');

    await tasks.shutdown();

    expect(tasks.getTaskStatus(id)?.status).to.equal('rejected');
  });

  it('ends once, however often it is asked to, and then reports nothing more', async () => {
    const { provider } = captureMetrics();
    const reported = () =>
      instrumentsOf(provider)
        .read()
        .map(({ name }) => name);
    const { tasks } = tasksWith({ meterProvider: provider });
    const slow = gate();
    tasks.submit('slow', slow.work);
    await slow.begun;
    expect(reported()).to.include.members(['perf.task.active', 'perf.task.kept']);

    const reports = Promise.all([tasks.drain(), tasks.shutdown(), tasks.drain()]);
    slow.open();

    expect(new Set((await reports).map(({ givenUp }) => givenUp))).to.deep.equal(new Set([0]));
    expect(reported()).to.not.include.members(['perf.task.active', 'perf.task.kept']);
  });
});
