import type { Redis } from 'ioredis';
import { nodeCrypto } from '../../built-ins.js';
import { checkKnownOptions } from '../../checks.js';
import { systemClock } from '../../clock.js';
import { toSeconds } from '../../duration.js';
import { RejectedError } from '../../errors.js';
import { instrumentsOf } from '../../telemetry/instruments.js';
import { onAbort } from '../abort-links.js';
import { runWithin } from '../time-scope.js';
import { submitOptionsOf, type DefinedTask } from './define-task.js';
import { loadBullMq, type BullMq, type BullQueue } from './durable/bullmq.js';
import { DurableMetrics } from './durable/durable-metrics.js';
import {
  checkDurableOptions,
  type DurableSettings,
  type DurableTaskManagerOptions,
} from './durable/durable-options.js';
import { DurableWorker } from './durable/durable-worker.js';
import { recordOf } from './durable/error-record.js';
import { RedisCalls } from './durable/redis-calls.js';
import { makeEnvelope } from './durable/task-envelope.js';
import { TaskStore } from './durable/task-store.js';
import { TaskWaits } from './durable/task-waits.js';
import { RegisteredTasks } from './registered-tasks.js';
import type { TaskCapabilities } from './task-capabilities.js';
import type { TaskEngine } from './task-engine.js';
import { checkSubmitOptions, type EndOptions, type SubmitOptions, type WaitOptions } from './task-options.js';
import type { DrainReport, ResultOf, TaskFilter, TaskId, TaskStats, TaskStatus } from './task-status.js';

export type { DurableTaskManagerOptions } from './durable/durable-options.js';

const CAPABILITIES: TaskCapabilities = {
  closures: true,
  durable: true,
  crossProcessCancel: true,
  priorities: true,
  delay: true,
};
/** bullmq serves 1 first and has 2^21 steps; ours go from -100 to 100. */
const HIGHEST_PRIORITY = 101;
const DRAIN_TIMEOUT = 30;
const SHUTDOWN_TIMEOUT = 5;

/** What is made when Redis is needed for the first time. */
interface Open {
  readonly calls: RedisCalls;
  readonly queue: BullQueue;
  readonly store: TaskStore;
  readonly waits: TaskWaits;
  readonly listen: () => Redis;
}

/**
 * Runs tasks that outlive the process, by the package bullmq on Redis. Managers of one name share a queue: a process may
 * submit tasks, run them, or both, and all of them can ask for, wait for and cancel any task.
 *
 * **A task runs at least once, and so sometimes twice**: when its process dies, or its event loop is blocked for longer
 * than `lockDuration`, it is begun again elsewhere. It must not matter: `attempt` and `idempotencyKey` of its context tell
 * it apart. Payloads and results are JSON. What runs a task is the handler that is registered under its name in the
 * process that runs it.
 *
 * ```ts
 * const tasks = new DurableTaskManager({ url: 'redis://localhost', name: 'mail' });
 * tasks.register(sendMail);
 * const id = await tasks.submit(sendMail, { to: 'ada@example.com' });
 * ```
 */
export class DurableTaskManager implements TaskEngine {
  readonly name: string;
  readonly capabilities = CAPABILITIES;
  readonly #settings: DurableSettings;
  readonly #bull: BullMq;
  readonly #tasks = new RegisteredTasks('the durable engine', CAPABILITIES);
  readonly #metrics: DurableMetrics;
  #opened: Open | undefined;
  #worker: DurableWorker | undefined;
  #closed: 'draining' | 'closed' | undefined;

  /** @throws {InvalidOptionError} @throws {InvalidUseError} when bullmq is not installed. */
  constructor(options: DurableTaskManagerOptions) {
    this.#settings = checkDurableOptions(options);
    const { name, limit, meterProvider } = this.#settings;
    this.name = name;
    this.#bull = loadBullMq();
    this.#metrics = new DurableMetrics(name, limit, instrumentsOf(meterProvider));
  }

  /** With a `limit` above 0 this process runs the tasks of these names from now on. */
  register(...tasks: readonly DefinedTask<never, unknown>[]): void {
    for (const task of tasks) this.#tasks.add(task);
    if (this.#closed === undefined && this.#settings.limit > 0 && tasks.length > 0) this.#work();
  }

  /**
   * Resolves when Redis has the task. Less urgent ones wait for as long as there are more urgent ones, of whatever name.
   *
   * @throws {TaskQueueError} when Redis does not take it within `timeout`. It may have it all the same, if it hung.
   * @throws {RejectedError} when nothing more is taken. @throws {InvalidOptionError}
   */
  async submit<Payload, T>(
    task: DefinedTask<Payload, T>,
    payload: Payload,
    options?: SubmitOptions,
  ): Promise<TaskId<T>> {
    this.#tasks.check(task);
    const { name } = task;
    const given = submitOptionsOf(task, payload, options);
    const limits = checkSubmitOptions(name, given, systemClock);
    const envelope = makeEnvelope(task, payload, given, limits, this.#settings.queueTimeout);
    const { signal, key, call, retry, delayMs } = limits;
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#refusal(name, this.#closed);
    const id = await this.#add(name, envelope, {
      priority: HIGHEST_PRIORITY - call.priority,
      delay: Math.ceil(delayMs),
      attempts: retry?.maxAttempts ?? 1,
      backoff: { type: 'task' },
      stackTraceLimit: 1,
      ...(key === undefined ? {} : { deduplication: { id: `${name.length}-${name}-${key}` } }),
    });
    if (signal !== undefined) this.#cancelBy(signal, id);
    return id as TaskId<T>;
  }

