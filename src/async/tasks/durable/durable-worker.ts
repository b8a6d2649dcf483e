import { AsyncResource } from 'node:async_hooks';
import type { Redis } from 'ioredis';
import { systemClock, type Cancel } from '../../../clock.js';
import { noticeOnce } from '../../../telemetry/notice.js';
import { settlesWithin } from '../end-tasks.js';
import type { RegisteredTasks } from '../registered-tasks.js';
import type { DrainReport } from '../task-status.js';
import type { BullJob, BullMq, BullQueue, BullWorker } from './bullmq.js';
import type { DurableMetrics } from './durable-metrics.js';
import type { DurableSettings } from './durable-options.js';
import { DurableRun, type RunHome } from './durable-run.js';
import type { ErrorRecord } from './error-record.js';
import { readEnvelope } from './task-envelope.js';
import { TaskFailure } from './task-failure.js';
import { codeOf } from './task-queue-error.js';
import type { TaskStore } from './task-store.js';

export interface DurableWorkerOptions {
  readonly settings: DurableSettings;
  readonly bull: BullMq;
  readonly queue: BullQueue;
  readonly tasks: RegisteredTasks;
  readonly store: TaskStore;
  readonly metrics: DurableMetrics;
  /** Waits for Redis, however long that takes; for commands. */
  readonly client: Redis;
  /** The same, for messages. */
  readonly listener: Redis;
}

/** From so many processes that died a task is taken; then it fails, as it may be what they died of. */
const MAX_TAKE_OVERS = 5;
/** A task that a worker does not know, of a newer version of the application, is put back for longer each time. */
const FIRST_UNKNOWN_MS = 50;
const MAX_UNKNOWN_MS = 5000;
/** A message may be lost: so often running tasks are looked up, and the queue is counted. */
const LOOK_MS = 2000;
/** bullmq waits so long after a command that failed. */
const RETRY_MS = 1000;
/** What a task that is told to end may take to do so. */
const GRACE_MS = 1000;
/** What bullmq may take to close when nothing runs any more: it may never come back. */
const CLOSE_MS = 1000;

/** The tasks of a worker belong to nobody here: they must not see the request in which it was made. */
const outside = AsyncResource.bind(<T>(work: () => T): T => work());

/** The part of a manager that runs tasks. */
export class DurableWorker {
  readonly #options: DurableWorkerOptions;
  readonly #home: RunHome;
  readonly #worker: BullWorker;
  readonly #runs = new Map<string, DurableRun>();
  /** Also when the job has left the map, as bullmq moves it afterwards. */
  readonly #runOf = new WeakMap<BullJob, DurableRun>();
  readonly #stopLooking: Cancel;
  #isLooking = false;
  #isEnding = false;

