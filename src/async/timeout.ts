import { checkKnownOptions, checkText } from '../checks.js';
import { systemClock, type Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import { timeouts } from '../telemetry/async-catalogue.js';
import { instrumentsOf } from '../telemetry/instruments.js';
import { runWithin, type ScopedWork, type TimeLimit } from './time-scope.js';

/** What a time limit is called, and what else ends it. */
export interface TimeoutOptions {
  /** Ends the wait and aborts the work's signal, with the reason of this one. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What is limited: opens the error's message, and value of the attribute `perf.timeout.name`, so none with an id.
   * Default: the function's own name, else `work`.
   */
  readonly name?: string | undefined;
  readonly clock?: Clock | undefined;
}

const KNOWN = ['signal', 'name', 'clock'] as const;

/**
 * Waits for a promise, or for what a function makes, but no longer than the limit. Then the signal the function was
 * given is aborted and the caller gets a TimeoutError at once; work that does not listen goes on unobserved.
 *
 * Within another limit the nearer end counts, and nothing begins after it: clean up in `withoutDeadline`. Results and
 * errors pass unchanged.
 *
 * ```ts
 * const user = await withTimeout(({ signal }) => fetch(url, { signal }), '2s', { name: 'load user' });
 * ```
 *
 * @param limit `Infinity` for none, where only the signal shall end it.
 * @throws {TimeoutError}, whatever the signal was aborted with, and what the work throws. Everything by the promise.
 */
export function withTimeout<T>(
  work: ScopedWork<T> | PromiseLike<T>,
  limit: Duration,
  options?: TimeoutOptions,
): Promise<T> {
  let checked: TimeLimit;
  try {
    checked = checkTimeout(limit, options, work);
  } catch (error) {
    if (typeof work !== 'function') work.then(undefined, () => {});
    return Promise.reject(error);
  }
  return runWithin(work, checked);
}

/**
 * @param named what has the name that counts where the options have none.
 * @throws {InvalidOptionError}
 */
export function checkTimeout(
  limit: Duration,
  options: TimeoutOptions | undefined,
  named: unknown,
): TimeLimit {
  const ms = toSeconds('timeout', limit, FOR_EVER) * 1000;
  if (options === undefined) return new CallLimit(ms, systemClock, undefined, undefined, named);
  checkKnownOptions('withTimeout', options, KNOWN);
  const { signal, name, clock = systemClock } = options;
  if (name !== undefined) checkText('name', name);
  return new CallLimit(ms, clock, signal, name, named);
}

const FOR_EVER = { allowInfinity: true };

/** Asks for the name when time is up: V8 looks for that of a function in a table. */
class CallLimit implements TimeLimit {
  readonly ms: number;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  readonly #name: string | undefined;
  readonly #named: unknown;

  constructor(
    ms: number,
    clock: Clock,
    signal: AbortSignal | undefined,
    name: string | undefined,
    named: unknown,
  ) {
    this.ms = ms;
    this.clock = clock;
    this.signal = signal;
    this.#name = name;
    this.#named = named;
  }

  get what(): string {
    return this.#name ?? (nameOf(this.#named) || 'work');
  }

  onExpired(): void {
    instrumentsOf().counter(timeouts).add(1, { 'perf.timeout.name': this.what });
  }
}

function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  return typeof named === 'function' ? named.name : '';
}
