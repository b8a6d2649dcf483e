import {
  cacheBudgetLimit,
  cacheBudgetUsage,
  cacheCoherenceLag,
  cacheEntries,
  cacheEvictions,
  cacheLoadDuration,
  cacheLoadWaiters,
  cacheLookups,
  cacheTierDuration,
  cacheTierErrors,
  cacheTierPending,
  cacheTierState,
  cacheUsage,
  cacheWrites,
  optimizerWhatIfCost,
  optimizerWhatIfHits,
} from '../../../src/telemetry/catalogue.js';
import type { Dashboard } from '../dashboard.js';
import { graph, heatmap, stat } from '../panels.js';
import { seriesOf } from '../queries.js';
import { DECISIONS, q, ratio, ratioOrZero, RESTARTS, TARGET_VARIABLES, valuesOf } from './shared.js';

const CACHE = { 'perf.cache.name': '=~$cache' };
const BY_CACHE = ['perf.cache.name'];
const BY_TIER = ['perf.cache.name', 'perf.cache.tier'];
const HIT = { ...CACHE, 'perf.cache.result': '=~hit|stale|negative' };
const lookups = (by: readonly string[]) => q.rateBy(cacheLookups, by, CACHE);
const cache = '{{perf_cache_name}}';
const tier = '{{perf_cache_name}} {{perf_cache_tier}}';

