import { onAbort } from '../abort-links.js';
import { currentDeadline, runWithin, type Deadline } from '../time-scope.js';
import type { Cancel, Clock } from '../../clock.js';
import { TimeoutError } from '../../errors.js';
import { isRetryable } from './is-retryable.js';
import { retryAfterOf } from './retry-after.js';
import type { RetryBudget } from './retry-budget.js';
import { checkRetryOptions, type RetryOptions, type RetryPolicy } from './retry-options.js';
import { retryRecordOf, type RetryOutcome, type RetryRecord } from './retry-record.js';

/** What the work is told. */
export interface RetryAttempt {
  /** The first one is 1. */
  readonly attempt: number;
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal;
}

/** What is tried; it is told which attempt this is, and has a signal. */
export type RetriedWork<T> = (attempt: RetryAttempt) => T | PromiseLike<T>;

/**
 * Calls the work again when it fails, after waits that grow and are drawn at random (full jitter), so that callers who
 * failed together do not come back together. When it fails for good, the last error is thrown, unchanged.
 *
 * A budget fed by successes stops retries that would only add to an overload; mistakes in the program, aborts and final
 * answers of HTTP servers are not tried again; a `Retry-After` is waited for. The deadline around counts: a wait that
 * would outlast it is not begun. What must not happen twice must not be retried: this cannot be known here.
 *
 * ```ts
 * const rates = await retry(({ signal }) => loadRates({ signal }), { name: 'rates', maxAttempts: 5 });
 * ```
 *
 * @throws what the work throws; a TimeoutError when an attempt outlasts `timeout`; whatever the signal was aborted with.
 */
export function retry<T>(work: RetriedWork<T>, options?: RetryOptions): Promise<T> {
  try {
    return retryWith(work, checkRetryOptions(options, work.name));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** As {@link retry}, for options that are checked already. */
export function retryWith<T>(work: RetriedWork<T>, policy: RetryPolicy): Promise<T> {
  const { timeoutMs, signal, clock, name } = policy;
  if (timeoutMs === Infinity && signal === undefined)
    return new RetriedCall(work, policy, currentDeadline()).run();
  let call: RetriedCall<T> | undefined;
  const begin = (deadline: Deadline) => (call = new RetriedCall(work, policy, deadline)).run();
  const onExpired = () => call?.expire();
  return runWithin(begin, { ms: timeoutMs, what: `retry of ${name}`, clock, signal, onExpired });
}

class RetriedCall<T> {
  readonly #work: RetriedWork<T>;
  readonly #policy: RetryPolicy;
  readonly #deadline: Deadline | undefined;
  readonly #record: RetryRecord;
  readonly #budget: RetryBudget | undefined;
  #attempt = 0;
  #lastError: unknown;
  #hasEnded = false;
  #controller: AbortController | undefined;

  constructor(work: RetriedWork<T>, policy: RetryPolicy, deadline: Deadline | undefined) {
    const { name, budget } = policy;
    this.#work = work;
    this.#policy = policy;
    this.#deadline = deadline;
    this.#record = retryRecordOf(name);
    this.#budget = budget === false ? undefined : this.#record.budgetOr(budget);
  }

  async run(): Promise<T> {
    for (;;) {
      this.#attempt += 1;
      this.#record.begin(this.#attempt);
      let value: T;
      try {
        value = await (0, this.#work)(new Attempt(this.#attempt, this));
      } catch (error) {
        await this.#recoverFrom(error);
        continue;
      }
      this.#budget?.succeeded();
      if (this.#attempt > 1) this.#end('recovered');
      return value;
    }
  }

  /** Its time is over, and the caller was told. Returns the last error. */
  expire(): unknown {
    this.#end('out_of_time');
    return this.#lastError;
  }

  get signal(): AbortSignal {
    return this.#deadline?.signal ?? (this.#controller ??= new AbortController()).signal;
  }

  /** Resolves when the next attempt may begin; otherwise throws what the caller gets. */
  async #recoverFrom(error: unknown): Promise<void> {
    let outcome: RetryOutcome = 'not_retryable';
    try {
      this.#lastError = error;
      const next = await this.#decide(error);
      if (typeof next === 'string') {
        outcome = next;
        throw error;
      }
      const { name, onRetry, clock } = this.#policy;
      const coming = { attempt: this.#attempt, name, delay: next / 1000 };
      this.#record.noteRetry(error, coming);
      await onRetry?.(error, coming);
      outcome = 'aborted';
      await pause(next, clock, this.#deadline?.signal);
    } catch (thrown) {
      this.#end(outcome);
      throw thrown;
    }
  }

  /** Milliseconds to wait before the next attempt, or why there is none. */
  async #decide(error: unknown): Promise<number | RetryOutcome> {
    const { name, maxAttempts, maxRetryAfterMs, shouldRetry, clock } = this.#policy;
    const reason: unknown = this.#deadline?.signal.aborted === true && this.#deadline.signal.reason;
    if (reason !== false) return reason instanceof TimeoutError ? 'out_of_time' : 'aborted';
    if (!isRetryable(error)) return 'not_retryable';
    if (this.#attempt >= maxAttempts) return 'exhausted';
    if (!(await shouldRetry(error, { attempt: this.#attempt, name }))) return 'not_retryable';
    const asked = retryAfterOf(error, () => clock.wallNow()) ?? 0;
    // Coming sooner than asked would be refused again, and waiting for so long is of no use to the caller.
    if (asked > maxRetryAfterMs) return 'out_of_time';
    const wait = asked + backoffOf(this.#policy, this.#attempt);
    if (this.#deadline !== undefined && wait >= this.#deadline.remaining * 1000) return 'out_of_time';
    return this.#budget?.trySpend() === false ? 'out_of_budget' : wait;
  }

  #end(outcome: RetryOutcome): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#record.end(outcome, this.#attempt);
  }
}

/** Its signal is made when somebody asks for it: see time-scope.ts. */
class Attempt implements RetryAttempt {
  readonly attempt: number;
  readonly #call: { readonly signal: AbortSignal };

  constructor(attempt: number, call: { readonly signal: AbortSignal }) {
    this.attempt = attempt;
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }
}

/** All who were told the same `Retry-After` must not come back together either, so this is added to it. */
export function backoffOf(policy: RetryPolicy, failures: number): number {
  const { delayMs, backoff, maxDelayMs, isJittered, random } = policy;
  const bound = Math.min(maxDelayMs, delayMs * backoff ** (failures - 1));
  return isJittered ? bound * random() : bound;
}

function pause(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    let unlink: Cancel | undefined;
    const cancel = clock.after(ms, () => {
      unlink?.();
      resolve();
    });
    if (signal === undefined) return;
    unlink = onAbort(signal, () => {
      cancel();
      reject(signal.reason);
    });
  });
}
