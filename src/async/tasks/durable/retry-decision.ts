import { systemClock } from '../../../clock.js';
import { isRetryable } from '../../retry/is-retryable.js';
import { retryAfterOf } from '../../retry/retry-after.js';
import type { RetryPolicy } from '../../retry/retry-options.js';
import { retryRecordOf, type RetryOutcome, type RetryRecord } from '../../retry/retry-record.js';
import { backoffOf } from '../../retry/retry.js';

/** Whether and when a durable task is tried again, and what is reported of that; as `retry` does it, over processes. */
export class TaskRetries {
  readonly #policy: RetryPolicy;
  readonly #record: RetryRecord;
  /** When the first attempt began, milliseconds since 1970. */
  readonly #firstAt: number;

  constructor(policy: RetryPolicy, firstAt: number) {
    this.#policy = policy;
    this.#record = retryRecordOf(policy.name);
    this.#firstAt = firstAt;
  }

  /** Milliseconds that are left for all attempts and waits. */
  get remainingMs(): number {
    return this.#firstAt + this.#policy.timeoutMs - systemClock.wallNow();
  }

  began(attempt: number): void {
    this.#record.begin(attempt);
  }

  succeeded(attempt: number): void {
    this.#budget?.succeeded();
    if (attempt > 1) this.#record.end('recovered', attempt);
  }

  /** The task ended without an answer to whether it is tried again. */
  aborted(attempt: number): void {
    this.#record.end('aborted', attempt);
  }

  /**
   * Milliseconds to wait before the next attempt; `undefined` when there is none.
   *
   * @param failures attempts that failed, this one included. Those cut off by the end of a process do not count.
   * @throws what `shouldRetry` and `onRetry` throw.
   */
  async afterFailure(error: unknown, attempt: number, failures: number): Promise<number | undefined> {
    let outcome: RetryOutcome = 'not_retryable';
    try {
      const next = await this.#decide(error, attempt, failures);
      if (typeof next === 'number') {
        const { name, onRetry } = this.#policy;
        const coming = { attempt, name, delay: next / 1000 };
        this.#record.noteRetry(error, coming);
        await onRetry?.(error, coming);
        return next;
      }
      outcome = next;
    } catch (thrown) {
      this.#record.end(outcome, attempt);
      throw thrown;
    }
    this.#record.end(outcome, attempt);
    return undefined;
  }

  get #budget() {
    const { budget } = this.#policy;
    return budget === false ? undefined : this.#record.budgetOr(budget);
  }

  async #decide(error: unknown, attempt: number, failures: number): Promise<number | RetryOutcome> {
    const { name, maxAttempts, maxRetryAfterMs, shouldRetry } = this.#policy;
    if (this.remainingMs <= 0) return 'out_of_time';
    if (!isRetryable(error)) return 'not_retryable';
    if (failures >= maxAttempts) return 'exhausted';
    if (!(await shouldRetry(error, { attempt, name }))) return 'not_retryable';
    const asked = retryAfterOf(error, () => systemClock.wallNow()) ?? 0;
    if (asked > maxRetryAfterMs) return 'out_of_time';
    const wait = Math.ceil(asked + backoffOf(this.#policy, failures));
    if (wait >= this.remainingMs) return 'out_of_time';
    return this.#budget?.trySpend() === false ? 'out_of_budget' : wait;
  }
}
