import type { Cancel } from '../../clock.js';
import { RejectedError } from '../../errors.js';
import type { TaskOrigin } from '../../telemetry/task-span.js';
import type { Failure } from '../lease/leased-call.js';
import type { TaskLane } from './task-lane.js';
import type { EndState, OpenState, TaskId, TaskState, TaskStatus } from './task-status.js';

/** What is under way for a task. */
export interface TaskRun {
  /** Tells whoever works on it to end. */
  cancel(reason: unknown): void;
  /** Does not begin it any more; false when it has begun. */
  drop(reason: RejectedError['reason']): boolean;
}

/** Whom an attempt tells how it went. `now`: milliseconds of the monotonic clock. */
export interface AttemptOwner {
  succeeded(value: unknown, now: number): void;
  /** `keepsRunning`: nobody waits for it any more, but it has not ended. */
  failed(error: unknown, failure: Failure, now: number, keepsRunning?: boolean): void;
  /** It has ended after all. */
  freedLate(now: number): void;
}

/** Where records are kept. */
export interface RecordKeeper {
  now(): number;
  idOf(number: number): TaskId;
  /** It has a new state. */
  moved(from: TaskState, to: TaskState): void;
  /** It has come to its end. */
  ended(record: TaskRecord): void;
}

/** What is known of one task, and who waits for it. */
export class TaskRecord implements AttemptOwner {
  /** Ends its id. */
  readonly number: number;
  readonly name: string;
  readonly lane: TaskLane;
  readonly key: string | undefined;
  readonly origin: TaskOrigin;
  run: TaskRun | undefined;
  /** Called when it has ended. */
  unlink: Cancel | undefined;
  attempts = 0;
  progress: number | undefined;
  /** Somebody has asked for its result. */
  isAwaited = false;
  /** The one that ended next. */
  nextEnded: TaskRecord | undefined;
  readonly #keeper: RecordKeeper;
  #state: TaskState = 'queued';
  /** Of the state, in milliseconds of the monotonic clock. */
  #since: number;
  #queuedMs = 0;
  #ranMs = 0;
  #result: unknown;
  #promise: Promise<unknown> | undefined;
  #resolve: ((value: unknown) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  constructor(
    keeper: RecordKeeper,
    number: number,
    name: string,
    lane: TaskLane,
    key: string | undefined,
    origin: TaskOrigin,
    now: number,
  ) {
    this.#keeper = keeper;
    this.number = number;
    this.name = name;
    this.lane = lane;
    this.key = key;
    this.origin = origin;
    this.#since = now;
  }

  get id(): TaskId {
    return this.#keeper.idOf(this.number);
  }

  get state(): TaskState {
    return this.#state;
  }

  /** Milliseconds of the monotonic clock at which it came into its state. */
  get since(): number {
    return this.#since;
  }

  /** Whether a result can still come of it. */
  get isPending(): boolean {
    return this.#state === 'queued' || this.#state === 'running' || this.#state === 'delayed';
  }

  get hasEnded(): boolean {
    return !this.isPending && this.#state !== 'cancelling';
  }

  /** Settles as the task does. Whoever asks has to look after its rejection. */
  result(): Promise<unknown> {
    this.isAwaited = true;
    if (this.isPending)
      return (this.#promise ??= new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      }));
    return this.#state === 'succeeded' ? Promise.resolve(this.#result) : Promise.reject(this.#result);
  }

  status(): TaskStatus {
    const [state, now] = [this.#state, this.#keeper.now()];
    const current = now - this.#since;
    return {
      id: this.id,
      name: this.name,
      status: state,
      queuedFor: (this.#queuedMs + (state === 'queued' ? current : 0)) / 1000,
      duration: (this.#ranMs + (isAtWork(state) ? current : 0)) / 1000,
      attempts: this.attempts,
      progress: this.progress,
      error: state === 'succeeded' ? undefined : this.#result,
    };
  }

  moveTo(state: OpenState, now: number): void {
    if (this.isPending) this.#change(state, now);
  }

  succeeded(value: unknown, now: number): void {
    this.#end('succeeded', value, now);
  }

  failed(error: unknown, failure: Failure, now: number, keepsRunning = false): void {
    if (failure === 'rejected') this.#end(isExpiry(error) ? 'expired' : 'rejected', error, now);
    else if (failure !== 'cancelled' || !keepsRunning) this.#end(failure, error, now);
    else if (this.isPending) {
      this.#change('cancelling', now);
      this.#settle(false, error);
    }
  }

  freedLate(now: number): void {
    if (this.#state === 'cancelling') this.#close('cancelled', now);
  }

  #end(state: EndState, result: unknown, now: number): void {
    if (!this.isPending) return;
    this.#result = result;
    this.#close(state, now);
    this.#settle(state === 'succeeded', result);
  }

  #close(state: EndState, now: number): void {
    this.#change(state, now);
    this.run = undefined;
    this.unlink?.();
    this.unlink = undefined;
    this.#keeper.ended(this);
  }

  #settle(isFulfilled: boolean, result: unknown): void {
    this.#result = result;
    if (this.#promise === undefined) return;
    if (isFulfilled) this.#resolve!(result);
    else this.#reject!(result);
    this.#promise = this.#resolve = this.#reject = undefined;
  }

  #change(state: TaskState, now: number): void {
    const spent = now - this.#since;
    if (this.#state === 'queued') this.#queuedMs += spent;
    else if (isAtWork(this.#state)) this.#ranMs += spent;
    this.#keeper.moved(this.#state, state);
    this.#state = state;
    this.#since = now;
  }
}

function isAtWork(state: TaskState): boolean {
  return state === 'running' || state === 'cancelling';
}

function isExpiry(error: unknown): boolean {
  return error instanceof RejectedError && error.reason === 'waited_too_long';
}
