import { TimeoutError, type RejectedError } from '../../errors.js';
import { withoutSpan } from '../../telemetry/task-span.js';
import type { CallLimits, Failure } from '../lease/leased-call.js';
import type { RetryPolicy } from '../retry/retry-options.js';
import { retryWith, type RetryAttempt } from '../retry/retry.js';
import { withoutDeadline } from '../time-scope.js';
import { TaskAttempt } from './task-attempt.js';
import type { TaskWork } from './task-options.js';
import type { AttemptOwner, TaskRecord, TaskRun } from './task-record.js';

/** A task that is tried again. Each attempt waits for a place of its own; between them it takes none. */
export class RetriedRun<T> implements TaskRun, AttemptOwner {
  readonly #record: TaskRecord;
  readonly #work: TaskWork<T>;
  readonly #limits: CallLimits;
  readonly #policy: RetryPolicy;
  readonly #controller = new AbortController();
  #attempt: TaskAttempt<T> | undefined;
  #resolve: ((value: T) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  /** How the last attempt failed. */
  #failure: { readonly error: unknown; readonly kind: Failure } | undefined;

  constructor(record: TaskRecord, work: TaskWork<T>, limits: CallLimits, policy: RetryPolicy) {
    this.#record = record;
    this.#work = work;
    this.#limits = limits;
    this.#policy = policy;
  }

  begin(): void {
    const { clock } = this.#policy;
    const policy: RetryPolicy = {
      ...this.#policy,
      signal: this.#controller.signal,
      shouldRetry: (error, failed) =>
        this.#failure?.kind !== 'rejected' && this.#policy.shouldRetry(error, failed),
      onRetry: (error, coming) => {
        this.#record.moveTo('delayed', clock.now());
        return this.#policy.onRetry?.(error, coming);
      },
    };
    const run = () => retryWith<T>((attempt) => this.#try(attempt), policy);
    withoutDeadline(() => withoutSpan(run)).then(
      (value) => this.#record.succeeded(value, clock.now()),
      (error: unknown) => this.#record.failed(error, this.#kindOf(error), clock.now()),
    );
  }

  cancel(reason: unknown): void {
    const isRunning = this.#attempt?.isRunning === true;
    this.#record.failed(reason, 'cancelled', this.#policy.clock.now(), isRunning);
    this.#controller.abort(reason);
  }

  drop(reason: RejectedError['reason']): boolean {
    if (this.#record.state !== 'delayed') return this.#attempt?.drop(reason) === true;
    const error = this.#record.lane.refusal(reason);
    this.#record.failed(error, 'rejected', this.#policy.clock.now());
    this.#controller.abort(error);
    return true;
  }

  succeeded(value: unknown): void {
    this.#resolve!(value as T);
  }

  failed(error: unknown, kind: Failure): void {
    this.#failure = { error, kind };
    this.#reject!(error);
  }

  freedLate(now: number): void {
    this.#record.freedLate(now);
  }

  #try({ attempt, signal }: RetryAttempt): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (attempt > 1) this.#record.moveTo('queued', this.#policy.clock.now());
      this.#attempt = new TaskAttempt(this.#record, this.#work, { ...this.#limits, signal }, this);
      this.#attempt.begin();
    });
  }

  /** Without a failed attempt, or with another error, it is the retrying itself that ended. */
  #kindOf(error: unknown): Failure {
    const isOfAttempt = this.#failure?.error === error;
    if (isOfAttempt && this.#failure!.kind !== 'cancelled') return this.#failure!.kind;
    return error instanceof TimeoutError ? 'timed_out' : 'failed';
  }
}
