import type { BudgetWhatIf } from '../optimizer/budget/what-if.js';
import * as catalogue from '../telemetry/catalogue.js';
import type { Reading } from '../telemetry/reading.js';
import type { LiveBudget, LiveCache, LiveTier } from './live-report.js';
import { MOST_ROWS } from './operations-report.js';
import { byAttribute, meanOf, per, sumOf, type AttributeFilter } from './reading-sums.js';
import type { WindowReadings } from './recent-readings.js';

const NAME = 'perf.cache.name';
const TIER = 'perf.cache.tier';
const HITS: ReadonlySet<unknown> = new Set(['hit', 'stale', 'negative']);

/** Caches that hold something or were asked lately: others were made, and never used. */
export function cachesFrom({ seconds, of }: WindowReadings, budgets: readonly BudgetWhatIf[]): LiveCache[] {
  const evictions = byAttribute(of(catalogue.cacheEvictions), NAME);
  const loads = byAttribute(of(catalogue.cacheLoadDuration), NAME);
  const curves = new Map(budgets.flatMap(({ caches }) => caches).map(({ name, points }) => [name, points]));
  const tiersOf = tierReader(of);
  return [...byAttribute(of(catalogue.cacheLookups), NAME)]
    .map(([name, lookups]) => ({ name, lookups, all: sumOf(lookups) ?? 0 }))
    .toSorted((a, b) => b.all - a.all)
    .slice(0, MOST_ROWS)
    .map(({ name, lookups, all }) => ({
      name,
      lookupRate: per(all, seconds),
      hitRatio: shareOf(lookups, isHit, all),
      evictionRate: per(sumOf(evictions.get(name)), seconds),
      missMean: meanOf(loads.get(name)),
      tiers: tiersOf(name, lookups, all),
      whatIf: curves.get(name) ?? [],
    }))
    .filter(({ lookupRate, tiers }) => lookupRate > 0 || tiers.some(({ entries = 0 }) => entries > 0));
}

export function budgetsFrom({ of }: WindowReadings): LiveBudget[] {
  const attribute = 'perf.cache.budget.name';
  const usage = byAttribute(of(catalogue.cacheBudgetUsage), attribute);
  const limits = byAttribute(of(catalogue.cacheBudgetLimit), attribute);
  return [...new Set([...usage.keys(), ...limits.keys()])].map((name) => ({
    name,
    bytes: sumOf(usage.get(name)) ?? 0,
    maxBytes: sumOf(limits.get(name)),
  }));
}

function tierReader(of: WindowReadings['of']) {
  const [entries, entriesLimit, bytes, bytesLimit, states] = [
    catalogue.cacheEntries,
    catalogue.cacheEntriesLimit,
    catalogue.cacheUsage,
    catalogue.cacheUsageLimit,
    catalogue.cacheTierState,
  ].map((definition) => byAttribute(of(definition), NAME));
  return (name: string, lookups: readonly Reading[], all: number): LiveTier[] => {
    const kinds = new Set(
      [lookups, entries!.get(name) ?? []].flat().map(({ attributes }) => attributes[TIER]),
    );
    return [...kinds].map((kind) => {
      const isOwn: AttributeFilter = (attributes) => attributes[TIER] === kind;
      const state = states!.get(name)?.find(({ attributes, value }) => isOwn(attributes) && value === 1);
      return {
        kind: String(kind),
        hitRatio: shareOf(lookups, (attributes) => isOwn(attributes) && isHit(attributes), all),
        entries: sumOf(entries!.get(name), isOwn),
        entriesLimit: sumOf(entriesLimit!.get(name), isOwn),
        bytes: sumOf(bytes!.get(name), isOwn),
        bytesLimit: sumOf(bytesLimit!.get(name), isOwn),
        state: state && String(state.attributes['perf.cache.state']),
      };
    });
  };
}

function isHit(attributes: Reading['attributes']): boolean {
  return HITS.has(attributes['perf.cache.result']);
}

function shareOf(lookups: readonly Reading[], filter: AttributeFilter, all: number): number | undefined {
  return all === 0 ? undefined : (sumOf(lookups, filter) ?? 0) / all;
}
