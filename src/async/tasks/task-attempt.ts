import { checkRatio } from '../../checks.js';
import type { RejectedError } from '../../errors.js';
import { startTaskSpan, type TaskSpan } from '../../telemetry/task-span.js';
import type { FairWaiter } from '../lease/fair-queue.js';
import { LeasedCall, type CallLimits, type Failure } from '../lease/leased-call.js';
import { currentDeadline, withoutDeadline } from '../time-scope.js';
import type { TaskLane } from './task-lane.js';
import type { TaskContext, TaskWork } from './task-options.js';
import type { TaskStatus } from './task-status.js';
import type { AttemptOwner, TaskRecord, TaskRun } from './task-record.js';

const READY = Promise.resolve();

/**
 * One attempt of a task: it waits for a place, and runs outside of what submitted it. Its work begins in a turn of its
 * own, so that `submit` returns first, with the AsyncLocalStorage of its submitter (promises carry it) but neither with
 * the deadline nor within the span that hold there.
 */
export class TaskAttempt<T> extends LeasedCall<T> implements TaskContext, TaskRun, FairWaiter {
  readonly lane: TaskLane;
  attempt = 0;
  readonly #record: TaskRecord;
  readonly #owner: AttemptOwner;
  /** Has a place, but has not begun. */
  #isAdmitted = false;
  #admitted: (() => void) | undefined;
  #span: TaskSpan | undefined;

  constructor(record: TaskRecord, work: TaskWork<T>, limits: CallLimits, owner: AttemptOwner) {
    super(record.lane.host, work as (context: unknown) => T | PromiseLike<T>, limits);
    this.lane = record.lane;
    this.#record = record;
    this.#owner = owner;
  }

  get idempotencyKey(): string {
    return this.#record.key ?? this.#record.id;
  }

  get progress(): (ratio: number) => void {
    return (ratio) => void (this.#record.progress = checkRatio('progress', ratio));
  }

  override begin(): void {
    super.begin();
    if (!this.isQueued) return;
    void new Promise<void>((resolve) => (this.#admitted = resolve)).then(() => this.#start());
  }

  override admit(): void {
    this.#isAdmitted = true;
    if (this.#admitted === undefined) void READY.then(() => this.#start());
    else this.#admitted();
  }

  override cancel(reason: unknown): void {
    const hasUnusedPlace = this.#isAdmitted;
    this.#isAdmitted = false;
    super.cancel(reason);
    const { kernel, clock } = this.lane.host;
    if (hasUnusedPlace) kernel.giveBack(clock.now());
  }

  drop(reason: RejectedError['reason']): boolean {
    if (!this.isQueued) return false;
    this.lane.host.kernel.refuse(this, reason);
    return true;
  }

  status(): TaskStatus {
    return this.#record.status();
  }

  protected override succeeded(value: T, now: number): void {
    this.#span?.end();
    this.#owner.succeeded(value, now);
  }

  protected override failed(error: unknown, failure: Failure, now: number): void {
    this.#span?.end({ error });
    if (this.isRunning) this.lane.home.lingering.add(this);
    this.#owner.failed(error, failure, now, this.isRunning);
  }

  protected override freedLate(now: number): void {
    this.lane.home.lingering.delete(this);
    this.#owner.freedLate(now);
  }

  #start(): void {
    // It may have been cancelled since it got its place.
    if (!this.#isAdmitted) return;
    this.#isAdmitted = false;
    const record = this.#record;
    record.attempts += 1;
    this.attempt = record.attempts;
    const now = this.lane.host.clock.now();
    record.moveTo('running', now);
    this.#span = startTaskSpan(record, this.attempt);
    if (this.#span === undefined && currentDeadline() === undefined) super.admit(now);
    else this.#admitOutside(now);
  }

  #admitOutside(now: number): void {
    const run = () => super.admit(now);
    withoutDeadline(() => (this.#span === undefined ? run() : this.#span.run(run)));
  }
}