export const caches: Dashboard = {
  uid: 'gzp-caches',
  title: 'Performance / Caches',
  description: 'Whether caches pay: hits, what misses cost, memory, and the health of the tiers.',
  variables: [...TARGET_VARIABLES, valuesOf('cache', 'Cache', seriesOf(cacheLookups), 'perf_cache_name')],
  annotations: [RESTARTS, DECISIONS],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Hits',
          description: 'Share of the lookups that some tier answered.',
          unit: 'percentunit',
          queries: [{ expr: ratio(q.rateBy(cacheLookups, [], HIT), lookups([])) }],
          min: 0,
          max: 1,
        }),
        stat({
          title: 'Lookups',
          description: 'Lookups in a second.',
          unit: 'ops',
          queries: [{ expr: lookups([]) }],
          min: 0,
        }),
        stat({
          title: 'Cost of misses',
          description:
            'Seconds of loading in a second: 2 means that two loads are under way at any time. What a better cache saves.',
          unit: 's',
          queries: [{ expr: q.rateBy(cacheLoadDuration, [], CACHE, 'sum') }],
          min: 0,
        }),
        stat({
          title: 'Waiting for a load',
          description:
            'Calls that wait for a value somebody else loads. Many: one slow origin holds up all of them.',
          unit: 'short',
          queries: [{ expr: q.sumBy(cacheLoadWaiters, [], CACHE) }],
          min: 0,
        }),
        stat({
          title: 'Memory',
          description: 'Bytes the values in memory take, by estimate.',
          unit: 'bytes',
          queries: [{ expr: q.sumBy(cacheUsage, [], CACHE) }],
          min: 0,
        }),
        stat({
          title: 'Tiers cut off',
          description:
            'Tiers whose breaker is open: lookups there are misses until they answer again. Look at their server.',
          unit: 'short',
          queries: [
            {
              expr: `sum (${q.select(cacheTierState, { ...CACHE, 'perf.cache.state': 'open' })}) or vector(0)`,
            },
          ],
          steps: [
            ['green', 0],
            ['red', 1],
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'Lookups',
      panels: [
        graph({
          title: 'Hits by cache',
          description:
            'Share of hits of each cache. A sudden fall: keys changed, an invalidation, or an eviction.',
          unit: 'percentunit',
          queries: [{ expr: ratio(q.rateBy(cacheLookups, BY_CACHE, HIT), lookups(BY_CACHE)), legend: cache }],
          min: 0,
          max: 1,
        }),
        graph({
          title: 'Lookups by result',
          description:
            'In a second. "stale" was served while it was renewed, "negative" is a kept answer that there is nothing.',
          unit: 'ops',
          isStacked: true,
          queries: [{ expr: lookups(['perf.cache.result']), legend: '{{perf_cache_result}}' }],
          min: 0,
        }),
        graph({
          title: 'Which tier answers',
          description: 'Hits in a second by the tier that had the value.',
          unit: 'ops',
          isStacked: true,
          queries: [{ expr: q.rateBy(cacheLookups, BY_TIER, HIT), legend: tier }],
          min: 0,
        }),
        graph({
          title: 'Writes',
          description: 'Entries written in a second, loaded ones included.',
          unit: 'ops',
          queries: [{ expr: q.rateBy(cacheWrites, BY_CACHE, CACHE), legend: cache }],
          min: 0,
        }),
      ],
    },
    {
      title: 'What misses cost',
      panels: [
        graph({
          title: 'Loading',
          description: 'How long the application takes to make a missing value.',
          unit: 's',
          queries: [
            { expr: q.quantile(0.5, cacheLoadDuration, BY_CACHE, CACHE), legend: `${cache} p50` },
            {
              expr: q.quantile(0.99, cacheLoadDuration, BY_CACHE, CACHE),
              legend: `${cache} p99`,
              exemplar: true,
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Failed loads',
          description: 'Share of the loads that threw. With `grace` their callers still got the last value.',
          unit: 'percentunit',
          queries: [
            {
              expr: ratioOrZero(
                q.rateBy(cacheLoadDuration, BY_CACHE, { ...CACHE, 'error.type': '!=' }, 'count'),
                q.rateBy(cacheLoadDuration, BY_CACHE, CACHE, 'count'),
              ),
              legend: cache,
            },
          ],
          min: 0,
        }),
        heatmap({
          title: 'Durations of loads',
          description: 'How loads are spread over durations.',
          unit: 's',
          queries: [{ expr: q.rateBy(cacheLoadDuration, ['le'], CACHE, 'bucket'), legend: '{{le}}' }],
        }),
        graph({
          title: 'Waiting for a load',
          description: 'Calls that joined a load which was under way.',
          unit: 'short',
          queries: [{ expr: q.sumBy(cacheLoadWaiters, BY_CACHE, CACHE), legend: cache }],
          min: 0,
        }),
      ],
    },
    {
      title: 'Memory',
      panels: [
        graph({
          title: 'Bytes',
          description: 'What the values take, by estimate.',
          unit: 'bytes',
          width: 8,
          isStacked: true,
          queries: [{ expr: q.sumBy(cacheUsage, BY_TIER, CACHE), legend: tier }],
          min: 0,
        }),
        graph({
          title: 'Entries',
          description: 'Entries of each tier.',
          unit: 'short',
          width: 8,
          queries: [{ expr: q.sumBy(cacheEntries, BY_TIER, CACHE), legend: tier }],
          min: 0,
        }),
        graph({
          title: 'Evictions',
          description:
            'Entries that left to make room (capacity, budget) or because their time was over, in a second.',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: q.rateBy(cacheEvictions, ['perf.cache.name', 'perf.cache.reason'], CACHE),
              legend: '{{perf_cache_name}}: {{perf_cache_reason}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Shared budgets',
          description:
            'Bytes of each cache in a budget, below its limit. The optimizer moves the limit, the caches divide it by what misses cost.',
          unit: 'bytes',
          queries: [
            {
              expr: q.sumBy(cacheBudgetUsage, ['perf.cache.budget.name', 'perf.cache.name']),
              legend: '{{perf_cache_budget_name}}: {{perf_cache_name}}',
            },
            {
              expr: q.sumBy(cacheBudgetLimit, ['perf.cache.budget.name']),
              legend: '{{perf_cache_budget_name}}: limit',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Evictions while loads are slow',
          description: 'Time of loading for each lookup: what evictions end up costing.',
          unit: 's',
          queries: [
            {
              expr: `${q.rateBy(cacheLoadDuration, BY_CACHE, CACHE, 'sum')}\n/\n${lookups(BY_CACHE)}`,
              legend: cache,
            },
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'What if the memory were different',
      panels: [
        graph({
          title: 'Hits with other memory',
          description:
            'What each cache would hit with a quarter to four times of its memory, from a sample of its lookups.',
          unit: 'percentunit',
          queries: [
            {
              expr: `avg by (perf_cache_name, perf_optimizer_size) (${q.select(optimizerWhatIfHits, CACHE)})`,
              legend: `${cache} {{perf_optimizer_size}}`,
            },
          ],
          min: 0,
          max: 1,
        }),
        graph({
          title: 'Cost of misses with other memory',
          description:
            'Loading for each lookup. Where "double" is far below "same", memory pays; where "half" is not above, give it away.',
          unit: 's',
          queries: [
            {
              expr: `avg by (perf_cache_name, perf_optimizer_size) (${q.select(optimizerWhatIfCost, CACHE)})`,
              legend: `${cache} {{perf_optimizer_size}}`,
            },
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'Tiers on the network',
      panels: [
        graph({
          title: 'Round trips',
          description: 'The slowest hundredth of the round trips of each tier.',
          unit: 's',
          queries: [
            {
              expr: q.quantile(0.99, cacheTierDuration, ['perf.cache.tier', 'perf.cache.operation'], CACHE),
              legend: '{{perf_cache_tier}} {{perf_cache_operation}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Errors of tiers',
          description: 'Failed calls in a second. Readers saw a miss; writes are made good later.',
          unit: 'ops',
          queries: [
            {
              expr: q.rateBy(cacheTierErrors, ['perf.cache.tier', 'perf.cache.operation'], CACHE),
              legend: '{{perf_cache_tier}} {{perf_cache_operation}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Breakers',
          description:
            'Share of the breakers in each state: open ones refuse calls at once until a probe succeeds.',
          unit: 'percentunit',
          width: 8,
          queries: [
            {
              expr: `avg by (perf_cache_name, perf_cache_state) (${q.select(cacheTierState, CACHE)})`,
              legend: '{{perf_cache_name}} {{perf_cache_state}}',
            },
          ],
          min: 0,
          max: 1,
        }),
        graph({
          title: 'Writes to make good',
          description: 'Writes that failed and are remembered. They drain when the tier is back.',
          unit: 'short',
          width: 8,
          queries: [{ expr: q.sumBy(cacheTierPending, BY_TIER, CACHE), legend: tier }],
          min: 0,
        }),
        graph({
          title: 'Lag of coherence',
          description:
            'How long news of changes by others takes. Until then memory tiers may serve what was before.',
          unit: 's',
          width: 8,
          queries: [{ expr: q.quantile(0.99, cacheCoherenceLag, BY_CACHE, CACHE), legend: `${cache} p99` }],
          min: 0,
        }),
      ],
    },
  ],
};
