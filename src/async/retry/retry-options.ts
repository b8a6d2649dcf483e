import { checkFunction, checkKnownOptions, checkPositiveInteger, checkText } from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import { toSeconds, type Duration } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import { isFinalAnswer } from './is-retryable.js';
import { RetryBudget } from './retry-budget.js';

/** An attempt that failed. */
export interface FailedAttempt {
  /** The first one is 1. */
  readonly attempt: number;
  readonly name: string;
}

/** A retry that is about to happen. */
export interface ComingRetry extends FailedAttempt {
  /** Seconds until the next attempt. */
  readonly delay: number;
}

/** What is tried again, how often, and after which waits. */
export interface RetryOptions {
  /**
   * What is called: value of the attribute `perf.retry.name`, and whose budget is used. Name the other side, never an id.
   * Default: the name of the function or method, else `unnamed`.
   */
  readonly name?: string | undefined;
  /** The first one included. @default 3 */
  readonly maxAttempts?: number | undefined;
  /** Upper bound of the first wait; the wait is drawn from 0 to it, see `jitter`. @default 1 */
  readonly delay?: Duration | undefined;
  /** What the bound is multiplied with after each wait, at least 1. @default 2 */
  readonly backoff?: number | undefined;
  /** The bound does not grow beyond. @default 30 */
  readonly maxDelay?: Duration | undefined;
  /** `none` waits for the bound itself, so that callers who failed together come back together. @default 'full' */
  readonly jitter?: 'full' | 'none' | undefined;
  /**
   * For all attempts and waits together. A wait that would last longer is not begun: the last error is thrown at once.
   * An attempt that lasts longer ends with a TimeoutError whose cause is the last error. Default: the deadline around.
   */
  readonly timeout?: Duration | undefined;
  /** When the other side asks for a longer wait by `Retry-After`, it is not tried again. @default 60 */
  readonly maxRetryAfter?: Duration | undefined;
  /** Ends attempts and waits. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether an error may be tried again. Not asked about mistakes in the program and aborts, which never are. What it
   * throws is thrown. Default: all but answers of HTTP servers that stay the same, such as 404.
   */
  readonly shouldRetry?: ((error: unknown, failed: FailedAttempt) => boolean | Promise<boolean>) | undefined;
  /** Called, and waited for, before each wait. What it throws is thrown. */
  readonly onRetry?: ((error: unknown, coming: ComingRetry) => unknown) | undefined;
  /** Shared by all calls that are given it; `false` for none. Default: one for each `name`. */
  readonly budget?: RetryBudget | false | undefined;
  /** From 0 to 1. @default Math.random */
  readonly random?: (() => number) | undefined;
  readonly clock?: Clock | undefined;
}

/** Options that are checked; times in milliseconds. */
export interface RetryPolicy {
  readonly name: string;
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly backoff: number;
  readonly maxDelayMs: number;
  readonly isJittered: boolean;
  readonly timeoutMs: number;
  readonly maxRetryAfterMs: number;
  readonly signal: AbortSignal | undefined;
  readonly shouldRetry: NonNullable<RetryOptions['shouldRetry']>;
  readonly onRetry: RetryOptions['onRetry'];
  readonly budget: RetryBudget | false | undefined;
  readonly random: () => number;
  readonly clock: Clock;
}

const DEFAULT_POLICY: Omit<RetryPolicy, 'name'> = {
  maxAttempts: 3,
  delayMs: 1000,
  backoff: 2,
  maxDelayMs: 30_000,
  isJittered: true,
  timeoutMs: Infinity,
  maxRetryAfterMs: 60_000,
  signal: undefined,
  shouldRetry: (error) => !isFinalAnswer(error),
  onRetry: undefined,
  budget: undefined,
  random: Math.random,
  clock: systemClock,
};

const KNOWN = [
  'name',
  'maxAttempts',
  'delay',
  'backoff',
  'maxDelay',
  'jitter',
  'timeout',
  'maxRetryAfter',
  'signal',
  'shouldRetry',
  'onRetry',
  'budget',
  'random',
  'clock',
] as const;

/** @throws {InvalidOptionError} */
export function checkRetryOptions(options: RetryOptions = {}, ownName: string): RetryPolicy {
  checkKnownOptions('retry', options, KNOWN);
  const { name, maxAttempts, delay, backoff, maxDelay, jitter, timeout, maxRetryAfter } = options;
  const { signal, shouldRetry, onRetry, budget, random, clock } = options;
  const otherwise = DEFAULT_POLICY;
  return {
    name: name === undefined ? ownName || 'unnamed' : checkText('name', name),
    maxAttempts:
      maxAttempts === undefined ? otherwise.maxAttempts : checkPositiveInteger('maxAttempts', maxAttempts),
    delayMs: milliseconds('delay', delay) ?? otherwise.delayMs,
    backoff: backoff === undefined ? otherwise.backoff : checkBackoff(backoff),
    maxDelayMs: milliseconds('maxDelay', maxDelay) ?? otherwise.maxDelayMs,
    isJittered: jitter === undefined ? otherwise.isJittered : checkJitter(jitter),
    timeoutMs: milliseconds('timeout', timeout, true) ?? otherwise.timeoutMs,
    maxRetryAfterMs: milliseconds('maxRetryAfter', maxRetryAfter) ?? otherwise.maxRetryAfterMs,
    signal,
    shouldRetry:
      shouldRetry === undefined ? otherwise.shouldRetry : checkFunction('shouldRetry', shouldRetry),
    onRetry: onRetry === undefined ? undefined : checkFunction('onRetry', onRetry),
    budget: budget === undefined ? undefined : checkBudget(budget),
    random: random === undefined ? otherwise.random : checkFunction('random', random),
    clock: clock ?? otherwise.clock,
  };
}

function milliseconds(
  option: string,
  value: Duration | undefined,
  allowInfinity = false,
): number | undefined {
  return value === undefined ? undefined : toSeconds(option, value, { allowInfinity }) * 1000;
}

function checkBackoff(value: unknown): number {
  if (typeof value === 'number' && value >= 1 && value < Infinity) return value;
  throw new InvalidOptionError('backoff', 'a number of at least 1', value);
}

function checkJitter(value: unknown): boolean {
  if (value === 'full' || value === 'none') return value === 'full';
  throw new InvalidOptionError('jitter', "'full' or 'none'", value);
}

function checkBudget(value: unknown): RetryBudget | false {
  if (value === false || value instanceof RetryBudget) return value;
  throw new InvalidOptionError('budget', 'a RetryBudget or false', value);
}
