import { AsyncResource } from 'node:async_hooks';
import { noticeOnce } from '../../telemetry/notice.js';
import { callWithin, type CallOutcome } from './call-within.js';
import type { PoolCall, PoolMetrics } from './pool-metrics.js';
import type { PoolCallContext, PoolSettings } from './pool-options.js';

/**
 * The functions the user gave to a pool, each within its time. They run in the async context the pool was made in, not in
 * that of whoever happened to wait. What fails is counted, and said once.
 */
export class ResourceCalls<T> {
  readonly #settings: PoolSettings<T>;
  readonly #metrics: PoolMetrics;
  readonly #context = new AsyncResource('AsyncPool');
  /** Ends a creation or a check before its time. */
  readonly #underWay = new Set<(reason: Error) => void>();

  constructor(settings: PoolSettings<T>, metrics: PoolMetrics) {
    this.#settings = settings;
    this.#metrics = metrics;
  }

  create(outcome: CallOutcome<T>): void {
    const { factory, createMs } = this.#settings;
    this.#begin('create', factory, createMs, outcome);
  }

  /** Fails when the resource is not to be used any more. */
  validate(resource: T, outcome: CallOutcome<unknown>): void {
    const { validate, validateMs, what } = this.#settings;
    const work = async (context: PoolCallContext): Promise<void> => {
      if ((await validate?.(resource, context)) === false) throw new Error(`${what}: validate said false`);
    };
    this.#begin('validate', work, validateMs, outcome);
  }

  /** `onDone` is called at once when there is nothing to do. */
  cleanUp(resource: T, onDone: () => void): void {
    const { cleanup, cleanupMs } = this.#settings;
    if (cleanup === undefined) return onDone();
    const work = (context: PoolCallContext) => cleanup(resource, context);
    this.#call('cleanup', work, cleanupMs, { succeeded: onDone, failed: onDone });
  }

  /** Ends all creations and checks. */
  giveUp(reason: Error): void {
    for (const end of this.#underWay) end(reason);
  }

  #begin<R>(
    call: PoolCall,
    work: (context: PoolCallContext) => R | PromiseLike<R>,
    ms: number,
    { succeeded, failed, late }: CallOutcome<R>,
  ): void {
    const end = this.#call(call, work, ms, {
      succeeded: (value) => {
        this.#underWay.delete(end);
        succeeded(value);
      },
      failed: (error) => {
        this.#underWay.delete(end);
        failed(error);
      },
      ...(late !== undefined && { late }),
    });
    this.#underWay.add(end);
  }

  #call<R>(
    call: PoolCall,
    work: (context: PoolCallContext) => R | PromiseLike<R>,
    ms: number,
    outcome: CallOutcome<R>,
  ): (reason: Error) => void {
    const { clock, what } = this.#settings;
    const limit = { clock, ms, what: `${what}: ${NAMES[call]}` };
    const failed = (error: unknown): void => {
      this.noteFailure(call, error);
      outcome.failed(error);
    };
    return this.#context.runInAsyncScope(() => callWithin(work, limit, { ...outcome, failed }));
  }

  noteFailure(call: PoolCall, error: unknown): void {
    const { what } = this.#settings;
    this.#metrics.failed(call);
    noticeOnce(`${what} ${call}`, `${what}: ${NAMES[call]} failed: ${String(error)}`);
  }
}

const NAMES: Readonly<Record<PoolCall, string>> = {
  create: 'factory',
  validate: 'validate',
  cleanup: 'cleanup',
};
