import { expect } from 'chai';
import { defineTask, type DefinedTask } from '../../../src/async/tasks/define-task.js';
import type { TaskEngine } from '../../../src/async/tasks/task-engine.js';
import type { TaskState } from '../../../src/async/tasks/task-status.js';
import { InvalidUseError, TimeoutError } from '../../../src/errors.js';
import { waitFor } from '../../e2e/wait-for.js';
import { errorOf } from './tasks-with.js';

/** What a task of the contract is to do; survives JSON. */
interface Script {
  readonly returns?: unknown;
  /** Message of the error it throws. */
  readonly throws?: string;
  /** Attempts that fail before one succeeds. */
  readonly failures?: number;
  readonly progress?: number;
  /** Returns the key it was handed. */
  readonly tellsKey?: boolean;
  /** Goes on until it is told to end. */
  readonly hangs?: boolean;
}

export interface EngineUnderTest {
  /** Runs one task at a time. */
  readonly open: () => TaskEngine | Promise<TaskEngine>;
}

const handler = new URL('./handlers/scripted.mjs', import.meta.url);
const retry = { maxAttempts: 3, delay: 0.01, jitter: 'none', budget: false } as const;

/** What every engine does, in real time: local, in threads, or durable. */
export function describeEngine(name: string, { open }: EngineUnderTest): void {
  describe(`${name} as an engine of tasks`, () => {
    let engine: TaskEngine;
    let task: DefinedTask<Script, unknown>;

    beforeEach(async () => {
      engine = await open();
      task = defineTask<Script, unknown>({ name: 'scripted', handler });
      engine.register(task);
    });
    afterEach(() => engine.shutdown({ timeout: 0.001 }));

    const becomes = (id: string, status: TaskState) =>
      waitFor(async () => (await engine.getTaskStatus(id))?.status === status, {
        what: `${id} to be ${status}`,
      });

    it('runs a registered task and hands on its result', async () => {
      const id = await engine.submit(task, { returns: { sum: [1, 2] } });

      expect(await engine.wait(id)).to.deep.equal({ sum: [1, 2] });
      expect(await engine.getTaskStatus(id)).to.include({
        id,
        name: 'scripted',
        status: 'succeeded',
        attempts: 1,
      });
    });

    it('hands on errors, also to who asks after the fact', async () => {
      const id = await engine.submit(task, { throws: 'no such order' });

      expect(await errorOf(engine.wait(id))).to.have.property('message', 'no such order');
      expect(await errorOf(engine.wait(id))).to.have.property('message', 'no such order');
      const status = await engine.getTaskStatus(id);
      expect(status?.status).to.equal('failed');
      expect(status?.error).to.have.property('message', 'no such order');
    });

    it('tries again as often as it is told', async () => {
      const flaky = defineTask<Script, unknown>({ name: 'flaky', handler, retry });
      engine.register(flaky);
      const [id, hopeless] = [
        await engine.submit(flaky, { failures: 2 }),
        await engine.submit(flaky, { failures: 9 }),
      ];

      expect(await engine.wait(id)).to.equal(3);
      expect(await errorOf(engine.wait(hopeless))).to.have.property('message', 'attempt 3 fails');
      expect((await engine.getTaskStatus(hopeless))?.attempts).to.equal(3);
    });

    it('ends what takes too long, and goes on with the next', async () => {
      const id = await engine.submit(task, { hangs: true }, { timeout: 0.1 });
      const next = await engine.submit(task, { returns: 'next' });

      const error = await errorOf(engine.wait(id));
      expect(error).to.have.property('name', 'TimeoutError');
      await becomes(id, 'timed_out');
      expect(await engine.wait(next)).to.equal('next');
    });

    it('ends the waiting, not the task, when the wait is over', async () => {
      const id = await engine.submit(task, { hangs: true });
      await becomes(id, 'running');

      expect(await errorOf(engine.wait(id, { timeout: 0.01 }))).to.be.instanceOf(TimeoutError);
      expect((await engine.getTaskStatus(id))?.status).to.equal('running');
    });

    it('cancels what waits at once, and what runs by and by', async () => {
      const running = await engine.submit(task, { hangs: true });
      const waiting = await engine.submit(task, { returns: 1 });
      await becomes(running, 'running');

      expect(await engine.cancel(waiting)).to.equal(true);
      expect((await engine.getTaskStatus(waiting))?.status).to.equal('cancelled');
      expect(await engine.cancel(running)).to.equal(true);
      expect(await errorOf(engine.wait(running))).to.have.property('name', 'AbortError');
      await becomes(running, 'cancelled');
      expect(await engine.cancel(running)).to.equal(false);
    });

    it('serves the more urgent first', async () => {
      const running = await engine.submit(task, { hangs: true });
      await becomes(running, 'running');
      const usual = await engine.submit(task, { returns: 'usual' });
      const urgent = await engine.submit(task, { hangs: true }, { priority: 10 });

      await engine.cancel(running);
      await becomes(urgent, 'running');
      expect((await engine.getTaskStatus(usual))?.status).to.equal('queued');
      await engine.cancel(urgent);
      expect(await engine.wait(usual)).to.equal('usual');
    });

    it('begins after the delay', async () => {
      const id = await engine.submit(task, { returns: 'late' }, { delay: 0.2 });

      expect((await engine.getTaskStatus(id))?.status).to.equal('delayed');
      expect(await engine.wait(id)).to.equal('late');
    });

    it('begins equal tasks once, while the first is under way', async () => {
      const keyed = defineTask<Script, unknown>({
        name: 'keyed',
        handler,
        idempotencyKey: ({ returns }) => String(returns),
      });
      engine.register(keyed);
      const blocking = await engine.submit(task, { hangs: true });
      const ids = [
        await engine.submit(keyed, { returns: 'a' }),
        await engine.submit(keyed, { returns: 'a' }),
        await engine.submit(keyed, { returns: 'b' }),
      ];

      expect(new Set(ids).size).to.equal(2);
      await engine.cancel(blocking);
      expect(await Promise.all(ids.map((id) => engine.wait(id)))).to.deep.equal(['a', 'a', 'b']);
    });

    it('hands on the key of the submission, or else the id', async () => {
      const ids = [
        await engine.submit(task, { tellsKey: true }, { idempotencyKey: 'order 7' }),
        await engine.submit(task, { tellsKey: true }),
      ];

      expect(await Promise.all(ids.map((id) => engine.wait(id)))).to.deep.equal(['order 7', ids[1]]);
    });

    it('tells how far a task is', async () => {
      const id = await engine.submit(task, { progress: 0.5, hangs: true });

      await waitFor(async () => (await engine.getTaskStatus(id))?.progress === 0.5, { what: 'the progress' });
    });

    it('lists and counts what it knows', async () => {
      const done = await engine.submit(task, { returns: 1 });
      await engine.wait(done);
      const running = await engine.submit(task, { hangs: true });
      await becomes(running, 'running');
      const waiting = await engine.submit(task, { returns: 2 });

      const idsOf = async (status: TaskState) => (await engine.list({ status })).map(({ id }) => id);
      expect(await idsOf('succeeded')).to.deep.equal([done]);
      expect(await idsOf('running')).to.deep.equal([running]);
      expect(await idsOf('queued')).to.deep.equal([waiting]);
      expect(await engine.stats()).to.include({ active: 1, queued: 1, kept: 1 });
    });

    it('drains: what was taken ends or stays in the queue, nothing more is taken', async () => {
      const ids = [await engine.submit(task, { returns: 1 }), await engine.submit(task, { returns: 2 })];
      const results = Promise.all(ids.map((id) => engine.wait(id)));
      if (engine.capabilities.durable) await results;
      const drained = engine.drain();

      expect(await errorOf((async () => engine.submit(task, {}))())).to.have.property(
        'code',
        'PERF_REJECTED',
      );
      expect(await drained).to.deep.equal({ givenUp: 0, abandoned: [] });
      expect(await results).to.deep.equal([1, 2]);
    });

    it('knows nothing of ids that are not its own', async () => {
      expect(await engine.getTaskStatus('nobody')).to.equal(undefined);
      expect(await engine.cancel('nobody')).to.equal(false);
      expect(await errorOf(engine.wait('nobody'))).to.be.instanceOf(InvalidUseError);
    });

    it('refuses at registration what it cannot do, and two tasks of one name', () => {
      const { capabilities } = engine;
      for (const capability of ['durable', 'crossProcessCancel', 'priorities', 'delay'] as const) {
        const demanding = defineTask({ name: `needs ${capability}`, handler, requires: [capability] });
        const register = () => engine.register(demanding);
        if (capabilities[capability]) expect(register).to.not.throw();
        else expect(register).to.throw(InvalidUseError, capability);
      }
      const closure = defineTask({ name: 'closure', handler: () => 1 });
      if (capabilities.closures) expect(() => engine.register(closure)).to.not.throw();
      else expect(() => engine.register(closure)).to.throw(InvalidUseError, 'module');
      expect(() => engine.register(defineTask({ name: 'scripted', handler }))).to.throw(
        InvalidUseError,
        'another',
      );
    });

    it('runs no task that is not registered', async () => {
      const stranger = defineTask<Script, unknown>({ name: 'stranger', handler });

      expect(await errorOf((async () => engine.submit(stranger, {}))())).to.be.instanceOf(InvalidUseError);
    });
  });
}
