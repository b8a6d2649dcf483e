import type { Redis } from 'ioredis';
import { systemClock } from '../../../clock.js';
import { InvalidUseError, RejectedError } from '../../../errors.js';
import { startTaskSpan, type TaskSpan } from '../../../telemetry/task-span.js';
import type { DefinedTask, TaskHandler } from '../define-task.js';
import { loadHandler } from '../task-module.js';
import type { EndState, TaskStatus } from '../task-status.js';
import type { BullJob } from './bullmq.js';
import { DurableAttempt, type AttemptOutcome, type GivenUp } from './durable-attempt.js';
import type { DurableMetrics } from './durable-metrics.js';
import { errorOf, recordOf, type ErrorRecord } from './error-record.js';
import { TaskRetries } from './retry-decision.js';
import { originOf, policyOf, type TaskEnvelope } from './task-envelope.js';
import { TaskFailure } from './task-failure.js';
import type { TaskStore } from './task-store.js';
import type { TaskEnd } from './task-view.js';

/** What the runs of one worker have in common. */
export interface RunHome {
  /** Waits for Redis, however long that takes. */
  readonly client: Redis;
  readonly store: TaskStore;
  readonly metrics: DurableMetrics;
  /** Puts a job back, and throws what tells bullmq so. */
  readonly putBack: (job: BullJob, delayMs: number, token: string | undefined) => Promise<never>;
  /** What tells bullmq to leave a job as it is. */
  readonly leave: () => Error;
}

/** What becomes of a task after an attempt that failed. */
interface Verdict {
  readonly error: unknown;
  /** Milliseconds; `undefined`: never. */
  readonly retryInMs: number | undefined;
}

/** What a worker does with one job: it begins an attempt if it is to, and decides what becomes of the task. */
export class DurableRun {
  /** How the task ended; `undefined` when it goes on. */
  endState: EndState | undefined;
  /** What it ended with. */
  error: unknown;
  readonly #home: RunHome;
  readonly #job: BullJob;
  readonly #token: string | undefined;
  readonly #task: DefinedTask<never, unknown>;
  readonly #envelope: TaskEnvelope;
  readonly #attempt: DurableAttempt;
  #retries: TaskRetries | undefined;
  #verdict: Promise<Verdict> | undefined;
  #hasSettled = false;
  /** Nobody waits for its work any more, which goes on. */
  #isZombie = false;
  #span: TaskSpan | undefined;

  constructor(
    home: RunHome,
    job: BullJob,
    token: string | undefined,
    task: DefinedTask<never, unknown>,
    envelope: TaskEnvelope,
  ) {
    this.#home = home;
    this.#job = job;
    this.#token = token;
    this.#task = task;
    this.#envelope = envelope;
    const onGivenUp = (kind: GivenUp, error: unknown) => this.#onGivenUp(kind, error);
    const idempotencyKey = envelope.key ?? this.id;
    this.#attempt = new DurableAttempt({ job, what: this.#what, idempotencyKey, onGivenUp });
  }

  get id(): string {
    return this.#job.id!;
  }

