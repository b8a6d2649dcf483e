import { checkKnownOptions, checkPositiveInteger } from '../../checks.js';
import { toSeconds, type Duration } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import { LatencyBaseline } from './latency-baseline.js';

/** Lets the limit follow what the other side can do. */
export interface AdaptiveLimitOptions {
  /** @default 4 */
  readonly min?: number;
  /** @default 400 */
  readonly max?: number;
  /** Where it begins. @default 20, within `min` and `max` */
  readonly initial?: number;
  /**
   * A call that takes longer says that there are too many. Default: twice what 95 % of the calls stay below while less
   * than half of the limit is in use.
   */
  readonly latency?: Duration;
}

const DEFAULTS = { min: 4, max: 400, initial: 20 } as const;
/** Of the limit, for each call that was too slow: half of it is gone after 34 of them. */
const DECREASE = 0.98;
const BASELINE_SHARE = 0.95;
const BASELINE_FACTOR = 2;

/**
 * Additive increase, multiplicative decrease (Chiu, Jain, 1989): one more for each round of calls that all came in time,
 * 2 % less for each that was slow or failed for lack of time. It only grows while at least half of it is in use: a limit
 * nobody reaches says nothing about the other side.
 */
export class AdaptiveLimit {
  readonly #min: number;
  readonly #max: number;
  readonly #latency: number | undefined;
  readonly #baseline = new LatencyBaseline();
  #limit: number;
  #threshold = Infinity;
  #samples = 0;

  /** @throws {InvalidOptionError} */
  constructor(option: string, options: AdaptiveLimitOptions) {
    checkKnownOptions(option, options, ['min', 'max', 'initial', 'latency']);
    const { min = DEFAULTS.min, max = DEFAULTS.max, latency } = options;
    this.#min = checkPositiveInteger(`${option}.min`, min);
    this.#max = checkPositiveInteger(`${option}.max`, max);
    if (min > max) throw new InvalidOptionError(`${option}.max`, `at least min, which is ${min}`, max);
    const initial = options.initial ?? Math.min(max, Math.max(min, DEFAULTS.initial));
    this.#limit = checkPositiveInteger(`${option}.initial`, initial);
    if (initial < min || initial > max)
      throw new InvalidOptionError(`${option}.initial`, `from ${min} to ${max}`, initial);
    this.#latency = latency === undefined ? undefined : toSeconds(`${option}.latency`, latency);
    if (this.#latency !== undefined) this.#threshold = this.#latency;
  }

  /** Calls at the same time. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Seconds from which a call counts as slow; `Infinity` while nothing is known. */
  get threshold(): number {
    return this.#threshold;
  }

  /** A call has ended. `inUse`: calls at the same time, this one included; `isLate`: it ran out of time. */
  note(seconds: number, inUse: number, isLate: boolean): void {
    const isQuiet = inUse * 2 <= this.#limit;
    if (this.#latency === undefined) this.#learn(seconds, isQuiet && !isLate);
    if (isLate || seconds > this.#threshold) this.#limit = Math.max(this.#min, this.#limit * DECREASE);
    else if (!isQuiet) this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit);
  }

  #learn(seconds: number, isQuiet: boolean): void {
    // Without a quiet time the first calls have to do.
    if (!isQuiet && this.#baseline.isKnown) return;
    this.#baseline.add(seconds);
    this.#samples += 1;
    if (this.#baseline.isKnown && (this.#threshold === Infinity || this.#samples % 64 === 0)) {
      this.#threshold = BASELINE_FACTOR * this.#baseline.quantile(BASELINE_SHARE);
    }
  }
}
