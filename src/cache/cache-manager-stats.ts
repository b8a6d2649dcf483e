import type { CacheMetrics } from './cache-metrics.js';
import type { TierStack } from './tier-stack.js';
import { statsOf, type TierStats } from './tier.js';

/** The memory tier's size and losses, the lookups of all tiers together. */
export interface CacheManagerStats extends TierStats {
  readonly name: string;
  readonly primaryHits: number;
  readonly secondaryHits: number;
  /** Answers with an entry that was stale. They count as hits. */
  readonly staleHits: number;
  /** Answers with a kept `undefined` or error. They count as hits. */
  readonly negativeHits: number;
  readonly primary: TierStats;
  readonly secondary?: TierStats;
}

export function managerStats(name: string, tiers: TierStack, metrics: CacheMetrics): CacheManagerStats {
  const primary = tiers.memory.stats();
  const { primaryHits, secondaryHits, staleHits, negativeHits, misses } = metrics;
  const { size, maxSize, memoryUsage, evictions, expirations } = primary;
  const hits = primaryHits + secondaryHits + staleHits + negativeHits;
  const own = statsOf({ hits, misses, size, maxSize, evictions, expirations }, memoryUsage);
  const secondary = tiers.secondary && { secondary: tiers.secondary.stats() };
  return { name, ...own, primaryHits, secondaryHits, staleHits, negativeHits, primary, ...secondary };
}
