import { withDefaults } from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import { InvalidOptionError } from '../../errors.js';

/** How many retries successes earn. */
export interface RetryBudgetOptions {
  /** What a success earns, in retries; more than 0, at most 1. @default 0.1 */
  readonly perSuccess?: number;
  /** Retries that can be saved up; at least 1. @default 200 */
  readonly max?: number;
  /** Retries there are at the start; 0 to `max`. @default 20, or `max` if that is less */
  readonly initial?: number;
  readonly clock?: Clock;
}

const DEFAULTS = { perSuccess: 0.1, max: 200, clock: systemClock } as const;
const KNOWN = ['perSuccess', 'max', 'initial', 'clock'] as const;
const INITIAL = 20;

/** Below the initial amount one retry comes back in so long: who calls rarely is never left without for ever. */
const REFILL_MS = 60_000;
/** Ten times 0.1 is a little less than 1. */
const ROUNDING = 1e-9;

/**
 * How many retries may be made, fed by successes.
 *
 * When the other side is overloaded, retries are what keeps it so: with three of them per call a service that loses
 * half of its capacity for 30 s does not recover at all, with or without jitter, and neither with a budget fed by calls,
 * as those do not get fewer. Successes do, so retries stop when they are of no use. Share one among calls that go to the
 * same place, at all layers.
 */
export class RetryBudget {
  readonly #perSuccess: number;
  readonly #max: number;
  readonly #initial: number;
  readonly #clock: Clock;
  #balance: number;
  #lookedAt: number;

  /** @throws {InvalidOptionError} */
  constructor(options?: RetryBudgetOptions) {
    const { perSuccess, max, clock, ...given } = withDefaults('RetryBudget', DEFAULTS, options, KNOWN);
    this.#perSuccess = checkRange('perSuccess', perSuccess, Number.MIN_VALUE, 1);
    this.#max = checkRange('max', max, 1, Number.MAX_SAFE_INTEGER);
    this.#initial = checkRange('initial', given.initial ?? Math.min(INITIAL, max), 0, max);
    this.#clock = clock;
    this.#balance = this.#initial;
    this.#lookedAt = clock.now();
  }

  /** Retries that may be made at once. */
  get balance(): number {
    const refilled = this.#balance + (this.#clock.now() - this.#lookedAt) / REFILL_MS;
    return Math.max(this.#balance, Math.min(this.#initial, refilled));
  }

  /** For a call that succeeded, at whichever attempt. */
  succeeded(): void {
    this.#balance = Math.min(this.#max, this.#balance + this.#perSuccess);
  }

  /** Takes one retry; false when there is none. */
  trySpend(): boolean {
    this.#balance = this.balance;
    this.#lookedAt = this.#clock.now();
    if (this.#balance + ROUNDING < 1) return false;
    this.#balance -= 1;
    return true;
  }
}

function checkRange(option: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new InvalidOptionError(option, `a number from ${min} to ${max}`, value);
}