  /** Resolves to the result of the task. @throws what tells bullmq what to do with the job. */
  async run(): Promise<unknown> {
    const { client, store, metrics } = this.#home;
    const begun = await store.begin(client, this.id, this.#envelope);
    if (begun.next === 'end') return this.#end({ ...begun.end, early: undefined });
    if (begun.next === 'expired') {
      const error = new RejectedError(this.#what, 'waited_too_long');
      metrics.rejected('waited_too_long');
      return this.#end({ state: 'expired', error: recordOf(error, this.#what) });
    }
    const { attempt, firstAt, waitedMs } = begun;
    if (waitedMs > 0) metrics.shared.waited(waitedMs / 1000);
    const policy = policyOf(this.#task, this.#envelope);
    if (policy !== undefined) this.#retries = new TaskRetries(policy, firstAt);
    this.#retries?.began(attempt);
    const outcome = await this.#try(attempt);
    this.#hasSettled = true;
    if (this.#isZombie) metrics.shared.zombies -= 1;
    return this.#conclude(outcome);
  }

  cancel(reason: ErrorRecord): void {
    this.#attempt.giveUp('cancelled', errorOf(reason));
  }

  /** Tells its work to end, so that the task can be done elsewhere. */
  release(reason: unknown): void {
    this.#attempt.giveUp('released', reason);
  }

  /** Waits no longer for its work. The task is begun elsewhere when its lock is over. */
  abandon(): void {
    this.#attempt.abandon();
  }

  /** As far as it is known here, of the attempt that is under way. */
  status(): TaskStatus {
    return {
      id: this.id,
      name: this.#task.name,
      status: 'running',
      queuedFor: 0,
      duration: this.#attempt.ranMs / 1000,
      attempts: this.#attempt.attempt,
      progress: undefined,
      error: undefined,
    };
  }

  get #what(): string {
    return `task "${this.#job.name}"`;
  }

  async #try(attempt: number): Promise<AttemptOutcome> {
    const { payload, timeoutMs = Infinity } = this.#envelope;
    const { name, handler: given } = this.#task;
    this.#span = startTaskSpan({ id: this.id, name, origin: originOf(this.#envelope) }, attempt);
    const handler =
      typeof given === 'function'
        ? (given as TaskHandler<unknown, unknown>)
        : async (...args: Parameters<TaskHandler<unknown, unknown>>) =>
            (await loadHandler(given.href))(...args);
    const limit = Math.min(timeoutMs, Math.max(1, this.#retries?.remainingMs ?? Infinity));
    const run = () => this.#attempt.run({ handler, payload, attempt, timeoutMs: limit });
    return this.#span === undefined ? run() : this.#span.run(run);
  }

  async #conclude(outcome: AttemptOutcome): Promise<unknown> {
    const { metrics } = this.#home;
    const { kind } = outcome;
    if (kind === 'abandoned') {
      metrics.shared.abandoned();
      throw this.#home.leave();
    }
    if (kind === 'succeeded') return this.#succeed(outcome.value);
    const { error } = outcome;
    if (kind === 'failed') this.#attemptFailed('failed', error);
    if (kind === 'cancelled') {
      this.#retries?.aborted(this.#attempt.attempt);
      return this.#end({ state: 'cancelled', error: recordOf(error, this.#what) });
    }
    const { ranMs } = this.#attempt;
    if (kind === 'released') {
      this.#attemptFailed('cancelled', error);
      await this.#note({ ranMs, dueAt: systemClock.wallNow() });
      return this.#home.putBack(this.#job, 0, this.#token);
    }
    const verdict = await this.#judge(error);
    if (verdict.retryInMs === undefined)
      return this.#end({ state: kind, error: recordOf(verdict.error, this.#what) }, verdict.error);
    await this.#note({ ranMs, dueAt: systemClock.wallNow() + verdict.retryInMs });
    throw new TaskFailure(verdict.error, verdict.retryInMs);
  }

  #succeed(value: unknown): unknown {
    const error = jsonErrorOf(value, this.#what);
    if (error !== undefined) return this.#conclude({ kind: 'failed', error });
    this.#home.metrics.attemptEnded(this.#job.name, 'succeeded', this.#attempt.ranMs);
    this.#retries?.succeeded(this.#attempt.attempt);
    this.#span?.end();
    this.endState = 'succeeded';
    return value;
  }

  /** Notes how the task ended before bullmq does: what dies in between is begun again. */
  async #end(end: TaskEnd, error = errorOf(end.error)): Promise<never> {
    await this.#note({ ranMs: this.#attempt.ranMs, end });
    this.endState = end.state;
    this.error = error;
    throw new TaskFailure(error);
  }

  #note(note: Parameters<TaskStore['note']>[2]): Promise<void> {
    return this.#home.store.note(this.#home.client, this.id, note);
  }

  /** Asked once for each attempt, be it when its time is up or when its work has ended. */
  #judge(failure: unknown): Promise<Verdict> {
    return (this.#verdict ??= this.#afterFailure(failure).then(
      (retryInMs) => ({ error: failure, retryInMs }),
      (error: unknown) => ({ error, retryInMs: undefined }),
    ));
  }

  async #afterFailure(error: unknown): Promise<number | undefined> {
    return this.#retries?.afterFailure(error, this.#attempt.attempt, this.#job.attemptsMade + 1);
  }

  #onGivenUp(kind: GivenUp, error: unknown): void {
    if (!this.#attempt.hasBegun) return;
    this.#isZombie = true;
    this.#home.metrics.shared.zombies += 1;
    // It may come to a good end yet.
    if (kind !== 'released') this.#attemptFailed(kind, error);
    if (kind === 'timed_out') void this.#markEarly(error);
  }

  /** Tells those who wait when its time is up for good, although its work still has its place. */
  async #markEarly(failure: unknown): Promise<void> {
    const verdict = await this.#judge(failure);
    if (verdict.retryInMs !== undefined || this.#hasSettled) return;
    const end: TaskEnd = {
      state: 'timed_out',
      error: recordOf(verdict.error, this.#what),
      early: true,
    };
    await this.#note({ ranMs: 0, end, tells: true }).catch(() => undefined);
  }

  #attemptFailed(outcome: 'failed' | 'timed_out' | 'cancelled', error: unknown): void {
    this.#home.metrics.attemptEnded(this.#job.name, outcome, this.#attempt.ranMs);
    this.#span?.end({ error });
  }
}

function jsonErrorOf(value: unknown, what: string): Error | undefined {
  try {
    JSON.stringify(value);
    return undefined;
  } catch (cause) {
    return new InvalidUseError(`${what}: its result does not survive JSON`, { cause });
  }
}
