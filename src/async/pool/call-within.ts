import type { Cancel, Clock } from '../../clock.js';
import { TimeoutError } from '../../errors.js';
import type { PoolCallContext } from './pool-options.js';

/** How a call came out. One of the first two is told, once, never before `callWithin` has returned. */
export interface CallOutcome<T> {
  readonly succeeded: (value: T) => void;
  readonly failed: (error: unknown) => void;
  /** It succeeded after all, when it had been given up. */
  readonly late?: (value: T) => void;
}

export interface CallLimit {
  readonly clock: Clock;
  readonly ms: number;
  /** For the message: `pool "db": factory`. */
  readonly what: string;
}

/**
 * Calls a function of the user's and gives it up when it takes too long: its signal is aborted and the outcome told,
 * whatever it may still do. Errors that come too late are ignored.
 *
 * @returns gives it up before its time.
 */
export function callWithin<T>(
  work: (context: PoolCallContext) => T | PromiseLike<T>,
  { clock, ms, what }: CallLimit,
  { succeeded, failed, late }: CallOutcome<T>,
): (reason: Error) => void {
  const controller = new AbortController();
  let isOver = false;
  let cancelTimer: Cancel | undefined;
  const giveUp = (reason: Error): void => {
    if (isOver) return;
    isOver = true;
    cancelTimer?.();
    controller.abort(reason);
    failed(reason);
  };
  if (ms !== Infinity) {
    cancelTimer = clock.after(ms, () =>
      giveUp(new TimeoutError(`${what} took longer than ${ms / 1000} s`, ms / 1000)),
    );
  }
  const settle = (act: () => void): void => {
    if (isOver) return;
    isOver = true;
    cancelTimer?.();
    act();
  };
  new Promise<T>((resolve) => {
    resolve(work({ signal: controller.signal }));
  }).then(
    (value) => (isOver ? late?.(value) : settle(() => succeeded(value))),
    (error: unknown) => settle(() => failed(error)),
  );
  return giveUp;
}
