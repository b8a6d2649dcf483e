import {
  checkFunction,
  checkKnownOptions,
  checkPositiveInteger,
  checkText,
  withDefaults,
} from '../checks.js';
import { systemClock, type Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import { InvalidUseError } from '../errors.js';
import { instrumentsOf, type MeterProvider } from '../telemetry/instruments.js';
import { AdaptiveLimit, type AdaptiveLimitOptions } from './lease/adaptive-limit.js';
import { LeaseKernel } from './lease/lease-kernel.js';
import { LeaseMetrics } from './lease/lease-metrics.js';
import { LeasedCall, type CallHost, type CallLimits, type Work } from './lease/leased-call.js';
import { checkPriority, PriorityQueue } from './lease/priority-queue.js';
import { StandingQueue } from './lease/standing-queue.js';

/** How many calls run at the same time, and how many wait. */
export interface LimiterOptions {
  /** Value of the attribute `perf.task.queue`. */
  readonly name: string;
  /**
   * How much runs at the same time: a number, or options for a limit that follows what the other side can do. Then a queue
   * that stands serves the newest first and refuses who has waited for more than 0.1 s.
   */
  readonly limit: number | AdaptiveLimitOptions;
  /** Calls that may wait; further ones are refused at once. @default 10000 */
  readonly maxQueued?: number;
  /** How long a call may wait. Default: for ever, with an adaptive limit 0.5 s. */
  readonly queueTimeout?: Duration;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

/** For one call. */
export interface RunOptions {
  /** A whole number from -100 to 100, the higher the sooner; one step counts like a second of waiting. @default 0 */
  readonly priority?: number;
  /** How long it may run. Then the caller gets a TimeoutError and the work's signal is aborted. Default: for ever. */
  readonly timeout?: Duration;
  /** How long it may wait, instead of what the limiter allows. */
  readonly queueTimeout?: Duration;
  /** Ends the wait, and aborts the work's signal. */
  readonly signal?: AbortSignal;
  /** Work that does not end when it is told to loses its place to others after so long. Default: never. */
  readonly abandonAfter?: Duration;
}

/** What runs and waits now. */
export interface LimiterStats {
  readonly active: number;
  readonly queued: number;
  readonly limit: number;
  /** Seconds; 0 when nobody waits. */
  readonly oldestWait: number;
  /** Calls nobody waits for any more that still run. */
  readonly zombies: number;
}

const LIMITER_DEFAULTS = { maxQueued: 10_000, clock: systemClock } as const;
const KNOWN = ['name', 'limit', 'maxQueued', 'queueTimeout', 'meterProvider', 'clock'] as const;
const ADAPTIVE_PATIENCE = 0.5;
const PLAIN: CallLimits = { priority: 0 };
const RUN_OPTIONS = ['priority', 'timeout', 'queueTimeout', 'signal', 'abandonAfter'] as const;

/**
 * Lets so many calls run at the same time; the others wait, the more urgent before the others, equals in their order.
 * Never more run than the limit says, also when work outlives its timeout.
 */
export class Limiter {
  readonly name: string;
  /** Whether it finds its limit itself. */
  readonly isAdaptive: boolean;
  readonly #kernel: LeaseKernel;
  readonly #metrics: LeaseMetrics;
  readonly #host: CallHost;

  /** @throws {InvalidOptionError} */
  constructor(options: LimiterOptions) {
    const given = withDefaults('Limiter', LIMITER_DEFAULTS, options, KNOWN);
    const { clock, limit } = given;
    this.name = checkText('name', given.name);
    const isAdaptive = typeof limit !== 'number';
    this.isAdaptive = isAdaptive;
    const patience =
      given.queueTimeout === undefined
        ? isAdaptive
          ? ADAPTIVE_PATIENCE
          : Infinity
        : toSeconds('queueTimeout', given.queueTimeout, { allowInfinity: true });
    const metrics = new LeaseMetrics(this.name, instrumentsOf(given.meterProvider));
    this.#metrics = metrics;
    this.#kernel = new LeaseKernel({
      what: `limiter "${this.name}"`,
      limit: isAdaptive ? new AdaptiveLimit('limit', limit) : checkPositiveInteger('limit', limit),
      maxQueued: checkPositiveInteger('maxQueued', given.maxQueued),
      queue: new PriorityQueue(),
      standing: new StandingQueue(patience * 1000, isAdaptive),
      clock,
      onWaited: (seconds) => metrics.waited(seconds),
      onRefused: (reason) => metrics.rejected(reason),
    });
    this.#host = { what: `limiter "${this.name}"`, clock, kernel: this.#kernel, metrics };
    metrics.watch(this.#kernel);
  }

  /**
   * Runs the work when its turn comes; its result and its error are its own, unchanged.
   *
   * @throws {RejectedError} when it was not begun, a TimeoutError when it took too long, and whatever the signal was
   * aborted with.
   */
  run<T>(work: Work<T>, options?: RunOptions): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const limits = options === undefined ? PLAIN : limitsOf(options);
      new LimitedCall(this.#host, checkFunction('work', work), limits, resolve, reject).begin();
    });
  }

  /** Takes effect at once; what runs is never interrupted. @throws {InvalidUseError} for a limit that adapts. */
  setLimit(limit: number): void {
    if (this.isAdaptive) throw new InvalidUseError(`limiter "${this.name}" finds its limit itself`);
    this.#kernel.setLimit(checkPositiveInteger('limit', limit));
  }

  stats(): LimiterStats {
    const { active, queued, limit, oldestWait } = this.#kernel;
    return { active, queued, limit, oldestWait, zombies: this.#metrics.zombies };
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    return this.#kernel.idle();
  }

  /** Takes nothing more, and resolves when everything that waits has had its turn. */
  async drain(): Promise<void> {
    this.#kernel.close('draining', false);
    await this.#kernel.idle();
  }

  /** Takes nothing more and refuses those that wait; what runs may end. Resolves when it has. */
  async close(): Promise<void> {
    this.#kernel.close('closed', true);
    await this.#kernel.idle();
    this.#metrics.stop();
  }
}

class LimitedCall<T> extends LeasedCall<T> {
  protected override readonly succeeded: (value: T) => void;
  protected override readonly failed: (error: unknown) => void;

  constructor(
    host: CallHost,
    work: Work<T>,
    limits: CallLimits,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    super(host, work, limits);
    this.succeeded = resolve;
    this.failed = reject;
  }
}

function limitsOf(options: RunOptions): CallLimits {
  checkKnownOptions('run', options, RUN_OPTIONS);
  const { priority = 0, timeout, queueTimeout, signal, abandonAfter } = options;
  return {
    priority: checkPriority(priority),
    timeout: secondsOf('timeout', timeout),
    queueTimeout: secondsOf('queueTimeout', queueTimeout),
    abandonAfter: secondsOf('abandonAfter', abandonAfter),
    signal,
  };
}

function secondsOf(option: string, value: Duration | undefined): number | undefined {
  return value === undefined ? undefined : toSeconds(option, value);
}
