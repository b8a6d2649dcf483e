import { expect } from 'chai';
import { Redis } from 'ioredis';
import { defineTask } from '../../../src/async/tasks/define-task.js';
import type { DurableTaskManager } from '../../../src/async/tasks/durable-task-manager.js';
import { TaskQueueError } from '../../../src/async/tasks/durable/task-queue-error.js';
import { InvalidUseError } from '../../../src/errors.js';
import { killRedis, startRedisOn } from '../../chaos/redis-on-port.js';
import { freePort, isRunning, needsServer, waitFor, type RunningRedis } from '../../e2e/servers.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { becomes, DurableQueue, obedient } from './durable-queues.js';
import { errorOf, gate } from './tasks-with.js';

/** Milliseconds that a busy test machine may add to a deadline. */
const TOLERANCE_MS = 1500;

describe('DurableTaskManager while Redis is away', () => {
  const greet = defineTask({ name: 'greet', handler: (who: string) => `Hello ${who}` });
  let port: number;
  let server: RunningRedis;
  let queue: DurableQueue;
  let notices: CapturedNotices;
  let unhandled: unknown[];
  const note = (error: unknown) => void unhandled.push(error);

  before(function () {
    needsServer(this, 'redis-server');
  });

  beforeEach(async () => {
    unhandled = [];
    process.on('unhandledRejection', note);
    notices = captureNotices();
    port = await freePort();
    server = await startRedisOn(port);
    queue = new DurableQueue(() => server.url);
  });

  afterEach(async () => {
    if (isRunning(server.pid)) thaw();
    await queue.close();
    await server.stop();
    notices.release();
    process.off('unhandledRejection', note);
    expect(unhandled, 'unhandled rejections').to.deep.equal([]);
  });

  const freeze = () => process.kill(server.pid, 'SIGSTOP');
  const thaw = () => process.kill(server.pid, 'SIGCONT');

  /** How long a call takes, whatever comes of it. */
  async function msOf(call: () => Promise<unknown>): Promise<number> {
    const start = performance.now();
    await call().catch(() => undefined);
    return performance.now() - start;
  }

  const submitGreeting = (manager: DurableTaskManager) => manager.submit(greet, 'Ada');

  it('rejects every call within its deadline when there is none from the start', async () => {
    await killRedis(server);
    const manager = queue.worker({ timeout: 0.2 });
    manager.register(greet);
    const calls = [
      () => submitGreeting(manager),
      () => manager.getTaskStatus('8556cef7-1c2e-46b8-bd8d-acc4bd51b500'),
      () => manager.wait('8556cef7-1c2e-46b8-bd8d-acc4bd51b500'),
      () => manager.cancel('8556cef7-1c2e-46b8-bd8d-acc4bd51b500'),
      () => manager.list(),
      () => manager.stats(),
    ];

    const took = await msOf(async () => {
      for (const error of await Promise.all(calls.map((call) => errorOf(call()))))
        expect(error).to.be.instanceOf(TaskQueueError).with.property('code', 'PERF_QUEUE_FAILED');
    });

    expect(took).to.be.within(150, 200 + TOLERANCE_MS);
    expect(String(await errorOf(submitGreeting(manager)))).to.match(
      /tasks "test-.*": submit got no answer within 0.2 s \(ECONNREFUSED\)/,
    );
  });

  it('works when Redis is back, as if nothing had been', async () => {
    await killRedis(server);
    const [worker, submitter] = [queue.worker(), queue.submitter({ timeout: 0.2 })];
    for (const one of [worker, submitter]) one.register(greet);
    await errorOf(submitGreeting(submitter));

    server = await startRedisOn(port);
    const id = await waitFor(() => submitGreeting(submitter), { what: 'a submission' });
    expect(await submitter.wait(id)).to.equal('Hello Ada');

    await killRedis(server);
    await errorOf(submitGreeting(submitter));
    server = await startRedisOn(port);
    const later = await waitFor(() => submitGreeting(submitter), { what: 'another submission' });
    expect(await submitter.wait(later)).to.equal('Hello Ada');
  });

  it('gets a submission over a short outage, and does not send later what it gave up', async () => {
    const [patient, hasty] = [queue.submitter({ timeout: 20 }), queue.submitter({ timeout: 0.1 })];
    for (const one of [patient, hasty]) {
      one.register(greet);
      await one.stats();
    }
    await killRedis(server);

    const submitted = submitGreeting(patient);
    await errorOf(submitGreeting(hasty));
    server = await startRedisOn(port);

    const id = await submitted;
    await waitFor(() => hasty.stats(), { what: 'an answer' });
    expect((await hasty.list()).map((status) => status.id)).to.deep.equal([id]);
  });

  it('rejects within the deadline when Redis hangs, however many ask', async () => {
    const submitter = queue.submitter({ timeout: 0.2 });
    submitter.register(greet);
    await submitGreeting(submitter);
    freeze();

    const took = await msOf(async () => {
      const errors = await Promise.all(Array.from({ length: 500 }, () => errorOf(submitGreeting(submitter))));
      expect(errors.filter((error) => !(error instanceof TaskQueueError))).to.deep.equal([]);
      expect(String(errors[0])).to.match(/Redis does not answer/);
    });

    expect(took).to.be.below(200 + TOLERANCE_MS);
  });

  it('brings home what ended while Redis hung, and keeps those who wait waiting', async () => {
    const running = gate<string>();
    const task = defineTask({ name: 'long', handler: running.work });
    const worker = queue.worker({ timeout: 0.2 });
    worker.register(task);
    const id = await worker.submit(task, {});
    const result = worker.wait(id);
    await running.begun;
    freeze();

    running.open('done');
    await errorOf(worker.stats());
    thaw();

    expect(await result).to.equal('done');
    expect((await worker.getTaskStatus(id))?.status).to.equal('succeeded');
  });

  it('brings home what ended while the connections were lost', async () => {
    const running = gate<string>();
    const task = defineTask({ name: 'long', handler: running.work });
    const [worker, submitter] = [queue.worker(), queue.submitter()];
    for (const one of [worker, submitter]) one.register(task);
    const id = await submitter.submit(task, {});
    const result = submitter.wait(id);
    await running.begun;
    freeze();
    running.open('done');
    thaw();
    await killConnections();

    expect(await result).to.equal('done');
  });

  it('says of a task that was lost with the data of Redis that it is not known any more', async () => {
    const submitter = queue.submitter();
    submitter.register(greet);
    const waited = errorOf(submitter.wait(await submitGreeting(submitter)));
    await killRedis(server);
    server = await startRedisOn(port);

    expect(await waited).to.be.instanceOf(InvalidUseError);
  });

  it('shuts down in bounded time when Redis hangs, also with work that does not listen', async () => {
    const stubborn = gate();
    const tasks = ['obedient', 'stubborn'].map((name) =>
      defineTask({ name, handler: name === 'obedient' ? obedient : stubborn.work }),
    );
    const worker = queue.worker({ limit: 2 });
    worker.register(...tasks);
    for (const task of tasks) await becomes(worker, await worker.submit(task, {}), 'running');
    freeze();

    const took = await msOf(() => worker.shutdown({ timeout: 0.1 }));

    expect(took).to.be.below(100 + 2000 + TOLERANCE_MS);
    stubborn.open();
  });

  it('shuts down in bounded time when there never was a Redis', async () => {
    await killRedis(server);
    const worker = queue.worker();
    worker.register(greet);
    const waiting = errorOf(submitGreeting(worker));

    const took = await msOf(() => worker.shutdown({ timeout: 0.1 }));

    expect(took).to.be.below(100 + 2000 + TOLERANCE_MS);
    expect(await waiting).to.be.instanceOf(TaskQueueError);
  });

  it('never says the password', async () => {
    await server.stop();
    server = await startRedisOn(port, ['--requirepass', 'right']).catch(() => server);
    const url = `redis://:s3cret@127.0.0.1:${port}`;
    const manager = queue.worker({ url, timeout: 0.3 });
    manager.register(greet);

    const error = (await errorOf(submitGreeting(manager))) as TaskQueueError;

    expect(`${error.stack} ${JSON.stringify(error)} ${notices.said.join()}`).to.not.include('s3cret');
    expect(error.message).to.match(/WRONGPASS|NOAUTH/);
  });

  async function killConnections(): Promise<void> {
    const raw = new Redis(server.url);
    await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await raw.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    raw.disconnect();
  }
});
