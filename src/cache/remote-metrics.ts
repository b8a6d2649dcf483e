import { BREAKER_STATES, type BreakerState } from '../async/circuit-breaker.js';
import * as catalogue from '../telemetry/catalogue.js';
import type { BoundCounter, BoundHistogram, Histogram, Instruments } from '../telemetry/instruments.js';
import type { AttributesOf } from '../telemetry/definition.js';
import type { TierKind } from './tier.js';

const OPERATIONS = catalogue.cacheTierDuration.attributes['perf.cache.operation'];
export type RemoteOperation = (typeof OPERATIONS)[number];

/**
 * Why a call failed: no answer in time, no connection, or an answer that says no.
 */
export type FailureKind = 'timeout' | 'connection' | 'refused';

const RECORDED_AT_ONCE = 64;

/** An entry that cannot be read: written by something else, or by us and broken. */
export type Unusable = 'foreign' | 'damaged';

interface Bound {
  readonly succeeded: Readonly<Record<RemoteOperation, BoundHistogram>>;
  readonly unusable: Readonly<Record<Unusable, BoundCounter>>;
  readonly repairs: BoundCounter;
  readonly lag: BoundHistogram;
}

interface Watched {
  readonly link: { readonly breakerState: BreakerState };
  readonly pending: { readonly count: number };
}

/**
 * Reports what a tier on the other side of a network does: its round trips, its breaker, its repairs. Not lookups: those
 * are counted where they are made.
 */
export class RemoteMetrics {
  readonly #instruments: Instruments;
  readonly #durations: Histogram<AttributesOf<typeof catalogue.cacheTierDuration>>;
  readonly #measured: { readonly operation: RemoteOperation; readonly seconds: number }[] = [];
  #where: { readonly 'perf.cache.name': string; readonly 'perf.cache.tier': TierKind };
  #bound: Bound;
  #watched: Watched | undefined;
  #stops: (() => void)[] = [];

  constructor(name: string, tier: TierKind, instruments: Instruments) {
    this.#instruments = instruments;
    this.#durations = instruments.histogram(catalogue.cacheTierDuration);
    this.#where = { 'perf.cache.name': name, 'perf.cache.tier': tier };
    this.#bound = this.#bind();
  }

  /** From now on under this name. */
  rename(name: string): void {
    this.stop();
    this.#where = { ...this.#where, 'perf.cache.name': name };
    this.#bound = this.#bind();
    if (this.#watched !== undefined) this.watch(this.#watched);
  }

  /** Reports what state they are in, for as long as they live. */
  watch(watched: Watched): void {
    this.#watched = watched;
    const { link, pending } = watched;
    const where = this.#where;
    this.#stops.push(
      this.#instruments.observe(catalogue.cacheTierState, link, ({ breakerState }, report) => {
        for (const state of BREAKER_STATES) {
          report(breakerState === state ? 1 : 0, { ...where, 'perf.cache.state': state });
        }
      }),
      this.#instruments.observe(catalogue.cacheTierPending, pending, ({ count }, report) => {
        this.#recordMeasured();
        report(count, where);
      }),
    );
  }

  /**
   * Recorded when there are some, or when somebody collects: one by one between two calls, each record would cost ten times
   * as much, as nothing of it is in the processor's caches.
   */
  succeeded(operation: RemoteOperation, seconds: number): void {
    if (this.#measured.push({ operation, seconds }) === RECORDED_AT_ONCE) this.#recordMeasured();
  }

  failed(operation: RemoteOperation, seconds: number, kind: FailureKind): void {
    this.#durations.record(seconds, {
      ...this.#where,
      'perf.cache.operation': operation,
      'error.type': kind,
    });
  }

  countUnusable(reason: Unusable): void {
    this.#bound.unusable[reason].add(1);
  }

  countRepairs(count: number): void {
    this.#bound.repairs.add(count);
  }

  /** How long a message about changes took. */
  arrived(seconds: number): void {
    this.#bound.lag.record(seconds);
  }

  stop(): void {
    this.#recordMeasured();
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  #recordMeasured(): void {
    for (const { operation, seconds } of this.#measured) this.#bound.succeeded[operation].record(seconds);
    this.#measured.length = 0;
  }

  #bind(): Bound {
    const where = this.#where;
    const succeeded = OPERATIONS.map((operation) => [
      operation,
      this.#durations.bind({ ...where, 'perf.cache.operation': operation }),
    ]);
    const unusable = this.#instruments.counter(catalogue.cacheTierUnusable);
    const unusableBy = (reason: Unusable) => unusable.bind({ ...where, 'perf.cache.reason': reason });
    return {
      succeeded: Object.fromEntries(succeeded) as Record<RemoteOperation, BoundHistogram>,
      unusable: { foreign: unusableBy('foreign'), damaged: unusableBy('damaged') },
      repairs: this.#instruments.counter(catalogue.cacheTierRepairs).bind(where),
      lag: this.#instruments.histogram(catalogue.cacheCoherenceLag).bind(where),
    };
  }
}