  /** As that of a manager in the process, for a task of any process. @throws {TaskQueueError} when Redis is away now. */
  async wait<Id extends TaskId>(id: Id, options?: WaitOptions): Promise<ResultOf<Id>> {
    checkKnownOptions('wait', options, ['timeout', 'signal']);
    const { timeout = Infinity, signal } = options ?? {};
    const ms = toSeconds('timeout', timeout, { allowInfinity: true }) * 1000;
    const { waits } = this.#open();
    const view = await runWithin(waits.ended(id), { ms, what: `task ${id}`, clock: systemClock, signal });
    return view.result() as ResultOf<Id>;
  }

  /** @throws {TaskQueueError} when Redis does not answer. */
  async getTaskStatus(id: TaskId): Promise<TaskStatus | undefined> {
    return (await this.#open().store.read(id))?.status();
  }

  /**
   * Ends a task of any process, in milliseconds: one that waits is not begun, one that runs is told by its signal and is
   * `cancelling` until it has ended. False when it has ended already, or is not known.
   *
   * @throws {TaskQueueError} when Redis does not answer.
   */
  async cancel(id: TaskId, reason?: unknown): Promise<boolean> {
    const { store, calls, queue } = this.#open();
    const why = reason ?? new DOMException(`task ${id} was cancelled`, 'AbortError');
    if (!(await store.cancel(id, recordOf(why, `task ${id}`)))) return false;
    // Nothing hangs on the rest: another task may have its key, and one that is delayed need not lie there for days.
    await calls
      .call('cancel', async () => {
        const job = await queue.getJob(id);
        await job?.removeDeduplicationKey();
        await job?.promote().catch(() => undefined);
      })
      .catch(() => undefined);
    return true;
  }

  /** The 1000 that came last of each kind, in the order they came. @throws {TaskQueueError} */
  async list(filter: TaskFilter = {}): Promise<readonly TaskStatus[]> {
    checkKnownOptions('list', filter, ['name', 'status']);
    const states = typeof filter.status === 'string' ? [filter.status] : filter.status;
    const views = await this.#open().store.list();
    return views
      .filter(({ name, state }) => name === (filter.name ?? name) && states?.includes(state) !== false)
      .map((view) => view.status());
  }

  /** Of the whole queue; `limit`, `zombies` and `ended` of this process. @throws {TaskQueueError} */
  async stats(): Promise<TaskStats> {
    const { limit, shared, ended } = this.#metrics;
    const sample = await this.#open().store.sample();
    return { limit, zombies: shared.zombies, ended: { ...ended }, ...sample };
  }

  /**
   * Takes nothing more and begins nothing more here; what waits stays in the queue, for others or for later. What runs may
   * end, for 30 s unless told otherwise; what has not is told to, and goes back to the queue. Questions are still answered.
   */
  drain({ timeout = DRAIN_TIMEOUT }: EndOptions = {}): Promise<DrainReport> {
    this.#closed ??= 'draining';
    return this.#end(timeout);
  }

  /** As `drain`, for 5 s, and then ends all connections. Never takes much longer than that, whatever Redis does. */
  async shutdown({ timeout = SHUTDOWN_TIMEOUT }: EndOptions = {}): Promise<DrainReport> {
    this.#closed = 'closed';
    const report = await this.#end(timeout);
    this.#opened?.waits.close();
    this.#opened?.calls.close();
    return report;
  }

  async #end(timeout: EndOptions['timeout']): Promise<DrainReport> {
    const ms = toSeconds('timeout', timeout, { allowInfinity: true }) * 1000;
    const report = (await this.#worker?.end(ms)) ?? { givenUp: 0, abandoned: [] };
    this.#metrics.stop();
    return report;
  }

  /** Resolves to the id of the task that is under way for it. */
  async #add(name: string, envelope: object, options: object): Promise<TaskId> {
    const { calls, queue, store } = this.#open();
    const jobId = nodeCrypto().randomUUID();
    const add = () => calls.call('submit', () => queue.add(name, envelope, { ...options, jobId }));
    const job = await add();
    if (job.id === jobId || job.id === undefined) return jobId;
    const other = await store.read(job.id);
    if (other?.isSettled === false) {
      this.#metrics.joined(name);
      return job.id;
    }
    // The other one cannot have a result any more, but no worker has come by yet.
    await calls.call('submit', () => job.removeDeduplicationKey());
    return (await add()).id ?? jobId;
  }

  #cancelBy(signal: AbortSignal, id: TaskId): void {
    const unlink = onAbort(signal, () => void this.cancel(id, signal.reason).catch(() => undefined));
    void this.#open().waits.ended(id).then(unlink, unlink);
  }

  #refusal(name: string, reason: 'draining' | 'closed'): RejectedError {
    this.#metrics.rejected(reason);
    return new RejectedError(`task "${name}"`, reason);
  }

  #work(): void {
    if (this.#worker !== undefined) return;
    const { calls, queue, store, listen } = this.#open();
    this.#worker = new DurableWorker({
      settings: this.#settings,
      bull: this.#bull,
      tasks: this.#tasks,
      metrics: this.#metrics,
      queue,
      store,
      client: calls.connectPatiently(),
      listener: listen(),
    });
    this.#metrics.watch();
  }

  #open(): Open {
    if (this.#opened !== undefined) return this.#opened;
    const { name, prefix, keepFor } = this.#settings;
    const calls = new RedisCalls(this.#settings);
    const queue = new this.#bull.Queue(name, {
      connection: calls.client,
      prefix,
      // It must not wait for Redis, nor be spoilt for good by one that is away now.
      skipWaitingForReady: true,
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    queue.on('error', () => undefined);
    let listener: Redis | undefined;
    const listen = () => (listener ??= calls.connectPatiently());
    const store = new TaskStore(calls, queue, keepFor * 1000);
    const waits = new TaskWaits(name, store, listen);
    return (this.#opened = { calls, queue, store, waits, listen });
  }
}
