import {
  checkFunction,
  checkKnownOptions,
  checkPositiveInteger,
  checkText,
  withDefaults,
} from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import { toSeconds, type Duration } from '../../duration.js';
import { InvalidUseError, show } from '../../errors.js';
import { instrumentsOf, type MeterProvider } from '../../telemetry/instruments.js';
import { currentOrigin } from '../../telemetry/task-span.js';
import { AdaptiveLimit, type AdaptiveLimitOptions } from '../lease/adaptive-limit.js';
import { FairQueue } from '../lease/fair-queue.js';
import { LeaseKernel } from '../lease/lease-kernel.js';
import { LeaseMetrics } from '../lease/lease-metrics.js';
import { StandingQueue } from '../lease/standing-queue.js';
import { runWithin } from '../time-scope.js';
import { beginTask } from './begin-task.js';
import { submitOptionsOf, type DefinedTask } from './define-task.js';
import { endTasks } from './end-tasks.js';
import { RegisteredTasks } from './registered-tasks.js';
import type { TaskCapabilities } from './task-capabilities.js';
import type { TaskEngine } from './task-engine.js';
import { TaskLanes, type LaneHome } from './task-lane.js';
import { TaskLedger } from './task-ledger.js';
import { loadHandler } from './task-module.js';
import {
  checkSubmitOptions,
  PLAIN,
  type EndOptions,
  type SubmitOptions,
  type TaskContext,
  type TaskWork,
  type WaitOptions,
} from './task-options.js';
import { TaskRecord } from './task-record.js';
import type { DrainReport, ResultOf, TaskFilter, TaskId, TaskStats, TaskStatus } from './task-status.js';

/** How many tasks run, wait, and are remembered. */
export interface BackgroundTaskManagerOptions {
  /** Value of the attribute `perf.task.queue`. @default 'default' */
  readonly name?: string;
  /** How many tasks run at the same time: a number, or options for a limit that follows what the other side can do. @default 10 */
  readonly limit?: number | AdaptiveLimitOptions;
  /** Tasks that may wait, delayed ones included; further ones are refused at once. @default 10000 */
  readonly maxQueued?: number;
  /** How long a task may wait for its place. Default: for ever. */
  readonly queueTimeout?: Duration;
  /** Ended tasks whose status and result are kept, at most; with them what they returned. @default 10000 */
  readonly maxKept?: number;
  /** How long they are kept. @default '10m' */
  readonly keepFor?: Duration;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

const DEFAULTS = {
  name: 'default',
  limit: 10,
  maxQueued: 10_000,
  queueTimeout: Infinity,
  maxKept: 10_000,
  keepFor: 600,
  clock: systemClock,
} as const;
const KNOWN = [
  'name',
  'limit',
  'maxQueued',
  'queueTimeout',
  'maxKept',
  'keepFor',
  'meterProvider',
  'clock',
] as const;
const DRAIN_TIMEOUT = 30;
const SHUTDOWN_TIMEOUT = 5;

const CAPABILITIES: TaskCapabilities = {
  closures: true,
  durable: false,
  crossProcessCancel: false,
  priorities: true,
  delay: true,
};

/**
 * Runs tasks in this process, so many at the same time; the others wait. Each name gets the same share of the time, so
 * that ten thousand tasks of one do not hold up one of another.
 *
 * A task that fails while nobody waits for it is kept as failed, counted, and logged once for its name: it never is an
 * unhandled rejection. What was submitted is lost when the process ends.
 *
 * ```ts
 * const id = tasks.submit('report', ({ signal }) => writeReport({ signal }), { timeout: '5m' });
 * const report = await tasks.wait(id, { timeout: '1m' });
 * ```
 */
export class BackgroundTaskManager implements TaskEngine {
  readonly name: string;
  readonly capabilities = CAPABILITIES;
  /** Whether they find their limit themselves. */
  readonly isAdaptive: boolean;
  readonly #maxQueued: number;
  readonly #home: LaneHome;
  readonly #lanes: TaskLanes;
  readonly #ledger: TaskLedger;
  readonly #tasks: RegisteredTasks;
  #closed: 'draining' | 'closed' | undefined;

