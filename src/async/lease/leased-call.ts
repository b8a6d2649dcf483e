import type { Clock } from '../../clock.js';
import { TimeoutError, type RejectedError } from '../../errors.js';
import type { LeaseKernel } from './lease-kernel.js';
import type { TaskOutcome } from './lease-metrics.js';
import { Waiter } from './wait-queue.js';

/** What work is told. */
export interface WorkContext {
  /** Aborted when its time is up or nobody wants its result any more. Work that does not listen keeps its place. */
  readonly signal: AbortSignal;
}

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
  readonly metrics: {
    zombies: number;
    ended(outcome: TaskOutcome, seconds: number): void;
    abandoned(): void;
    rejected(reason: RejectedError['reason']): void;
  };
}

/** What most calls do not need. */
interface Unusual {
  controller: AbortController | undefined;
  isGivenUp: boolean;
  reason: unknown;
  cancelTimer: (() => void) | undefined;
  onAbort: (() => void) | undefined;
}

/**
 * One piece of work that waits for a slot, runs, and frees it.
 *
 * A timeout is no cancellation: when time is up the caller is told and the work's signal aborted, but the slot stays
 * taken until the work has settled. Otherwise there would be more at work than the limit allows.
 */
export class LeasedCall<T> extends Waiter implements WorkContext {
  readonly #host: CallHost;
  readonly #work: Work<T>;
  readonly #limits: CallLimits;
  #resolve: ((value: T) => void) | undefined;
  #reject: (error: unknown) => void;
  /** Milliseconds of the monotonic clock; below 0 without a slot. */
  #startedAt = -1;
  #unusual: Unusual | undefined;

  constructor(
    host: CallHost,
    work: Work<T>,
    limits: CallLimits,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    super(limits.priority);
    this.#host = host;
    this.#work = work;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Waits for a slot, or takes one at once. */
  begin(): void {
    const { kernel, clock } = this.#host;
    const { signal, queueTimeout } = this.#limits;
    if (signal !== undefined) {
      if (signal.aborted) return this.#giveUp(signal.reason, 'cancelled');
      const onAbort = () => this.cancel(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#more().onAbort = onAbort;
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
    this.#resolve = undefined;
    this.#reject(error);
  }

  #limitTo(timeout: number): void {
    const { clock, what } = this.#host;
    this.#more().cancelTimer = clock.after(timeout * 1000, () =>
      this.#giveUp(new TimeoutError(`${what}: work took longer than ${timeout} s`, timeout), 'timed_out'),
    );
  }

  /** The caller is told; the slot stays taken while the work goes on. */
  #giveUp(reason: unknown, outcome: TaskOutcome): void {
    if (this.#resolve === undefined) return;
    this.#resolve = undefined;
    const more = this.#more();
    more.isGivenUp = true;
    more.reason = reason;
    this.#endWaits();
    this.#reject(reason);
    const { metrics, clock } = this.#host;
    if (!this.isRunning) return metrics.ended(outcome, 0);
    metrics.ended(outcome, (clock.now() - this.#startedAt) / 1000);
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
    this.#freeSlot(this.#host.clock.now(), true);
  }

  #settle(isFulfilled: boolean, result: unknown): void {
    const { metrics } = this.#host;
    const resolve = this.#resolve;
    const isGivenUp = resolve === undefined;
    this.#resolve = undefined;
    if (this.#unusual !== undefined) this.#endWaits();
    // It may have been abandoned.
    if (this.isRunning) {
      const now = this.#host.clock.now();
      if (isGivenUp) metrics.zombies -= 1;
      else metrics.ended(isFulfilled ? 'succeeded' : 'failed', (now - this.#startedAt) / 1000);
      this.#freeSlot(now, isGivenUp);
    }
    if (isGivenUp) return;
    if (isFulfilled) resolve(result as T);
    else this.#reject(result);
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
      onAbort: undefined,
    });
  }

  /** Leaves neither timer nor listener behind. */
  #endWaits(): void {
    this.#endTimer();
    const more = this.#unusual;
    if (more?.onAbort === undefined) return;
    this.#limits.signal?.removeEventListener('abort', more.onAbort);
    more.onAbort = undefined;
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
