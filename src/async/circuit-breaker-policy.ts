import { checkFunction, checkPositiveInteger, checkText, withDefaults } from '../checks.js';
import { systemClock, type Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import { CircuitOpenError, TimeoutError } from '../errors.js';
import * as catalogue from '../telemetry/catalogue.js';
import { instrumentsOf, type BoundCounter, type MeterProvider } from '../telemetry/instruments.js';
import { CallSignal, type PolicyContext } from './call-signal.js';
import { BREAKER_STATES, CircuitBreaker, type BreakerState } from './circuit-breaker.js';
import { isFinalAnswer, isRetryable } from './retry/is-retryable.js';

/** When calls are refused, and for how long. */
export interface CircuitBreakerPolicyOptions {
  /** Value of the attribute `perf.breaker.name`. */
  readonly name: string;
  /** Failures in a row that open it. @default 5 */
  readonly failures?: number;
  /** How long it stays open at first; twice as long after each try that fails. @default 1 */
  readonly firstWindow?: Duration;
  /** How long it stays open at most; a try that takes longer counts as failed. @default 30 */
  readonly maxWindow?: Duration;
  /**
   * Whether an error says that the other side is in trouble; otherwise it is a sign of life. Not asked about mistakes in
   * the program and aborts, which say nothing. Default: all but answers of HTTP servers such as 404.
   */
  readonly isFailure?: (error: unknown) => boolean;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  /** From 0 to 1: spreads the windows of many processes. @default Math.random */
  readonly random?: () => number;
  readonly clock?: Clock;
}

const DEFAULTS = {
  failures: 5,
  firstWindow: 1,
  maxWindow: 30,
  isFailure: (error: unknown) => !isFinalAnswer(error),
  random: Math.random,
  clock: systemClock,
} as const;
const KNOWN = [
  'name',
  'failures',
  'firstWindow',
  'maxWindow',
  'isFailure',
  'meterProvider',
  'random',
  'clock',
] as const;

const OUTCOMES = catalogue.breakerCalls.attributes['perf.breaker.outcome'];
type Outcome = (typeof OUTCOMES)[number];

/** The call that was let through to see how the other side is. */
interface Trial {
  readonly startedAt: number;
}

/**
 * Refuses calls to something that has failed several times in a row, until a single call that is let through succeeds.
 * Under `retry`, which waits for as long as the refusal says, in this order: `retry(() => breaker.execute(load))`.
 */
export class CircuitBreakerPolicy {
  readonly name: string;
  readonly #breaker: CircuitBreaker;
  readonly #failuresToOpen: number;
  readonly #firstWindowMs: number;
  readonly #maxWindowMs: number;
  readonly #isFailure: (error: unknown) => boolean;
  readonly #clock: Clock;
  readonly #calls: Readonly<Record<Outcome, BoundCounter>>;
  #failuresInRow = 0;
  #trial: Trial | undefined;

  /** @throws {InvalidOptionError} */
  constructor(options: CircuitBreakerPolicyOptions) {
    const given = withDefaults('CircuitBreakerPolicy', DEFAULTS, options, KNOWN);
    const { clock, random, meterProvider } = given;
    const maxWindow = toSeconds('maxWindow', given.maxWindow);
    const firstWindow = Math.min(maxWindow, toSeconds('firstWindow', given.firstWindow));
    this.name = checkText('name', given.name);
    this.#failuresToOpen = checkPositiveInteger('failures', given.failures);
    this.#isFailure = checkFunction('isFailure', given.isFailure);
    this.#firstWindowMs = firstWindow * 1000;
    this.#maxWindowMs = maxWindow * 1000;
    this.#clock = clock;
    this.#breaker = new CircuitBreaker({
      firstWindow,
      maxWindow,
      random: checkFunction('random', random),
      clock,
    });
    const named = { 'perf.breaker.name': this.name };
    const instruments = instrumentsOf(meterProvider);
    const calls = instruments.counter(catalogue.breakerCalls);
    const bound = OUTCOMES.map((outcome) => [
      outcome,
      calls.bind({ ...named, 'perf.breaker.outcome': outcome }),
    ]);
    this.#calls = Object.fromEntries(bound) as Record<Outcome, BoundCounter>;
    instruments.observe(catalogue.breakerState, this, (policy, report) => {
      for (const state of BREAKER_STATES) {
        report(policy.state === state ? 1 : 0, { ...named, 'perf.breaker.state': state });
      }
    });
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  /**
   * Calls the work, unless the breaker is open. Results and errors are the work's own. Limit the time inside, as work
   * that never ends says nothing: `breaker.execute(() => withTimeout(load, '1s'))`.
   *
   * @param signal is handed to the work; when it is aborted before the work fails, nothing is learnt from that.
   * Default: the signal of the deadline around.
   * @throws {CircuitOpenError} and what the work throws.
   */
  async execute<T>(work: (context: PolicyContext) => T | PromiseLike<T>, signal?: AbortSignal): Promise<T> {
    const context = new CallSignal(signal);
    const trial = this.#enter();
    try {
      const value = await work(context);
      this.#succeeded(trial);
      return value;
    } catch (error) {
      if (isOwnFault(error, context)) this.#learntNothing(trial);
      else if (this.#isFailure(error)) this.#failed(trial);
      else this.#succeeded(trial);
      throw error;
    }
  }

  /** The trial, if this call is the one that tries. */
  #enter(): Trial | undefined {
    const now = this.#clock.now();
    if (this.#trial !== undefined && now - this.#trial.startedAt >= this.#maxWindowMs) {
      this.#trial = undefined;
      this.#breaker.failed();
    }
    if (!this.#breaker.tryEnter()) {
      this.#calls.refused.add(1);
      const wait = this.state === 'open' ? this.#breaker.retryInMs : this.#firstWindowMs;
      throw new CircuitOpenError(this.name, Math.ceil(wait));
    }
    if (this.state === 'closed') return undefined;
    return (this.#trial = { startedAt: now });
  }

  #succeeded(trial: Trial | undefined): void {
    this.#calls.succeeded.add(1);
    if (trial !== this.#trial) return;
    this.#trial = undefined;
    this.#failuresInRow = 0;
    this.#breaker.succeeded();
  }

  #failed(trial: Trial | undefined): void {
    this.#calls.failed.add(1);
    // Calls from before it opened do not decide how the trial went.
    if (trial !== this.#trial) return;
    this.#trial = undefined;
    this.#failuresInRow += 1;
    if (trial !== undefined || this.#failuresInRow >= this.#failuresToOpen) this.#breaker.failed();
  }

  #learntNothing(trial: Trial | undefined): void {
    this.#calls.undecided.add(1);
    if (trial === undefined || trial !== this.#trial) return;
    this.#trial = undefined;
    this.#breaker.undecided();
  }
}

/** Whether it failed because of the program, or because nobody waits for it any more. Time that is up is neither. */
function isOwnFault(error: unknown, { ending }: CallSignal): boolean {
  if (ending?.aborted === true) return !(ending.reason instanceof TimeoutError);
  return !isRetryable(error);
}
