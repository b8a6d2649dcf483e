import * as catalogue from '../telemetry/catalogue.js';
import { instrumentsOf, type BoundCounter, type Instruments } from '../telemetry/instruments.js';
import type { CacheTier, TierKind } from './tier.js';

/** Counters of one tier's lookups. */
export interface LookupCounters {
  readonly hit: BoundCounter;
  readonly miss: BoundCounter;
  /** Misses because the tier failed. */
  readonly error: BoundCounter;
}

export function reportLookups(
  name: string,
  tier: TierKind,
  instruments: Instruments = instrumentsOf(),
): LookupCounters {
  const lookups = instruments.counter(catalogue.cacheLookups);
  const of = (result: 'hit' | 'miss' | 'error') =>
    lookups.bind({ 'perf.cache.name': name, 'perf.cache.tier': tier, 'perf.cache.result': result });
  return { hit: of('hit'), miss: of('miss'), error: of('error') };
}

/** Reports entries, bytes, limits and evictions of a tier for as long as it lives. */
export function reportTier(
  name: string,
  tier: CacheTier,
  instruments: Instruments = instrumentsOf(),
): () => void {
  const where = { 'perf.cache.name': name, 'perf.cache.tier': tier.kind } as const;
  const cancels = [
    instruments.observe(catalogue.cacheEntries, tier, (owner, report) => {
      const { size } = owner.counts();
      if (size !== undefined) report(size, where);
    }),
    instruments.observe(catalogue.cacheEntriesLimit, tier, (owner, report) =>
      report(owner.counts().maxSize, where),
    ),
    instruments.observe(catalogue.cacheUsage, tier, (owner, report) => {
      if (owner.usage !== undefined) report(owner.usage(), where);
    }),
    instruments.observe(catalogue.cacheUsageLimit, tier, (owner, report) => {
      const { maxBytes } = owner.counts();
      if (maxBytes !== undefined) report(maxBytes, where);
    }),
    instruments.observe(catalogue.cacheEvictions, tier, (owner, report) => {
      const { evictions, budgetEvictions, expirations } = owner.counts();
      report(evictions - (budgetEvictions ?? 0), { ...where, 'perf.cache.reason': 'capacity' });
      if (budgetEvictions !== undefined) report(budgetEvictions, { ...where, 'perf.cache.reason': 'budget' });
      report(expirations, { ...where, 'perf.cache.reason': 'expired' });
    }),
  ];
  return () => {
    for (const cancel of cancels) cancel();
  };
}
