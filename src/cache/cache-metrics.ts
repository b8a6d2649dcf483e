import type { Clock } from '../clock.js';
import * as catalogue from '../telemetry/catalogue.js';
import { errorTypeOf } from '../telemetry/error-type.js';
import type { BoundCounter, Instruments } from '../telemetry/instruments.js';
import type { CallRecorder } from '../telemetry/timer.js';
import { reportLookups, reportTier, type LookupCounters } from './tier-metrics.js';
import type { CacheTier } from './tier.js';

/** What a tier was asked for when it failed. */
export type TierOperation = 'get' | 'set' | 'delete' | 'clear' | 'tags' | 'lock';

const OPERATIONS = ['get', 'set', 'delete', 'clear', 'tags', 'lock'] as const;

/** Counts what a cache manager does: for its `stats()` in plain fields, for exporters in instruments. */
export class CacheMetrics {
  /** Records how long the application took to produce missing values. */
  readonly loads: CallRecorder;
  primaryHits = 0;
  secondaryHits = 0;
  staleHits = 0;
  negativeHits = 0;
  misses = 0;
  readonly #primary: LookupCounters;
  readonly #secondary: LookupCounters | undefined;
  readonly #stale: BoundCounter;
  readonly #negative: BoundCounter;
  readonly #writes: BoundCounter;
  readonly #errors: Readonly<Record<TierOperation, BoundCounter>>;
  readonly #watchLoads: (loads: { readonly waiters: number }) => () => void;
  readonly #stops: (() => void)[];

  constructor(
    name: string,
    primary: CacheTier,
    secondary: CacheTier | undefined,
    instruments: Instruments,
    clock: Clock,
  ) {
    const tiers = secondary === undefined ? [primary] : [primary, secondary];
    this.#stops = tiers.map((tier) => reportTier(name, tier, instruments));
    this.#primary = reportLookups(name, primary.kind, instruments);
    this.#secondary = secondary && reportLookups(name, secondary.kind, instruments);
    const cache = { 'perf.cache.name': name };
    const lookups = instruments.counter(catalogue.cacheLookups);
    const memory = { ...cache, 'perf.cache.tier': primary.kind };
    this.#stale = lookups.bind({ ...memory, 'perf.cache.result': 'stale' });
    this.#negative = lookups.bind({ ...memory, 'perf.cache.result': 'negative' });
    this.#writes = instruments.counter(catalogue.cacheWrites).bind(cache);
    const errors = instruments.counter(catalogue.cacheTierErrors);
    const failing = { ...cache, 'perf.cache.tier': (secondary ?? primary).kind };
    this.#errors = Object.fromEntries(
      OPERATIONS.map((operation) => [
        operation,
        errors.bind({ ...failing, 'perf.cache.operation': operation }),
      ]),
    ) as Record<TierOperation, BoundCounter>;
    this.#watchLoads = (loads) =>
      instruments.observe(catalogue.cacheLoadWaiters, loads, ({ waiters }, report) => report(waiters, cache));
    const durations = instruments.histogram(catalogue.cacheLoadDuration);
    const loaded = durations.bind(cache);
    this.loads = {
      clock,
      succeeded: (seconds) => loaded.record(seconds),
      failed: (seconds, error) => durations.record(seconds, { ...cache, 'error.type': errorTypeOf(error) }),
    };
  }

  /** Reports who waits for loads, until reporting stops. */
  watchLoads(loads: { readonly waiters: number }): void {
    this.#stops.push(this.#watchLoads(loads));
  }

  countPrimaryHit(): void {
    this.primaryHits += 1;
    this.#primary.hit.add(1);
  }

  countSecondaryHit(): void {
    this.secondaryHits += 1;
    this.#secondary?.hit.add(1);
  }

  countStale(): void {
    this.staleHits += 1;
    this.#stale.add(1);
  }

  countNegative(): void {
    this.negativeHits += 1;
    this.#negative.add(1);
  }

  /** A miss of all tiers, unless only the memory tier was asked or the one below failed. */
  countMiss(asked: 'primary' | 'all' | 'failed' = 'all'): void {
    this.misses += 1;
    const last = asked === 'primary' ? this.#primary : (this.#secondary ?? this.#primary);
    if (asked === 'failed') last.error.add(1);
    else last.miss.add(1);
  }

  countWrite(): void {
    this.#writes.add(1);
  }

  countError(operation: TierOperation): void {
    this.#errors[operation].add(1);
  }

  stopReporting(): void {
    for (const stop of this.#stops) stop();
  }
}