  /** @throws {InvalidOptionError} */
  constructor(options?: BackgroundTaskManagerOptions) {
    const given = withDefaults('BackgroundTaskManager', DEFAULTS, options, KNOWN);
    const { clock } = given;
    const limit: number | AdaptiveLimitOptions = given.limit;
    const name = checkText('name', given.name);
    const instruments = instrumentsOf(given.meterProvider);
    const metrics = new LeaseMetrics(name, instruments);
    const patience = toSeconds('queueTimeout', given.queueTimeout, { allowInfinity: true });
    const kernel = new LeaseKernel({
      what: `tasks "${name}"`,
      limit:
        typeof limit === 'number' ? checkPositiveInteger('limit', limit) : new AdaptiveLimit('limit', limit),
      // Whoever has been taken is not refused for lack of room when he comes back from a delay.
      maxQueued: Infinity,
      queue: new FairQueue(),
      standing: new StandingQueue(patience * 1000, false),
      clock,
      onWaited: (seconds) => metrics.waited(seconds),
      onRefused: (reason) => metrics.rejected(reason),
    });
    this.name = name;
    this.#maxQueued = checkPositiveInteger('maxQueued', given.maxQueued);
    this.isAdaptive = typeof limit !== 'number';
    this.#home = { name, clock, kernel, metrics, instruments, lingering: new Set() };
    this.#lanes = new TaskLanes(this.#home);
    const maxKept = checkPositiveInteger('maxKept', given.maxKept);
    const maxAgeMs = toSeconds('keepFor', given.keepFor) * 1000;
    this.#ledger = new TaskLedger({ name, maxKept, maxAgeMs, clock });
    this.#tasks = new RegisteredTasks('the engine in this process', CAPABILITIES);
    metrics.watch(kernel);
    this.#ledger.watch(instruments);
  }

  register(...tasks: readonly DefinedTask<never, unknown>[]): void {
    for (const task of tasks) this.#tasks.add(task);
  }

  /**
   * Takes a task, a function under a name or a defined one with what it works on, and returns its id. It begins in a
   * later turn, with the OpenTelemetry context and the AsyncLocalStorage of the caller, but without the caller's deadline.
   *
   * @throws {RejectedError} when too many wait already, or nothing more is taken. @throws {InvalidOptionError}
   */
  submit<T>(name: string, work: (context: TaskContext) => T, options?: SubmitOptions): TaskId<Awaited<T>>;
  submit<Payload, T>(task: DefinedTask<Payload, T>, payload: Payload, options?: SubmitOptions): TaskId<T>;
  submit<T>(task: string | DefinedTask<unknown, T>, input: unknown, options?: SubmitOptions): TaskId<T> {
    if (typeof task === 'string')
      return this.#submit(checkText('name', task), checkFunction('work', input) as TaskWork<T>, options);
    this.#tasks.check(task);
    const { name, handler } = task;
    const work: TaskWork<T> =
      typeof handler === 'function'
        ? (context) => handler(input, context)
        : async (context) => (await loadHandler(handler.href))(input, context) as Promise<T>;
    return this.#submit(name, work, submitOptionsOf(task, input, options));
  }

  /**
   * Settles as the task does, with its own error, also after it has ended.
   *
   * @throws {TimeoutError} when the wait was too long; an AbortError when the task was cancelled; a RejectedError when it
   * was not begun; an InvalidUseError for an id that is not known, or not any more.
   */
  wait<Id extends TaskId>(id: Id, options?: WaitOptions): Promise<ResultOf<Id>> {
    const record = this.#ledger.find(id);
    if (record !== undefined && options === undefined) return record.result() as Promise<ResultOf<Id>>;
    return this.#wait(id, record, options) as Promise<ResultOf<Id>>;
  }

  /** What is known of a task; `undefined` when it is not known, or not any more. */
  getTaskStatus(id: TaskId): TaskStatus | undefined {
    return this.#ledger.find(id)?.status();
  }

