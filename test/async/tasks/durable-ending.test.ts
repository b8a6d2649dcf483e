import { expect } from 'chai';
import { defineTask } from '../../../src/async/tasks/define-task.js';
import type { TaskContext } from '../../../src/async/tasks/task-options.js';
import { needsServer, startRedis, waitFor, type RunningRedis } from '../../e2e/servers.js';
import { runScript } from '../../fakes/child-script.js';
import { becomes, DurableQueue, obedient } from './durable-queues.js';
import { errorOf, gate } from './tasks-with.js';

describe('ending a DurableTaskManager', () => {
  let server: RunningRedis;
  let queue: DurableQueue;

  before(async function () {
    needsServer(this, 'redis-server');
    server = await startRedis();
  });
  after(() => server?.stop());
  beforeEach(() => {
    queue = new DurableQueue(() => server.url);
  });
  afterEach(() => queue.close());

  it('drains: what runs may end, what waits stays in the queue for others', async () => {
    const running = gate<string>();
    const slow = defineTask({ name: 'slow', handler: running.work });
    const quick = defineTask({ name: 'quick', handler: () => 'quick' });
    const worker = queue.worker();
    worker.register(slow, quick);
    const first = await worker.submit(slow, {});
    const waiting = await worker.submit(quick, {});
    await running.begun;

    const drained = worker.drain();
    running.open('done');

    expect(await drained).to.deep.equal({ givenUp: 0, abandoned: [] });
    expect(await worker.wait(first)).to.equal('done');
    expect((await worker.getTaskStatus(waiting))?.status).to.equal('queued');
    expect(await errorOf(worker.submit(quick, {}))).to.include({ code: 'PERF_REJECTED', reason: 'draining' });
    queue.worker().register(quick, slow);
    expect(await worker.wait(waiting)).to.equal('quick');
  });

  it('puts back what has not ended in time, to be done elsewhere at once', async () => {
    const attempts: number[] = [];
    const task = defineTask({
      name: 'task',
      handler: (_: unknown, context: TaskContext) => {
        attempts.push(context.attempt);
        return context.attempt === 1 ? obedient(_, context) : 'done elsewhere';
      },
    });
    const [leaving, staying] = [queue.worker(), queue.submitter()];
    for (const one of [leaving, staying]) one.register(task);
    const id = await staying.submit(task, {});
    await becomes(staying, id, 'running');
    const result = staying.wait(id);

    const { givenUp, abandoned } = await leaving.shutdown({ timeout: 0.05 });
    queue.worker().register(task);

    expect([givenUp, abandoned]).to.deep.equal([1, []]);
    expect(await result).to.equal('done elsewhere');
    expect(attempts).to.deep.equal([1, 2]);
  });

  it('keeps the result of work that ends well although it was told to end', async () => {
    const task = defineTask({
      name: 'task',
      handler: (_: unknown, context: TaskContext) => obedient(_, context).catch(() => 'just made it'),
    });
    const worker = queue.worker();
    worker.register(task);
    const id = await worker.submit(task, {});
    await becomes(worker, id, 'running');

    await worker.drain({ timeout: 0.05 });

    expect(await worker.wait(id)).to.equal('just made it');
  });

  it('reports work that does not listen, which others begin when its lock is over', async () => {
    const stubborn = gate<string>();
    let attempts = 0;
    const task = defineTask({
      name: 'stubborn',
      handler: () => {
        attempts += 1;
        return attempts === 1 ? stubborn.work() : 'done elsewhere';
      },
    });
    const [leaving, staying] = [queue.worker({ lockDuration: 1 }), queue.submitter()];
    for (const one of [leaving, staying]) one.register(task);
    const id = await staying.submit(task, {});
    await stubborn.begun;

    const { givenUp, abandoned } = await leaving.shutdown({ timeout: 0.05 });
    queue.worker({ lockDuration: 1 }).register(task);

    expect([givenUp, abandoned.map(({ name }) => name)]).to.deep.equal([1, ['stubborn']]);
    expect(await staying.wait(id)).to.equal('done elsewhere');
    stubborn.open('too late');
    expect(await staying.wait(id)).to.equal('done elsewhere');
  });

  it('rejects those who still wait when it is shut down', async () => {
    const task = defineTask({ name: 'task', handler: () => 1 });
    const submitter = queue.submitter();
    submitter.register(task);
    const waited = errorOf(submitter.wait(await submitter.submit(task, {})));
    await waitFor(async () => (await submitter.stats()).queued === 1, { what: 'the task' });

    await submitter.shutdown();

    expect(await waited).to.include({ code: 'PERF_REJECTED', reason: 'closed' });
    expect(await errorOf(submitter.getTaskStatus('8556cef7-1c2e-46b8-bd8d-acc4bd51b500'))).to.have.property(
      'code',
      'PERF_QUEUE_FAILED',
    );
  });

  it('ends once, however often it is asked to', async () => {
    const worker = queue.worker();
    worker.register(defineTask({ name: 'task', handler: () => 1 }));

    const reports = await Promise.all([worker.drain(), worker.shutdown(), worker.shutdown()]);

    expect(reports.map(({ givenUp }) => givenUp)).to.deep.equal([0, 0, 0]);
  });

  for (const [where, url] of [
    ['', () => server.url],
    [', also where there is no Redis', () => 'redis://127.0.0.1:1'],
  ] as const) {
    it(`leaves nothing behind that keeps the process alive${where}`, async () => {
      const { code, stdout, stderr } = await runScript(`
        import { defineTask } from './src/async/tasks/define-task.js';
        import { DurableTaskManager } from './src/async/tasks/durable-task-manager.js';
        const task = defineTask({ name: 'task', handler: () => 'done' });
        const tasks = new DurableTaskManager({ url: '${url()}', name: 'script', timeout: 0.5 });
        tasks.register(task);
        await tasks.submit(task, {}).then((id) => tasks.wait(id)).catch(() => {});
        await tasks.shutdown({ timeout: 0.1 });
        console.log('ended');
      `);

      expect(stderr).to.equal('');
      expect([code, stdout]).to.deep.equal([0, 'ended\n']);
    });
  }
});
