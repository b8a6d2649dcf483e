import { BREAKER_STATES, type BreakerState } from '../../async/circuit-breaker.js';
import * as catalogue from '../../telemetry/catalogue.js';
import type { BoundCounter, BoundHistogram, Histogram, Instruments } from '../../telemetry/instruments.js';
import type { AttributesOf } from '../../telemetry/definition.js';
import type { FailureKind } from './redis-failure.js';

const OPERATIONS = catalogue.cacheTierDuration.attributes['perf.cache.operation'];
export type RedisOperation = (typeof OPERATIONS)[number];

/** Reports round trips, not lookups: those are counted where they are made. */
export class RedisMetrics {
  readonly #where: { readonly 'perf.cache.name': string; readonly 'perf.cache.tier': 'redis' };
  readonly #durations: Histogram<AttributesOf<typeof catalogue.cacheTierDuration>>;
  readonly #succeeded: Readonly<Record<RedisOperation, BoundHistogram>>;
  readonly #unusable: Readonly<Record<'foreign' | 'damaged', BoundCounter>>;
  readonly #instruments: Instruments;
  readonly #stops: (() => void)[] = [];

  constructor(name: string, instruments: Instruments) {
    const where = { 'perf.cache.name': name, 'perf.cache.tier': 'redis' } as const;
    const durations = instruments.histogram(catalogue.cacheTierDuration);
    this.#where = where;
    this.#durations = durations;
    this.#succeeded = Object.fromEntries(
      OPERATIONS.map((operation) => [
        operation,
        durations.bind({ ...where, 'perf.cache.operation': operation }),
      ]),
    ) as Record<RedisOperation, BoundHistogram>;
    const unusable = instruments.counter(catalogue.cacheTierUnusable);
    const unusableBy = (reason: 'foreign' | 'damaged') =>
      unusable.bind({ ...where, 'perf.cache.reason': reason });
    this.#unusable = { foreign: unusableBy('foreign'), damaged: unusableBy('damaged') };
    this.#instruments = instruments;
  }

  /** Reports what state they are in, for as long as they live. */
  watch(link: { readonly breakerState: BreakerState }, pending: { readonly count: number }): void {
    const where = this.#where;
    this.#stops.push(
      this.#instruments.observe(catalogue.cacheTierState, link, ({ breakerState }, report) => {
        for (const state of BREAKER_STATES) {
          report(breakerState === state ? 1 : 0, { ...where, 'perf.cache.state': state });
        }
      }),
      this.#instruments.observe(catalogue.cacheTierPending, pending, ({ count }, report) =>
        report(count, where),
      ),
    );
  }

  succeeded(operation: RedisOperation, seconds: number): void {
    this.#succeeded[operation].record(seconds);
  }

  failed(operation: RedisOperation, seconds: number, kind: FailureKind): void {
    this.#durations.record(seconds, {
      ...this.#where,
      'perf.cache.operation': operation,
      'error.type': kind,
    });
  }

  countUnusable(reason: 'foreign' | 'damaged'): void {
    this.#unusable[reason].add(1);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}
