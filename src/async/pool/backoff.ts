const MAX_DELAY_MS = 10_000;
/** Also a random 0 must let the event loop have its turn. */
const MIN_DELAY_MS = 1;

/**
 * When something that fails may be tried again, for all who wait for it: after a random time up to 1, 2, 4 ... times the
 * base ("full jitter"), by one try at a time.
 */
export class Backoff {
  readonly #baseMs: number;
  readonly #random: () => number;
  #failures = 0;
  #retryAt = -Infinity;
  #lastError: unknown;

  constructor(baseMs: number, random: () => number) {
    this.#baseMs = baseMs;
    this.#random = random;
  }

  /** Rounds of tries that failed since the last success; those that were under way together count as one. */
  get failures(): number {
    return this.#failures;
  }

  /** Of the try that failed last; `undefined` after a success. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Milliseconds until the next try; 0 when it may be now. */
  delayAt(now: number): number {
    return Math.max(0, this.#retryAt - now);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#retryAt = -Infinity;
    this.#lastError = undefined;
  }

  /** `round`: `failures` as it was when the try began. */
  failed(error: unknown, now: number, round: number): void {
    this.#lastError = error;
    if (round !== this.#failures) return;
    const most = Math.min(MAX_DELAY_MS, this.#baseMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#retryAt = now + Math.max(MIN_DELAY_MS, this.#random() * most);
  }
}
