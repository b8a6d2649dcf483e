import { systemClock, type Clock } from '../clock.js';

export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
/** Calls are made, are refused, or one is made to see. */
export type BreakerState = (typeof BREAKER_STATES)[number];

export interface CircuitBreakerOptions {
  /** Seconds without calls after the first failure. @default 0.25 */
  readonly firstWindow?: number;
  /** Seconds without calls at most. @default 5 */
  readonly maxWindow?: number;
  /** From 0 to 1: spreads the windows of many processes. @default Math.random */
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** Windows are up to this share longer or shorter, so that processes do not come back all at once. */
const JITTER = 0.2;

/**
 * Keeps calls away from something that fails. It opens with the first failure; when the window is over one call may try,
 * and its result closes it or opens a window twice as long.
 *
 * What fails again soon after it closed, flaps: then the first window is longer each time, and only a stay as long as
 * two windows makes it short again. A sign of life (`hasten`) takes back what failed tries added, not what flapping did.
 */
export class CircuitBreaker {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  readonly #clock: Clock;
  #state: BreakerState = 'closed';
  #baseMs: number;
  #windowMs: number;
  #failedAt = -Infinity;
  #closedAt = -Infinity;
  #retryAt = -Infinity;

  constructor(options: CircuitBreakerOptions = {}) {
    const { firstWindow = 0.25, maxWindow = 5, random = Math.random, clock = systemClock } = options;
    this.#firstMs = firstWindow * 1000;
    this.#maxMs = maxWindow * 1000;
    this.#random = random;
    this.#clock = clock;
    this.#baseMs = this.#windowMs = this.#firstMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until a call may try; 0 when it may now. */
  get retryInMs(): number {
    return this.#state === 'open' ? Math.max(0, this.#retryAt - this.#clock.now()) : 0;
  }

  /** Whether a call may be made now. When the window is over: true for one call, which must report its result. */
  tryEnter(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'half_open' || this.retryInMs > 0) return false;
    this.#state = 'half_open';
    return true;
  }

  /** Calls that were under way when it opened change nothing. */
  succeeded(): void {
    if (this.#state !== 'half_open') return;
    this.#state = 'closed';
    this.#closedAt = this.#clock.now();
  }

  failed(): void {
    if (this.#state === 'open') return;
    const now = this.#clock.now();
    if (this.#state === 'half_open') {
      this.#windowMs = Math.min(this.#maxMs, this.#windowMs * 2);
    } else {
      const isFlapping = now - this.#closedAt < 2 * this.#baseMs;
      this.#baseMs = isFlapping ? Math.min(this.#maxMs, this.#baseMs * 2) : this.#firstMs;
      this.#windowMs = this.#baseMs;
    }
    this.#state = 'open';
    this.#failedAt = now;
    this.#retryAt = now + this.#windowMs * (1 + JITTER * (2 * this.#random() - 1));
  }

  /** The call that tried has shown nothing: the next one may try. */
  undecided(): void {
    if (this.#state === 'half_open') this.#state = 'open';
  }

  /** Something speaks for a recovery: the next try need not wait longer than the first window. */
  hasten(): void {
    if (this.#state !== 'open') return;
    this.#windowMs = this.#baseMs;
    this.#retryAt = Math.min(this.#retryAt, this.#failedAt + this.#baseMs);
  }
}
