import { expect } from 'chai';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { defineTask } from '../../../src/async/tasks/define-task.js';
import { DurableTaskManager } from '../../../src/async/tasks/durable-task-manager.js';
import type { TaskContext } from '../../../src/async/tasks/task-options.js';
import { InvalidOptionError, InvalidUseError, RejectedError, TimeoutError } from '../../../src/errors.js';
import { needsServer, startRedis, waitFor, type RunningRedis } from '../../e2e/servers.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { captureMetrics, seriesOf, valueOf } from '../../fakes/captured-telemetry.js';
import { runScript } from '../../fakes/child-script.js';
import { becomes, DurableQueue, obedient } from './durable-queues.js';
import { describeEngine } from './engine-contract.js';
import { errorOf, gate } from './tasks-with.js';

describe('DurableTaskManager', () => {
  let server: RunningRedis;
  let queue: DurableQueue;
  let notices: CapturedNotices;
  let unhandled: unknown[];
  const note = (error: unknown) => void unhandled.push(error);

  before(async function () {
    needsServer(this, 'redis-server');
    server = await startRedis();
  });
  after(() => server?.stop());

  beforeEach(() => {
    unhandled = [];
    process.on('unhandledRejection', note);
    notices = captureNotices();
    queue = new DurableQueue(() => server.url);
  });
  afterEach(async () => {
    await queue.close();
    notices.release();
    process.off('unhandledRejection', note);
    expect(unhandled, 'unhandled rejections').to.deep.equal([]);
  });

  describeEngine('DurableTaskManager', { open: () => queue.worker() });

  describe('over several processes', () => {
    it('submits in one, runs in another, and tells a third', async () => {
      const greet = defineTask({ name: 'greet', handler: (who: string) => ({ text: `Hello ${who}` }) });
      const [worker, submitter, other] = [queue.worker(), queue.submitter(), queue.submitter()];
      worker.register(greet);
      submitter.register(greet);

      const id = await submitter.submit(greet, 'Ada');

      expect(await other.wait(id)).to.deep.equal({ text: 'Hello Ada' });
      expect(await other.getTaskStatus(id)).to.include({ name: 'greet', status: 'succeeded', attempts: 1 });
      expect((await other.list({ name: 'greet' })).map((status) => status.id)).to.deep.equal([id]);
    });

    it('keeps tasks for a worker that comes later', async () => {
      const greet = defineTask({ name: 'greet', handler: (who: string) => `Hello ${who}` });
      const submitter = queue.submitter();
      submitter.register(greet);
      const id = await submitter.submit(greet, 'Ada');
      await submitter.shutdown();

      const worker = queue.worker();
      worker.register(greet);

      expect(await worker.wait(id)).to.equal('Hello Ada');
    });

    it('cancels what runs elsewhere in well under a second, with the reason', async () => {
      const reasons: unknown[] = [];
      const task = defineTask({
        name: 'long',
        handler: (_: unknown, context: TaskContext) =>
          obedient(_, context).catch((error: unknown) => {
            reasons.push(error);
            throw error;
          }),
      });
      const [worker, submitter] = [queue.worker(), queue.submitter()];
      for (const one of [worker, submitter]) one.register(task);
      const id = await submitter.submit(task, {});
      await becomes(submitter, id, 'running');
      const waited = errorOf(submitter.wait(id));

      const start = performance.now();
      expect(await submitter.cancel(id, new Error('the user left'))).to.equal(true);
      expect(await waited).to.have.property('message', 'the user left');
      await becomes(submitter, id, 'cancelled');

      expect(performance.now() - start).to.be.below(900);
      expect(reasons.map(String)).to.deep.equal(['Error: the user left']);
      expect(await submitter.cancel(id)).to.equal(false);
    });

    it('says that a task is being cancelled for as long as its work goes on', async () => {
      const stubborn = gate();
      const task = defineTask({ name: 'stubborn', handler: stubborn.work });
      const [worker, submitter] = [queue.worker(), queue.submitter()];
      for (const one of [worker, submitter]) one.register(task);
      const id = await submitter.submit(task, {});
      await stubborn.begun;

      await submitter.cancel(id);

      expect(await errorOf(submitter.wait(id))).to.have.property('name', 'AbortError');
      expect((await submitter.getTaskStatus(id))?.status).to.equal('cancelling');
      stubborn.open();
      await becomes(submitter, id, 'cancelled');
    });

    it('cancels although the message is lost', async () => {
      const task = defineTask({ name: 'long', handler: obedient });
      const [worker, submitter] = [queue.worker(), queue.submitter()];
      for (const one of [worker, submitter]) one.register(task);
      const id = await submitter.submit(task, {});
      await becomes(submitter, id, 'running');
      const raw = new Redis(server.url);
      await raw.call('ACL', 'SETUSER', 'default', 'resetchannels');
      await raw.call('CLIENT', 'KILL', 'TYPE', 'pubsub');

      // The user may not publish any more, which fails the command after the mark is set.
      await errorOf(submitter.cancel(id));
      await becomes(submitter, id, 'cancelled');

      await raw.call('ACL', 'SETUSER', 'default', 'allchannels');
      raw.disconnect();
    });

    it('cancels a task that is delayed for days, and does not leave it lying', async () => {
      const task = defineTask({ name: 'later', handler: () => 1, idempotencyKey: () => 'k' });
      const [worker, submitter] = [queue.worker(), queue.submitter()];
      for (const one of [worker, submitter]) one.register(task);
      const id = await submitter.submit(task, {}, { delay: '7d' });

      await submitter.cancel(id);

      expect((await submitter.getTaskStatus(id))?.status).to.equal('cancelled');
      await waitFor(async () => (await submitter.stats()).kept === 1, { what: 'the end of the job' });
      const next = await submitter.submit(task, {});
      expect(next).to.not.equal(id);
      expect(await submitter.wait(next)).to.equal(1);
    });

    it('cancels by the signal of the submission', async () => {
      const task = defineTask({ name: 'long', handler: obedient });
      const [worker, submitter] = [queue.worker(), queue.submitter()];
      for (const one of [worker, submitter]) one.register(task);
      const leaving = new AbortController();
      const id = await submitter.submit(task, {}, { signal: leaving.signal });
      await becomes(submitter, id, 'running');

      leaving.abort(new Error('left'));

      await becomes(submitter, id, 'cancelled');
    });

    it('puts a task back that it does not know, for those who do', async () => {
      const task = defineTask({ name: 'new', handler: () => 'done' });
      const [old, submitter] = [queue.worker(), queue.submitter()];
      old.register(defineTask({ name: 'old', handler: () => 1 }));
      submitter.register(task);
      const id = await submitter.submit(task, {});
      await becomes(submitter, id, 'delayed');
      expect(notices.said.join()).to.match(/task "new" is not known to a worker/);

      queue.worker().register(task);
      await old.shutdown();

      expect(await submitter.wait(id)).to.equal('done');
      expect((await submitter.getTaskStatus(id))?.attempts).to.equal(1);
    });
  });

  describe('the limits of a task', () => {
    it('tells at once that its time is up, and keeps its place until its work has ended', async () => {
      const stubborn = gate();
      const task = defineTask({ name: 'stubborn', handler: stubborn.work, timeout: 0.1 });
      const next = defineTask({ name: 'next', handler: () => 'next' });
      const worker = queue.worker();
      worker.register(task, next);
      const id = await worker.submit(task, {});
      const waiting = await worker.submit(next, {});

      const error = await errorOf(worker.wait(id));

      expect(error).to.be.instanceOf(TimeoutError).with.property('timeout', 0.1);
      expect((await worker.getTaskStatus(id))?.status).to.equal('timed_out');
      expect((await worker.getTaskStatus(waiting))?.status).to.equal('queued');
      expect((await worker.stats()).zombies).to.equal(1);
      stubborn.open();
      expect(await worker.wait(waiting)).to.equal('next');
      expect((await worker.getTaskStatus(id))?.status).to.equal('timed_out');
      expect((await worker.stats()).zombies).to.equal(0);
    });

    it('does not begin what has waited for too long, and says so before a worker does', async () => {
      let begun = 0;
      const task = defineTask({ name: 'late', handler: () => (begun += 1), idempotencyKey: () => 'k' });
      const submitter = queue.submitter();
      submitter.register(task);
      const id = await submitter.submit(task, {}, { queueTimeout: 0.05 });

      await becomes(submitter, id, 'expired');
      expect(await errorOf(submitter.wait(id)))
        .to.be.instanceOf(RejectedError)
        .with.property('reason', 'waited_too_long');
      const again = await submitter.submit(task, {});
      expect(again).to.not.equal(id);
      queue.worker().register(task);
      await submitter.wait(again);
      await waitFor(async () => (await submitter.stats()).kept === 2, { what: 'the end of both' });

      expect(begun).to.equal(1);
      expect((await submitter.getTaskStatus(id))?.status).to.equal('expired');
    });

    it('does not count its delay as waiting', async () => {
      const task = defineTask({ name: 'later', handler: () => 'done' });
      const worker = queue.worker();
      worker.register(task);

      const id = await worker.submit(task, {}, { delay: 0.6, queueTimeout: 0.5 });

      expect(await worker.wait(id)).to.equal('done');
      expect((await worker.getTaskStatus(id))?.queuedFor).to.be.below(0.5);
    });

    it('forgets what ended by number and by age', async () => {
      const task = defineTask({ name: 'small', handler: (n: number) => n });
      const worker = queue.worker({ maxKept: 3 });
      worker.register(task);
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) {
        ids.push(await worker.submit(task, n));
        await worker.wait(ids[n]!);
      }

      const known = await Promise.all(ids.map(async (id) => (await worker.getTaskStatus(id))?.status));
      expect(known).to.deep.equal([undefined, undefined, 'succeeded', 'succeeded', 'succeeded']);
      const impatient = queue.submitter({ keepFor: 0.001 });
      expect(await impatient.getTaskStatus(ids[4]!)).to.equal(undefined);
    });

    it('hands on the key of the submission, or else the id, the same in each attempt', async () => {
      const seen: [number, string][] = [];
      const task = defineTask({
        name: 'keyed',
        handler: (_: unknown, { attempt, idempotencyKey }: TaskContext) => {
          seen.push([attempt, idempotencyKey]);
          if (attempt === 1) throw new Error('once');
        },
        retry: { delay: 0.01, jitter: 'none', budget: false },
      });
      const worker = queue.worker();
      worker.register(task);

      await worker.wait(await worker.submit(task, {}, { idempotencyKey: 'order 7' }));
      const id = await worker.submit(task, {});
      await worker.wait(id);

      expect(seen).to.deep.equal([
        [1, 'order 7'],
        [2, 'order 7'],
        [1, id],
        [2, id],
      ]);
    });
  });

  describe('failing', () => {
    it('does not try mistakes of the program again, nor what the definition says no to', async () => {
      const task = defineTask({
        name: 'picky',
        handler: (kind: string) => {
          if (kind === 'mistake') throw new TypeError('not a function');
          throw Object.assign(new Error(kind), { status: 404 });
        },
        retry: { maxAttempts: 3, delay: 0.01, budget: false },
      });
      const worker = queue.worker();
      worker.register(task);

      for (const kind of ['mistake', 'final']) {
        const id = await worker.submit(task, kind);
        await errorOf(worker.wait(id));
        expect(await worker.getTaskStatus(id), kind).to.include({ status: 'failed', attempts: 1 });
      }
    });

    it('waits as `retry` does, and shows that it is delayed', async () => {
      const task = defineTask({
        name: 'asked to wait',
        handler: () => {
          throw Object.assign(new Error('busy'), { retryAfterMs: 30_000 });
        },
        retry: { maxAttempts: 3, delay: 0.01, budget: false },
      });
      const worker = queue.worker();
      worker.register(task);

      const id = await worker.submit(task, {});
      await becomes(worker, id, 'delayed');

      expect(await worker.getTaskStatus(id)).to.include({ attempts: 1, error: undefined });
      expect(await worker.cancel(id)).to.equal(true);
      expect((await worker.getTaskStatus(id))?.status).to.equal('cancelled');
    });

    it('tries again for no longer than the time for all attempts', async () => {
      const task = defineTask({
        name: 'limited',
        handler: obedient,
        retry: { maxAttempts: 9, delay: 0.01, timeout: 0.2, budget: false },
      });
      const worker = queue.worker();
      worker.register(task);

      const error = await errorOf(worker.wait(await worker.submit(task, {})));

      expect(error).to.have.property('name', 'TimeoutError');
    });

    it('hands on the name, the message and the code, whatever it fails with', async () => {
      const errors: unknown[] = [
        Object.assign(new RangeError('too far'), { code: 'E_FAR' }),
        Object.assign(new Error('named'), { name: 'DelayedError' }),
        new Error('bullmq:rateLimitExceeded'),
        new Error(''),
        'text',
        undefined,
        { status: 503 },
      ];
      const task = defineTask({
        name: 'odd',
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whatever work rejects with is handed on
        handler: (n: number) => Promise.reject(errors[n]),
      });
      const worker = queue.worker();
      worker.register(task);

      for (const [n, original] of errors.entries()) {
        const error = await errorOf(worker.wait(await worker.submit(task, n)));
        if (original instanceof Error) {
          const { name, message, code } = original as NodeJS.ErrnoException;
          expect(error).to.be.instanceOf(Error).and.to.include({ name, message });
          expect(error).to.have.property('stack').that.includes('durable-task-manager.test.ts');
          if (code !== undefined) expect(error).to.have.property('code', code);
        } else expect(error).to.deep.equal(original);
      }
    });

    it('tells of a task that something else than a manager failed', async () => {
      const task = defineTask({ name: 'task', handler: () => 1 });
      const submitter = queue.submitter();
      submitter.register(task);
      const connection = new Redis(server.url, { maxRetriesPerRequest: null });
      const other = new Worker(queue.name, () => Promise.reject(new Error('by another')), { connection });
      const id = await submitter.submit(task, {});

      expect(await errorOf(submitter.wait(id))).to.have.property('message', 'by another');
      expect((await submitter.getTaskStatus(id))?.status).to.equal('failed');
      await other.close();
      connection.disconnect();
    });

    it('refuses a result that does not survive JSON, as a failure of the task', async () => {
      const task = defineTask({ name: 'big', handler: () => 1n });
      const worker = queue.worker();
      worker.register(task);

      const error = await errorOf(worker.wait(await worker.submit(task, {})));

      expect(error).to.be.instanceOf(InvalidUseError).with.property('message').that.matches(/JSON/);
    });

    it('counts failures nobody waits for, and logs the first', async () => {
      const { provider, collect } = captureMetrics();
      const task = defineTask({ name: 'send', handler: () => Promise.reject(new RangeError('no address')) });
      const worker = queue.worker({ meterProvider: provider });
      worker.register(task);

      await worker.submit(task, {});
      await waitFor(async () => (await worker.stats()).ended.failed === 1, { what: 'the failure' });

      await waitFor(() => notices.said.length > 0, { what: 'the notice' });
      expect(notices.said[0]).to.match(/task "send" .*failed and nobody waits.*RangeError: no address/);
      expect(valueOf(await collect(), 'perf.task.unobserved')).to.equal(1);
    });
  });

  it('reports what runs, what waits and how it ended, by the name of the queue', async () => {
    const { provider, collect } = captureMetrics();
    const running = gate();
    const task = defineTask({ name: 'work', handler: running.work });
    const worker = queue.worker({ meterProvider: provider });
    worker.register(task);
    const ids = [await worker.submit(task, {}), await worker.submit(task, {})];
    await worker.submit(task, {}, { delay: '1h' });
    const of = async (name: string) => seriesOf(await collect(), name)[0]?.value;

    for (const name of ['perf.task.queued', 'perf.task.delayed'])
      await waitFor(async () => (await of(name)) === 1, { what: name });
    expect([await of('perf.task.active'), await of('perf.task.limit')]).to.deep.equal([1, 1]);
    running.open();
    await Promise.all(ids.map((id) => worker.wait(id)));

    const [duration] = seriesOf(await collect(), 'perf.task.duration');
    expect(duration?.attributes).to.deep.equal({
      'perf.task.queue': queue.name,
      'perf.task.name': 'work',
      'perf.task.outcome': 'succeeded',
    });
    expect(seriesOf(await collect(), 'perf.task.time_in_queue')).to.have.length(1);
  });

  it('refuses options and submissions that make no sense', async () => {
    const url = 'redis://localhost';
    for (const options of [{}, { url, client: new Redis({ lazyConnect: true }) }, { url: 'http://x' }])
      expect(() => new DurableTaskManager(options)).to.throw(InvalidOptionError);
    expect(() => new DurableTaskManager({ url, limit: -1 })).to.throw(InvalidOptionError, 'limit');
    expect(() => new DurableTaskManager({ url, name: 'a:b' })).to.throw(InvalidOptionError, 'name');
    const task = defineTask<unknown, unknown>({ name: 'task', handler: () => 1 });
    const submitter = queue.submitter();
    submitter.register(task);

    expect(await errorOf(submitter.submit(task, { big: 1n }))).to.be.instanceOf(InvalidOptionError);
    const retry = { shouldRetry: () => true };
    expect(String(await errorOf(submitter.submit(task, {}, { retry })))).to.match(
      /retry.shouldRetry must be given to defineTask/,
    );
  });

  it('loads bullmq when the first manager is made, and says what to install when it is not there', async () => {
    const { stdout, stderr } = await runScript(`
      import Module from 'node:module';
      import { DurableTaskManager } from './src/index.js';
      const loaded = Object.keys(Module._cache).filter((path) => path.includes('bullmq'));
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (id, ...rest) => resolve(id === 'bullmq' ? 'not-installed' : id, ...rest);
      try {
        new DurableTaskManager({ url: 'redis://localhost' });
      } catch ({ code, message }) {
        console.log(loaded.length, code, message);
      }
    `);

    expect(stderr).to.equal('');
    expect(stdout).to.match(/^0 PERF_INVALID_USE durable tasks need .* npm install bullmq\n$/);
  });

  it('makes its connections like one that is given, which it does not use', async () => {
    const client = new Redis(server.url);
    const task = defineTask({ name: 'task', handler: () => 1 });
    const manager = queue.worker({ client, url: undefined as never });
    manager.register(task);

    expect(await manager.wait(await manager.submit(task, {}))).to.equal(1);
    await manager.shutdown();
    expect(await client.ping()).to.equal('PONG');
    client.disconnect();
  });
});
