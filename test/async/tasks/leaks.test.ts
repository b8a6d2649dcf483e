import { expect } from 'chai';
import { collectGarbage } from '../../fakes/garbage.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { tasksWith } from './tasks-with.js';

const OPEN = ['queued', 'delayed', 'running', 'cancelling'] as const;

describe('memory of background tasks', () => {
  it('does not grow with the tasks there were', async function () {
    this.timeout(60_000);
    const { tasks, clock } = tasksWith({ limit: 4, maxKept: 100 });
    const { signal } = new AbortController();
    const retry = { maxAttempts: 2, delay: 0.01, budget: false } as const;
    const run = async (count: number) => {
      for (let i = 0; i < count; i += 10) {
        const batch = Array.from({ length: 8 }, (_, n) =>
          tasks.submit(`task ${n}`, () => turnOfLoop(), { signal, timeout: 5, idempotencyKey: `${i} ${n}` }),
        );
        const failing = tasks.submit('failing', () => Promise.reject(new Error('no')), { retry });
        const cancelled = tasks.submit('cancelled', () => turnOfLoop());
        tasks.cancel(cancelled);
        const all = [...batch, failing, cancelled].map((id) => tasks.wait(id));
        const settled = Promise.allSettled(all);
        while (tasks.list({ status: OPEN }).length > 0) {
          await turnOfLoop();
          clock.advance(0.02);
        }
        await settled;
      }
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    await run(2000);
    const before = await run(2000);

    const after = await run(10_000);

    expect((after - before) / 10_000, 'bytes for each task').to.be.below(50);
    expect(tasks.list()).to.have.length(100);
    expect(tasks.stats()).to.include({ active: 0, queued: 0, delayed: 0, zombies: 0, kept: 100 });
    expect(clock.timers, 'timers but the sweep').to.equal(1);
  });

  it('lets go of the work and of what it was submitted with', async () => {
    const { tasks } = tasksWith();
    const submit = () => {
      const large = { bytes: new Uint8Array(1000) };
      return { id: tasks.submit('task', () => void large), weak: new WeakRef(large) };
    };
    const { id, weak } = submit();
    await tasks.wait(id);
    await turnOfLoop();

    collectGarbage();

    expect(weak.deref()).to.equal(undefined);
    expect(tasks.getTaskStatus(id)?.status).to.equal('succeeded');
  });
});
