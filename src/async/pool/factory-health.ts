import { Backoff } from './backoff.js';

/**
 * Whether a factory makes resources that work, and when it may be called again. One for all who wait: after a failure a
 * single call shows for everybody whether it works again.
 */
export class FactoryHealth {
  readonly #creations: Backoff;
  readonly #checks: Backoff;
  /** When a check failed last, since one succeeded. */
  #invalidAt = Infinity;

  constructor(retryDelayMs: number, random: () => number) {
    this.#creations = new Backoff(retryDelayMs, random);
    this.#checks = new Backoff(retryDelayMs, random);
  }

  /** Its last call has failed. */
  get isDown(): boolean {
    return this.#creations.failures > 0;
  }

  /** Changes with each failure; calls that were under way together belong to one round. */
  get round(): number {
    return this.#creations.failures;
  }

  /** Failures in a row, and the last error. */
  get trouble(): { readonly failures: number; readonly error: unknown } {
    const backoff = this.isDown ? this.#creations : this.#checks;
    return { failures: backoff.failures, error: backoff.lastError };
  }

  /** Milliseconds until it may be called; 0 when it may be now. */
  delayAt(now: number): number {
    return Math.max(this.#creations.delayAt(now), this.#checks.delayAt(now));
  }

  made(): void {
    this.#creations.succeeded();
  }

  notMade(error: unknown, now: number, round: number): void {
    this.#creations.failed(error, now, round);
  }

  valid(): void {
    this.#invalidAt = Infinity;
    this.#checks.succeeded();
  }

  /** Many that broke together are replaced without delay. But when a replacement is no better, making more is no help. */
  invalid(createdAt: number, error: unknown, now: number): void {
    if (createdAt >= this.#invalidAt) this.#checks.failed(error, now, this.#checks.failures);
    this.#invalidAt = now;
  }
}
