import { checkKnownOptions, checkText } from '../../checks.js';
import type { Clock } from '../../clock.js';
import { toSeconds, type Duration } from '../../duration.js';
import type { CallLimits, WorkContext } from '../lease/leased-call.js';
import { checkPriority } from '../lease/priority-queue.js';
import { checkRetryOptions, type RetryOptions, type RetryPolicy } from '../retry/retry-options.js';

/** What the work of a task is told. */
export interface TaskContext extends WorkContext {
  /** The first one is 1. */
  readonly attempt: number;
  /** The same in each attempt: the key it was submitted with, else its id. For those who must not do it twice. */
  readonly idempotencyKey: string;
  /** Says how far it is, from 0 to 1, for those who ask. */
  readonly progress: (ratio: number) => void;
}

export type TaskWork<T> = (context: TaskContext) => T | PromiseLike<T>;

/** For one task. */
export interface SubmitOptions {
  /** A whole number from -100 to 100, the higher the sooner among those of its name; one step counts like 1 s of waiting. @default 0 */
  readonly priority?: number | undefined;
  /** How long an attempt may run, from when it begins. Default: for ever. */
  readonly timeout?: Duration | undefined;
  /** How long an attempt may wait for a place. Default: what the manager allows. */
  readonly queueTimeout?: Duration | undefined;
  /** When it is to begin to wait for a place. Default: now. */
  readonly delay?: Duration | undefined;
  /** Tries again what fails, as `retry` does; no place is taken in between. Default: no second attempt. */
  readonly retry?: Omit<RetryOptions, 'signal' | 'clock'> | undefined;
  /** While a task of this name and key is under way, another one is not begun: its id is returned, options are ignored. */
  readonly idempotencyKey?: string | undefined;
  /** Cancels it. */
  readonly signal?: AbortSignal | undefined;
}

/** For one who waits. */
export interface WaitOptions {
  /** Ends the wait with a TimeoutError; the task goes on. Default: for ever. */
  readonly timeout?: Duration | undefined;
  /** Ends the wait; the task goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** For ending all. */
export interface EndOptions {
  /** How long tasks may take to end by themselves. Then they are told to, and have one more second. */
  readonly timeout?: Duration | undefined;
}

/** Options that are checked. */
export interface TaskLimits {
  readonly call: CallLimits;
  readonly delayMs: number;
  readonly retry: RetryPolicy | undefined;
  readonly key: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const KNOWN = ['priority', 'timeout', 'queueTimeout', 'delay', 'retry', 'idempotencyKey', 'signal'] as const;

export const PLAIN: TaskLimits = {
  call: { priority: 0 },
  delayMs: 0,
  retry: undefined,
  key: undefined,
  signal: undefined,
};

/** @throws {InvalidOptionError} */
export function checkSubmitOptions(name: string, options: SubmitOptions, clock: Clock): TaskLimits {
  checkKnownOptions('submit', options, KNOWN);
  const { priority = 0, timeout, queueTimeout, delay, retry, idempotencyKey, signal } = options;
  return {
    call: {
      priority: checkPriority(priority),
      timeout: seconds('timeout', timeout),
      queueTimeout: seconds('queueTimeout', queueTimeout),
    },
    delayMs: (seconds('delay', delay) ?? 0) * 1000,
    retry: retry === undefined ? undefined : checkRetryOptions({ ...retry, clock }, name),
    key: idempotencyKey === undefined ? undefined : checkText('idempotencyKey', idempotencyKey),
    signal,
  };
}

function seconds(option: string, value: Duration | undefined): number | undefined {
  return value === undefined ? undefined : toSeconds(option, value);
}