  constructor(options: DurableWorkerOptions) {
    const { bull, client, store, metrics, listener } = options;
    this.#options = options;
    this.#home = {
      client,
      store,
      metrics,
      putBack: async (job, delayMs, token) => {
        await job.moveToDelayed(Date.now() + delayMs, token);
        throw new bull.DelayedError();
      },
      leave: () => new bull.DelayedError(),
    };
    listener.on('message', (channel: string, message: string) => {
      if (channel === store.cancelChannel) this.#cancel(message);
    });
    const subscribe = () => void listener.subscribe(store.cancelChannel).catch(() => undefined);
    subscribe();
    listener.on('ready', () => {
      subscribe();
      void this.#look();
    });
    this.#worker = outside(() => this.#open());
    this.#stopLooking = systemClock.every(LOOK_MS, () => void this.#look());
  }

  /**
   * Begins nothing more, and lets what runs end. What does not in time is told to, has one more second, and goes back to
   * the queue; what has not ended then is begun elsewhere when its lock is over.
   */
  async end(timeoutMs: number): Promise<DrainReport> {
    this.#isEnding = true;
    this.#stopLooking();
    const closed = this.#worker.close().catch(() => undefined);
    if (await settlesWithin(closed, timeoutMs, systemClock)) return { givenUp: 0, abandoned: [] };
    const open = [...this.#runs.values()];
    const { name } = this.#options.settings;
    const reason = new DOMException(`tasks "${name}" were given no more time`, 'AbortError');
    for (const run of open) run.release(reason);
    if (open.length > 0) await settlesWithin(closed, GRACE_MS, systemClock);
    const abandoned = [...this.#runs.values()];
    const report = { givenUp: open.length, abandoned: abandoned.map((run) => run.status()) };
    for (const run of abandoned) run.abandon();
    await settlesWithin(closed, CLOSE_MS, systemClock);
    return report;
  }

  #open(): BullWorker {
    const { settings, bull, client } = this.#options;
    const { name, prefix, limit, lockDuration, keepFor, maxKept } = settings;
    const lockMs = Math.ceil(lockDuration * 1000);
    const kept = { age: Math.ceil(keepFor), count: maxKept };
    const worker = new bull.Worker(name, (job, token) => this.#process(job, token), {
      connection: client,
      prefix,
      concurrency: limit,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 2),
      maxStalledCount: MAX_TAKE_OVERS,
      removeOnComplete: kept,
      removeOnFail: kept,
      runRetryDelay: RETRY_MS,
      settings: { backoffStrategy },
    });
    worker.on('error', (error) => this.#onError(error));
    worker.on('completed', (job) => void this.#onEnded(job));
    worker.on('failed', (job) => void this.#onEnded(job));
    return worker;
  }

  async #process(job: BullJob, token: string | undefined): Promise<unknown> {
    const { tasks, settings, metrics } = this.#options;
    if (this.#isEnding) return this.#home.putBack(job, 0, token);
    const task = tasks.find(job.name);
    const envelope = readEnvelope(job.data);
    if (task === undefined || envelope === undefined) {
      const message = `task "${job.name}" is not known to a worker of tasks "${settings.name}", others may know it`;
      noticeOnce(`unknown task ${settings.name} ${job.name}`, message);
      const bound = Math.min(MAX_UNKNOWN_MS, FIRST_UNKNOWN_MS * 2 ** (job.attemptsStarted ?? 0));
      return this.#home.putBack(job, Math.ceil(bound * (0.5 + 0.5 * Math.random())), token);
    }
    const run = new DurableRun(this.#home, job, token, task, envelope);
    this.#runs.set(run.id, run);
    this.#runOf.set(job, run);
    metrics.active += 1;
    try {
      return await run.run();
    } finally {
      metrics.active -= 1;
      if (this.#runs.get(run.id) === run) this.#runs.delete(run.id);
    }
  }

  #cancel(message: string): void {
    const [id, reason] = JSON.parse(message) as [string, string];
    this.#runs.get(id)?.cancel(JSON.parse(reason) as ErrorRecord);
  }

  /** bullmq has moved the job: those who wait may know. */
  async #onEnded(job: BullJob | undefined): Promise<void> {
    if (job === undefined) return;
    const { metrics, store, client } = this.#options;
    const run = this.#runOf.get(job);
    // Without a run it was ended by bullmq, which had to take it from too many processes.
    const state = run === undefined ? 'failed' : run.endState;
    if (state === undefined) return;
    metrics.ended[state] += 1;
    const heard = await store.tell(client, job.id!).catch(() => 1);
    if (heard === 0 && (state === 'failed' || state === 'timed_out'))
      metrics.unobserved(job.name, job.id!, run?.error);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { store, metrics } = this.#options;
    try {
      const views = await store.readAll([...this.#runs.keys()]);
      for (const view of views) {
        if (view?.cancelled !== undefined) this.#runs.get(view.id)?.cancel(view.cancelled);
      }
      metrics.sampled(await store.sample());
    } catch {
      // Redis is away: there will be another look.
    } finally {
      this.#isLooking = false;
    }
  }

  #onError(error: unknown): void {
    const { name } = this.#options.settings;
    const isLock = /\block\b/i.test(String((error as { message?: unknown } | null)?.message));
    const what = isLock
      ? 'lost the lock of a task, which may run twice: was the event loop blocked?'
      : `cannot work (${codeOf(error)})`;
    noticeOnce(`durable tasks ${name} ${what}`, `the worker of tasks "${name}" ${what}`);
  }
}

function backoffStrategy(_made: number, _type: string, error: unknown): number {
  return error instanceof TaskFailure ? error.retryInMs : -1;
}
