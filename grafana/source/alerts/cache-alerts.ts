import { cacheCoherenceLag, cacheLookups, cacheTierState } from '../../../src/telemetry/catalogue.js';
import type { RecordingRule, RuleFile } from '../../../src/export/rules/rule-file.js';
import { CACHE, q, type AlertText } from './alert.js';

/** Recorded because an alert and a dashboard ask for the same, or for a time long ago. */
const hitRatio: RecordingRule = {
  record: 'job_cache:perf_cache_hits:ratio_rate5m',
  expr: `${q.rateBy(cacheLookups, CACHE, { 'perf.cache.result': '=~hit|stale|negative' })}\n/\n(${q.rateBy(cacheLookups, CACHE)} > 0)`,
};
const lookups: RecordingRule = {
  record: 'job_cache:perf_cache_lookups:rate5m',
  expr: q.rateBy(cacheLookups, CACHE),
};

export const recordingRules: RuleFile = {
  groups: [{ name: 'performance-caches', rules: [hitRatio, lookups] }],
};

/** What makes caches pay less, or serve what is old. */
export const cacheAlerts: readonly AlertText[] = [
  {
    name: 'CacheHitsDropped',
    // Compared with the same hour of yesterday, and only where a cache is asked enough for a ratio to mean something.
    expr: `${hitRatio.record} < 0.8 * (${hitRatio.record} offset 1d)\nand\n${lookups.record} > 1`,
    for: '15m',
    severity: 'warning',
    summary: 'Cache {{ $labels.perf_cache_name }} of {{ $labels.job }} hits less than yesterday',
    description:
      'It hits {{ $value | humanizePercentage }}, a fifth less than a day ago. Its origin has the difference to carry.',
    dashboard: 'gzp-caches',
  },
  {
    name: 'CacheTierCutOff',
    expr: `max by (job, instance, perf_cache_name, perf_cache_tier) (${q.select(cacheTierState, { 'perf.cache.state': '=~open|half_open' })}) > 0`,
    for: '2m',
    severity: 'warning',
    summary: 'Tier {{ $labels.perf_cache_tier }} of cache {{ $labels.perf_cache_name }} is cut off',
    description:
      'Its breaker is open on {{ $labels.instance }}: lookups there are misses, writes are made good later.',
    dashboard: 'gzp-caches',
  },
  {
    name: 'CacheCoherenceLag',
    expr: `${q.quantile(0.99, cacheCoherenceLag, [...CACHE, 'instance'])} > 1`,
    for: '5m',
    severity: 'warning',
    summary: 'Cache {{ $labels.perf_cache_name }} on {{ $labels.instance }} hears of changes late',
    description:
      'News of changes by other processes takes {{ $value | humanizeDuration }}: until then it serves what was before.',
    dashboard: 'gzp-caches',
  },
];