  /**
   * Ends a task: one that waits is not begun, one that runs is told by its signal and is `cancelling` until it has ended.
   * Whoever waits for it gets the reason at once. False when it has ended already, or is not known.
   */
  cancel(id: TaskId, reason?: unknown): boolean {
    const record = this.#ledger.find(id);
    if (record?.isPending !== true) return false;
    record.run!.cancel(reason ?? new DOMException(`task "${record.name}" was cancelled`, 'AbortError'));
    return true;
  }

  /** All that are known, in the order they came. */
  list(filter: TaskFilter = {}): readonly TaskStatus[] {
    checkKnownOptions('list', filter, ['name', 'status']);
    const states = typeof filter.status === 'string' ? [filter.status] : filter.status;
    return this.#ledger
      .records()
      .filter(({ name, state }) => name === (filter.name ?? name) && states?.includes(state) !== false)
      .map((record) => record.status());
  }

  stats(): TaskStats {
    const { active, queued, limit, oldestWait } = this.#home.kernel;
    const { delayed, kept, counts } = this.#ledger;
    const { zombies } = this.#home.metrics;
    return { limit, active, queued, delayed, zombies, oldestWait, kept, ended: { ...counts } };
  }

  /** Takes effect at once; what runs is never interrupted. @throws {InvalidUseError} for a limit that adapts. */
  setLimit(limit: number): void {
    if (this.isAdaptive) throw new InvalidUseError(`tasks "${this.name}" find their limit themselves`);
    this.#home.kernel.setLimit(checkPositiveInteger('limit', limit));
  }

  /** Takes nothing more, and lets all that was taken end, for 30 s unless told otherwise. */
  async drain({ timeout = DRAIN_TIMEOUT }: EndOptions = {}): Promise<DrainReport> {
    const timeoutMs = toSeconds('timeout', timeout, { allowInfinity: true }) * 1000;
    this.#closed ??= 'draining';
    return this.#end(timeoutMs);
  }

  /** Takes nothing more, refuses what waits, and lets what runs end, for 5 s unless told otherwise. */
  async shutdown({ timeout = SHUTDOWN_TIMEOUT }: EndOptions = {}): Promise<DrainReport> {
    const timeoutMs = toSeconds('timeout', timeout, { allowInfinity: true }) * 1000;
    this.#closed = 'closed';
    for (const { isPending, run } of this.#ledger.records()) if (isPending) run?.drop('closed');
    return this.#end(timeoutMs);
  }

  async #wait(
    id: TaskId,
    record: TaskRecord | undefined,
    options: WaitOptions | undefined,
  ): Promise<unknown> {
    checkKnownOptions('wait', options, ['timeout', 'signal']);
    const { timeout = Infinity, signal } = options ?? {};
    const ms = toSeconds('timeout', timeout, { allowInfinity: true }) * 1000;
    if (record === undefined)
      throw new InvalidUseError(`no task has the id ${show(id)}, or it ended too long ago to be known`);
    const what = `task "${record.name}"`;
    return runWithin(record.result(), { ms, what, clock: this.#home.clock, signal });
  }

  async #end(timeoutMs: number): Promise<DrainReport> {
    const report = await endTasks(this.#home, this.#ledger, timeoutMs);
    this.#home.metrics.stop();
    this.#ledger.close();
    return report;
  }

  #submit<T>(name: string, work: TaskWork<T>, options: SubmitOptions | undefined): TaskId<T> {
    const { clock, kernel } = this.#home;
    const limits = options === undefined ? PLAIN : checkSubmitOptions(name, options, clock);
    const lane = this.#lanes.of(name);
    if (this.#closed !== undefined) throw lane.refusal(this.#closed);
    if (limits.key !== undefined) {
      const underWay = this.#ledger.findKeyed(name, limits.key);
      if (underWay !== undefined) {
        lane.joined.add(1);
        return underWay.id as TaskId<T>;
      }
    }
    if (kernel.queued + this.#ledger.delayed >= this.#maxQueued) throw lane.refusal('queue_full');
    const number = this.#ledger.nextNumber();
    const now = clock.now();
    const record = new TaskRecord(this.#ledger, number, name, lane, limits.key, currentOrigin(), now);
    this.#ledger.add(record);
    beginTask(record, work, limits, clock);
    return record.id as TaskId<T>;
  }
}
