import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { Cancel, Clock } from '../clock.js';
import { TimeoutError } from '../errors.js';
import { onAbort } from './abort-links.js';
import { Alarm } from './alarm.js';

/**
 * How long something may take, together with everything that is called on its behalf.
 *
 * The limit reaches the calls below by AsyncLocalStorage, so that a limit set there is never longer than what is left
 * above. On Node 20 the first scope of a process makes every promise about 0.1 us dearer, as tracing does too; on
 * Node 24 it costs nothing. The signal is made when somebody asks for it: on Node 20 it costs more than all the rest.
 */

/** The time limit that is in force. */
export interface Deadline {
  /** Aborted when time is up, with the TimeoutError, or when the caller gave up, with their reason. */
  readonly signal: AbortSignal;
  /** Seconds that are left: 0 when it is over, `Infinity` where there is only a signal. */
  readonly remaining: number;
}

export interface TimeLimit {
  /** Milliseconds; `Infinity` for none. */
  readonly ms: number;
  /** What is waited for, for the message: `loading "user:7"`. */
  readonly what: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Told when time is up. What it returns is the error's `cause`. */
  onExpired?(): unknown;
}

export type ScopedWork<T> = (deadline: Deadline) => T | PromiseLike<T>;

/** How late a timer may be before this process counts as having been too busy to look. */
const LATE_MS = 5;

const scopes = new AsyncLocalStorage<TimeScope | undefined>();

/**
 * The deadline of the innermost `withTimeout`, `@asyncTimeout`, or `retry` with a `timeout` or a `signal`, this is called
 * from. So a decorated method finds its signal, and so one tells another service how long an answer is of use.
 */
export function currentDeadline(): Deadline | undefined {
  return activeScope();
}

/** Runs something that must not end with its caller: work for others, or in the background. */
export function withoutDeadline<T>(work: () => T): T {
  return scopes.getStore() === undefined ? work() : scopes.run(undefined, work);
}

function activeScope(): TimeScope | undefined {
  let scope = scopes.getStore();
  // What still runs on behalf of work that has ended was left behind on purpose.
  while (scope?.hasSettled === true) scope = scope.outer;
  return scope;
}

/**
 * Settles as the promise or the function's result does, unless the limit, the scope around or the signal ends the wait
 * before. Leaves neither timer nor listener behind; what comes too late is ignored, errors included. The function is
 * not called when it is over before it begins.
 *
 * Time this process was too busy to look does not count against the other side: before giving up, the event loop gets
 * one turn to deliver an answer that has arrived already.
 */
export function runWithin<T>(work: ScopedWork<T> | PromiseLike<T>, limit: TimeLimit): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const scope = new TimeScope(limit, reject);
    if (scope.isOver && typeof work === 'function') return;
    begin(work, scope).then(
      (value) => {
        scope.settle();
        resolve(value);
      },
      (error: unknown) => {
        scope.settle();
        reject(error);
      },
    );
  });
}

function begin<T>(work: ScopedWork<T> | PromiseLike<T>, scope: TimeScope): Promise<T> {
  if (typeof work !== 'function') return Promise.resolve(work);
  try {
    return Promise.resolve(scopes.run(scope, work, scope));
  } catch (error) {
    return Promise.reject(error);
  }
}

class TimeScope extends Alarm implements Deadline {
  /** The work came to its end before the scope did. */
  hasSettled = false;
  /** Ended before the work did. */
  isOver = false;
  readonly outer: TimeScope | undefined;
  readonly #clock: Clock;
  /** Until the end: it may hold the work, and so all the work can see. */
  #limit: TimeLimit | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  /** Milliseconds of the clock. */
  readonly #until: number;
  /** What is left above, where that is less than the own limit. */
  readonly #outersMs: number | undefined;
  #reason: unknown;
  #controller: AbortController | undefined;
  /** Where the signal was asked for: whoever listens to it sees the request it belongs to, not one that waits beside. */
  #listeners: AsyncResource | undefined;
  #inner: Set<TimeScope> | undefined;
  #unlink: Cancel | undefined;
  #hadItsTurn = false;

  /** Begins to watch. `reject` is called at most once. */
  constructor(limit: TimeLimit, reject: (reason: unknown) => void) {
    super();
    const { ms, clock, signal } = limit;
    const outer = activeScope();
    const now = clock.now();
    const outersUntil = outer !== undefined && outer.#clock === clock ? outer.#until : Infinity;
    this.outer = outer;
    this.#clock = clock;
    this.#limit = limit;
    this.#reject = reject;
    this.#outersMs = outersUntil < now + ms ? outersUntil - now : undefined;
    this.#until = Math.min(now + ms, outersUntil);
    if (signal?.aborted === true) this.#end(signal.reason);
    else if (outer?.isOver === true) this.#end(outer.#reason);
    else if (this.#until <= now) this.#expire();
    else this.#watch(limit, now);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.#listeners = new AsyncResource('deadline');
      if (this.isOver) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get remaining(): number {
    return this.isOver ? 0 : Math.max(0, this.#until - this.#clock.now()) / 1000;
  }

  settle(): void {
    if (this.isOver) return;
    this.hasSettled = true;
    this.#release();
  }

  #watch({ ms, signal }: TimeLimit, now: number): void {
    if (signal !== undefined) this.#unlink = onAbort(signal, () => this.#end(signal.reason));
    if (this.outer !== undefined) (this.outer.#inner ??= new Set()).add(this);
    if (this.#until === Infinity) return;
    this.set(this.#clock, now, this.#outersMs ?? ms);
  }

  override goOff(): void {
    if (this.hasSettled || this.isOver) return;
    const isLate = this.#clock.now() - this.#until > LATE_MS;
    if (!isLate || this.#hadItsTurn) return this.#expire();
    this.#hadItsTurn = true;
    setImmediate(() => this.goOff());
  }

  #expire(): void {
    const limit = this.#limit!;
    const { ms, what } = limit;
    const seconds = Math.max(0, Math.round(this.#outersMs ?? ms)) / 1000;
    const allowed = this.#outersMs === undefined ? `${ms / 1000} s` : `the ${seconds} s its caller had left`;
    const cause = limit.onExpired?.();
    const options = cause === undefined ? undefined : { cause };
    this.#end(new TimeoutError(`${what} took longer than ${allowed}`, seconds, options));
  }

  #end(reason: unknown): void {
    if (this.isOver || this.hasSettled) return;
    this.isOver = true;
    this.#reason = reason;
    this.#reject?.(reason);
    this.#release();
    // After the rejection: the work answers to its signal with an error of its own.
    this.#listeners?.runInAsyncScope(() => this.#controller?.abort(reason));
    for (const inner of this.#inner ?? []) inner.#end(reason);
  }

  #forget(inner: TimeScope): void {
    this.#inner?.delete(inner);
  }

  /** Connections that were opened in here may keep this for ever, but not the promise and its result. */
  #release(): void {
    this.#reject = undefined;
    this.#limit = undefined;
    this.cancel();
    this.#unlink?.();
    if (this.outer !== undefined) this.outer.#forget(this);
  }
}
