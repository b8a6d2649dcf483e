import {
  checkBoolean,
  checkFunction,
  checkKnownOptions,
  checkRatio,
  checkText,
  withDefaults,
} from '../../checks.js';
import { systemClock, type Cancel, type Clock } from '../../clock.js';
import { toSeconds, type Duration } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import * as catalogue from '../../telemetry/catalogue.js';
import { instrumentsOf, type BoundCounter, type MeterProvider } from '../../telemetry/instruments.js';
import { busyShareOfLoop, watchLoop, type BusyShare } from './loop-watch.js';
import { MAX_PRIORITY, MIN_PRIORITY, shareFor, ShedControl } from './shed-control.js';

/** From which lag on load is shed. */
export interface LoadShedderOptions {
  /** Value of the attribute `perf.shedding.name`. @default 'default' */
  readonly name?: string;
  /** Mean lag of the event loop over half a second from which work is refused. @default '70ms' */
  readonly maxLag?: Duration;
  /** Share of the time the loop must be busy for that, 0 to 1: late once is no overload. @default 0.9 */
  readonly minUtilization?: number;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

/** Of one request. */
export interface ShedRequest {
  /** A whole number from -100 to 100: the least urgent is refused first, 100 never. @default 0 */
  readonly priority?: number;
}

const DEFAULTS = { name: 'default', maxLag: 0.07, minUtilization: 0.9, clock: systemClock } as const;
const KNOWN = ['name', 'maxLag', 'minUtilization', 'meterProvider', 'clock'] as const;
const MIN_RETRY_SECONDS = 1;
const MAX_RETRY_SECONDS = 10;

/**
 * Says which requests to refuse while this process has more to do than it can, so that the others are answered in time.
 *
 * It watches the event loop: late on average and without idle time means that work arrives faster than it is done.
 * Then every request waits longer and longer, until all callers have given up and nothing that is answered is of use.
 */
export class LoadShedder {
  readonly name: string;
  readonly #control: ShedControl;
  readonly #cancel: Cancel;
  readonly #stops: Cancel[];
  readonly #admitted: BoundCounter;
  readonly #shed: BoundCounter;
  readonly #listeners = new Set<() => void>();
  #lag = 0;
  #isRefusing = true;
  /** How much of a refusal is due, by priority: exactly the share of each is refused, not by chance. */
  readonly #due = new Float64Array(MAX_PRIORITY - MIN_PRIORITY + 1);

  /** @throws {InvalidOptionError} */
  constructor(options?: LoadShedderOptions, /** @internal */ busyShare: BusyShare = busyShareOfLoop()) {
    const given = withDefaults('LoadShedder', DEFAULTS, options, KNOWN);
    this.name = checkText('name', given.name);
    const where = { 'perf.shedding.name': this.name };
    this.#control = new ShedControl({
      maxLag: toSeconds('maxLag', given.maxLag),
      minUtilization: checkRatio('minUtilization', given.minUtilization),
    });
    const instruments = instrumentsOf(given.meterProvider);
    const requests = instruments.counter(catalogue.sheddingRequests);
    this.#admitted = requests.bind({ ...where, 'perf.shedding.result': 'admitted' });
    this.#shed = requests.bind({ ...where, 'perf.shedding.result': 'shed' });
    this.#stops = [
      instruments.observe(catalogue.sheddingShare, this, ({ share }, report) => report(share, where)),
      instruments.observe(catalogue.sheddingLag, this, ({ lag }, report) => report(lag, where)),
    ];
    this.#cancel = watchLoop(given.clock, busyShare, (window) => {
      this.#lag = window.lag;
      const wasShedding = this.share > 0;
      this.#control.note(window);
      if (this.share > 0 !== wasShedding) for (const listener of this.#listeners) listener();
    });
  }

  /** The share of all work to refuse now, from 0 to 0.95. */
  get share(): number {
    return this.#control.share;
  }

  /** Mean lag of the event loop in the last half second, in seconds. */
  get lag(): number {
    return this.#lag;
  }

  /** Seconds after which a refused caller may try again: the longer, the more is refused. */
  get retryAfter(): number {
    return Math.round(MIN_RETRY_SECONDS + this.share * (MAX_RETRY_SECONDS - MIN_RETRY_SECONDS));
  }

  /**
   * Whether to refuse this request; some nanoseconds while nothing is refused. Call it once for each: it is counted.
   *
   * @throws {InvalidOptionError} for a priority out of its range.
   */
  shouldShed(request?: ShedRequest): boolean {
    const priority = request === undefined ? 0 : priorityOf(request);
    const { share } = this.#control;
    const isShed = this.#isRefusing && share > 0 && this.#isDue(priority, shareFor(priority, share));
    (isShed ? this.#shed : this.#admitted).add(1);
    return isShed;
  }

  /** `false`: from now on it refuses nothing and only tells the share it would refuse. */
  setRefusing(isRefusing: boolean): void {
    this.#isRefusing = checkBoolean('isRefusing', isRefusing);
  }

  /** Calls the listener when there is something to refuse, and when there is nothing any more. */
  onTurn(listener: () => void): Cancel {
    this.#listeners.add(checkFunction('listener', listener));
    return () => void this.#listeners.delete(listener);
  }

  /** Ends watching and reporting. Nothing is refused after that. */
  close(): void {
    this.#cancel();
    for (const stop of this.#stops) stop();
    this.#stops.length = 0;
    this.#control.reset();
  }

  #isDue(priority: number, share: number): boolean {
    const at = priority - MIN_PRIORITY;
    const due = this.#due[at]! + share;
    this.#due[at] = due >= 1 ? due - 1 : due;
    return due >= 1;
  }
}

function priorityOf(request: ShedRequest): number {
  checkKnownOptions('shouldShed', request, ['priority']);
  const { priority = 0 } = request;
  if (Number.isInteger(priority) && priority >= MIN_PRIORITY && priority <= MAX_PRIORITY) return priority;
  throw new InvalidOptionError(
    'priority',
    `a whole number from ${MIN_PRIORITY} to ${MAX_PRIORITY}`,
    priority,
  );
}
