import type { Cancel, Clock } from '../../clock.js';
import { TimeoutError } from '../../errors.js';
import { onAbort } from '../abort-links.js';
import type { LeaseKernel } from './lease-kernel.js';
import type { TaskOutcome } from './lease-metrics.js';
import { Waiter } from './wait-queue.js';

/** What work is told. */
export interface WorkContext {
  /** Aborted when its time is up or nobody wants its result any more. Work that does not listen keeps its place. */
  readonly signal: AbortSignal;
}

/** What is run; its signal is aborted when its time is up or its caller has left. */
export type Work<T> = (context: WorkContext) => T | PromiseLike<T>;

/** Limits of one call. Times in seconds. */
export interface CallLimits {
  readonly priority: number;
  /** Running, from when it has its place. */
  readonly timeout?: number | undefined;
  /** Waiting for its place. */
  readonly queueTimeout?: number | undefined;
  /** Its place is given to others so long after it was given up. Absent: never, it may still be at work. */
  readonly abandonAfter?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a call belongs to. */
export interface CallHost {
  readonly what: string;
  readonly clock: Clock;
  readonly kernel: LeaseKernel;
  readonly metrics: CallMetrics;
}

/** Told how calls went. */
export interface CallMetrics {
  /** Calls nobody waits for any more that still run. */
  zombies: number;
  ended(outcome: TaskOutcome, seconds: number): void;
  abandoned(): void;
}

/** Why a call has no result. */
export type Failure = Exclude<TaskOutcome, 'succeeded'> | 'rejected';

/** What most calls do not need. */
interface Unusual {
  controller: AbortController | undefined;
  isGivenUp: boolean;
  reason: unknown;
  cancelTimer: Cancel | undefined;
  unlink: Cancel | undefined;
}

/**
 * One piece of work that waits for a slot, runs, and frees it.
 *
 * A timeout is no cancellation: when time is up the caller is told and the work's signal aborted, but the slot stays
 * taken until the work has settled. Otherwise there would be more at work than the limit allows.
 */
export abstract class LeasedCall<T> extends Waiter implements WorkContext {
  readonly #host: CallHost;
  readonly #work: Work<T>;
  readonly #limits: CallLimits;
  /** Whoever asked for it has been told how it ended. */
  #isOver = false;
  /** Milliseconds of the monotonic clock; below 0 without a slot. */
  #startedAt = -1;
  #unusual: Unusual | undefined;

  constructor(host: CallHost, work: Work<T>, limits: CallLimits) {
    super(limits.priority);
    this.#host = host;
    this.#work = work;
    this.#limits = limits;
  }

  /**
   * Told once how it ended: this, or {@link LeasedCall.failed}. `now`: the monotonic time in milliseconds. Must not
   * throw, as all that follow.
   */
  protected abstract succeeded(value: T, now: number): void;
  protected abstract failed(error: unknown, failure: Failure, now: number): void;
  /** It was given up while it ran, and now its slot is free. */
  protected freedLate(_now: number): void {}

  /** Waits for a slot, or takes one at once. */
  begin(): void {
    const { kernel, clock } = this.#host;
    const { signal, queueTimeout } = this.#limits;
    if (signal !== undefined) {
      if (signal.aborted) return this.#giveUp(signal.reason, 'cancelled');
      this.#more().unlink = onAbort(signal, () => this.cancel(signal.reason));
    }
    kernel.enter(this);
    if (queueTimeout === undefined || !this.isQueued) return;
    this.#more().cancelTimer = clock.after(queueTimeout * 1000, () => kernel.refuse(this, 'waited_too_long'));
  }

  /** Made when somebody asks for it: most work does not. */
  get signal(): AbortSignal {
    const more = this.#more();
    more.controller ??= new AbortController();
    if (more.isGivenUp) more.controller.abort(more.reason);
    return more.controller.signal;
  }

  get isRunning(): boolean {
    return this.#startedAt >= 0;
  }

  /** Nobody wants its result any more: it leaves the queue, or is told by its signal. */
  cancel(reason: unknown): void {
    this.#host.kernel.leave(this);
    this.#giveUp(reason, 'cancelled');
  }

  override admit(now: number): void {
    this.#startedAt = now;
    const { timeout } = this.#limits;
    if (this.#unusual !== undefined) this.#endTimer();
    if (timeout !== undefined) this.#limitTo(timeout);
    let result: T | PromiseLike<T>;
    try {
      result = (0, this.#work)(this);
    } catch (error) {
      return this.#settle(false, error);
    }
    if (!isThenable(result)) return this.#settle(true, result);
    result.then(
      (value) => this.#settle(true, value),
      (error: unknown) => this.#settle(false, error),
    );
  }

  override refuse(error: Error): void {
    this.#endWaits();
    this.#isOver = true;
    this.failed(error, 'rejected', this.#host.clock.now());
  }

  #limitTo(timeout: number): void {
    const { clock, what } = this.#host;
    this.#more().cancelTimer = clock.after(timeout * 1000, () =>
      this.#giveUp(new TimeoutError(`${what}: work took longer than ${timeout} s`, timeout), 'timed_out'),
    );
  }

  /** The caller is told; the slot stays taken while the work goes on. */
  #giveUp(reason: unknown, outcome: 'timed_out' | 'cancelled'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const more = this.#more();
    more.isGivenUp = true;
    more.reason = reason;
    this.#endWaits();
    const { metrics, clock } = this.#host;
    const now = clock.now();
    this.failed(reason, outcome, now);
    if (!this.isRunning) return metrics.ended(outcome, 0);
    metrics.ended(outcome, (now - this.#startedAt) / 1000);
    metrics.zombies += 1;
    more.controller?.abort(reason);
    const { abandonAfter } = this.#limits;
    if (abandonAfter !== undefined)
      more.cancelTimer = clock.after(abandonAfter * 1000, () => this.#abandon());
  }

  #abandon(): void {
    const { metrics } = this.#host;
    metrics.zombies -= 1;
    metrics.abandoned();
    const now = this.#host.clock.now();
    this.#freeSlot(now, true);
    this.freedLate(now);
  }

  #settle(isFulfilled: boolean, result: unknown): void {
    const { metrics } = this.#host;
    const isGivenUp = this.#isOver;
    this.#isOver = true;
    if (this.#unusual !== undefined) this.#endWaits();
    // It may have been abandoned.
    if (!this.isRunning) return;
    const now = this.#host.clock.now();
    if (isGivenUp) metrics.zombies -= 1;
    else metrics.ended(isFulfilled ? 'succeeded' : 'failed', (now - this.#startedAt) / 1000);
    this.#freeSlot(now, isGivenUp);
    if (isGivenUp) this.freedLate(now);
    else if (isFulfilled) this.succeeded(result as T, now);
    else this.failed(result, 'failed', now);
  }

  #freeSlot(now: number, isLate: boolean): void {
    const heldMs = now - this.#startedAt;
    this.#startedAt = -1;
    this.#host.kernel.free(now, heldMs, isLate);
  }

  #more(): Unusual {
    return (this.#unusual ??= {
      controller: undefined,
      isGivenUp: false,
      reason: undefined,
      cancelTimer: undefined,
      unlink: undefined,
    });
  }

  /** Leaves neither timer nor listener behind. */
  #endWaits(): void {
    this.#endTimer();
    this.#unusual?.unlink?.();
  }

  #endTimer(): void {
    this.#unusual?.cancelTimer?.();
    if (this.#unusual !== undefined) this.#unusual.cancelTimer = undefined;
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
