import { asyncCatalogue } from './async-catalogue.js';
import { containerCatalogue } from './container-catalogue.js';
import { define, type InstrumentDefinition } from './definition.js';
import { exportCatalogue } from './export-catalogue.js';
import { httpCatalogue } from './http-catalogue.js';
import { optimizerCatalogue } from './optimizer-catalogue.js';
import { poolCatalogue } from './pool-catalogue.js';
import { resourceCatalogue } from './resource-catalogue.js';
import { runtimeCatalogue } from './runtime-catalogue.js';
import { sheddingCatalogue } from './shedding-catalogue.js';
import { taskCatalogue } from './task-catalogue.js';

export * from './async-catalogue.js';
export * from './container-catalogue.js';
export * from './export-catalogue.js';
export * from './http-catalogue.js';
export * from './optimizer-catalogue.js';
export * from './pool-catalogue.js';
export * from './resource-catalogue.js';
export * from './runtime-catalogue.js';
export * from './shedding-catalogue.js';
export * from './task-catalogue.js';

/**
 * Every instrument of this package. Code, documentation, dashboards and alerts take names and units from here.
 * Names of the OpenTelemetry semantic conventions are used where they exist, `perf.` opens our own.
 */

export const CACHE_TIERS = ['memory', 'persistent', 'redis', 'custom'] as const;

export const operationDuration = define({
  name: 'perf.operation.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long timed operations took, failed ones with the type of their error.',
  attributes: { 'perf.operation.name': 'open', 'error.type': 'open' },
});

export const cacheLookups = define({
  name: 'perf.cache.lookups',
  kind: 'counter',
  unit: '{lookup}',
  description:
    'Lookups by result and by the tier that answered; for a miss, the last tier asked, as an error when that failed.',
  attributes: {
    'perf.cache.name': 'open',
    'perf.cache.tier': CACHE_TIERS,
    'perf.cache.result': ['hit', 'stale', 'negative', 'miss', 'error'],
  },
});

export const cacheTierErrors = define({
  name: 'perf.cache.tier.errors',
  kind: 'counter',
  unit: '{error}',
  description: 'Calls of a tier that failed: readers saw a miss, writers lost nothing but the cached copy.',
  attributes: {
    'perf.cache.name': 'open',
    'perf.cache.tier': CACHE_TIERS,
    'perf.cache.operation': ['get', 'set', 'delete', 'clear', 'tags', 'lock'],
  },
});

export const cacheWrites = define({
  name: 'perf.cache.writes',
  kind: 'counter',
  unit: '{write}',
  description: 'Entries written by the application or loaded on a miss.',
  attributes: { 'perf.cache.name': 'open' },
});

export const cacheEvictions = define({
  name: 'perf.cache.evictions',
  kind: 'observableCounter',
  unit: '{eviction}',
  description: 'Entries that left a tier to make room in it or in a shared budget, or whose time was over.',
  attributes: {
    'perf.cache.name': 'open',
    'perf.cache.tier': CACHE_TIERS,
    'perf.cache.reason': ['capacity', 'budget', 'expired'],
  },
});

export const cacheEntries = define({
  name: 'perf.cache.entries',
  kind: 'observableUpDownCounter',
  unit: '{entry}',
  description: 'Entries held by a tier.',
  attributes: { 'perf.cache.name': 'open', 'perf.cache.tier': CACHE_TIERS },
});

export const cacheEntriesLimit = define({
  name: 'perf.cache.entries.limit',
  kind: 'observableUpDownCounter',
  unit: '{entry}',
  description: 'Entries a tier may hold.',
  attributes: { 'perf.cache.name': 'open', 'perf.cache.tier': CACHE_TIERS },
});

export const cacheUsage = define({
  name: 'perf.cache.usage',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: "What a tier's values take of memory, by estimate.",
  attributes: { 'perf.cache.name': 'open', 'perf.cache.tier': CACHE_TIERS },
});

export const cacheUsageLimit = define({
  name: 'perf.cache.usage.limit',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'Bytes a tier may take, where it has such a limit.',
  attributes: { 'perf.cache.name': 'open', 'perf.cache.tier': CACHE_TIERS },
});

export const cacheBudgetUsage = define({
  name: 'perf.cache.budget.usage',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'What a cache holds of a budget of bytes it shares with others, by estimate.',
  attributes: { 'perf.cache.budget.name': 'open', 'perf.cache.name': 'open' },
});

export const cacheBudgetLimit = define({
  name: 'perf.cache.budget.limit',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'Bytes the caches of a budget may hold together.',
  attributes: { 'perf.cache.budget.name': 'open' },
});

export const cacheLoadWaiters = define({
  name: 'perf.cache.load.waiters',
  kind: 'observableUpDownCounter',
  unit: '{call}',
  description: 'Calls that wait for a value that is being loaded.',
  attributes: { 'perf.cache.name': 'open' },
});

export const cacheLoadDuration = define({
  name: 'perf.cache.load.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long the application took to produce a missing value.',
  attributes: { 'perf.cache.name': 'open', 'error.type': 'open' },
});

export const cacheTierDuration = define({
  name: 'perf.cache.tier.duration',
  kind: 'histogram',
  unit: 's',
  description:
    'How long round trips of a tier on the network took, failed ones with the type of their error.',
  attributes: {
    'perf.cache.name': 'open',
    'perf.cache.tier': CACHE_TIERS,
    'perf.cache.operation': ['get', 'set', 'delete', 'clear', 'keys', 'tags', 'lock', 'probe', 'repair'],
    'error.type': ['timeout', 'connection', 'refused'],
  },
});

export const cacheTierState = define({
  name: 'perf.cache.tier.state',
  kind: 'observableGauge',
  unit: '1',
  description: "State of a tier's circuit breaker, 1 for the one it is in and 0 for the others.",
  attributes: {
    'perf.cache.name': 'open',
    'perf.cache.tier': CACHE_TIERS,
    'perf.cache.state': ['closed', 'open', 'half_open'],
  },
});

export const cacheTierPending = define({
  name: 'perf.cache.tier.pending',
  kind: 'observableUpDownCounter',
  unit: '{write}',
  description: 'Writes and deletes that failed and are remembered until they can be made good.',
  attributes: { 'perf.cache.name': 'open', 'perf.cache.tier': CACHE_TIERS },
});

export const cacheTierRepairs = define({
  name: 'perf.cache.tier.repairs',
  kind: 'counter',
  unit: '{write}',
  description:
    'Writes and deletes that had failed and were made good, or were found overtaken by a newer write.',
  attributes: { 'perf.cache.name': 'open', 'perf.cache.tier': CACHE_TIERS },
});

export const cacheCoherenceLag = define({
  name: 'perf.cache.coherence.lag',
  kind: 'histogram',
  unit: 's',
  description:
    'How long messages about changes by others take: the round trip of a ping among them, or the age of a message that carries its time.',
  attributes: { 'perf.cache.name': 'open', 'perf.cache.tier': CACHE_TIERS },
});

export const cacheTierUnusable = define({
  name: 'perf.cache.tier.unusable',
  kind: 'counter',
  unit: '{entry}',
  description: 'Entries found in a tier that were read as misses: written by something else, or damaged.',
  attributes: {
    'perf.cache.name': 'open',
    'perf.cache.tier': CACHE_TIERS,
    'perf.cache.reason': ['foreign', 'damaged'],
  },
});

export const telemetrySeries = define({
  name: 'perf.telemetry.series',
  kind: 'observableGauge',
  unit: '{series}',
  description: 'Series held by the instruments of this package and of the application that uses them.',
  attributes: {},
});

export const telemetryRejected = define({
  name: 'perf.telemetry.rejected',
  kind: 'counter',
  unit: '{measurement}',
  description: 'Measurements that could not be recorded, by reason.',
  attributes: {
    'perf.telemetry.reason': ['not_a_number', 'negative', 'kind_conflict', 'too_many_names', 'invalid_name'],
  },
});

/** All of the above, for documentation, dashboards and checks. */
export const catalogue: readonly InstrumentDefinition[] = [
  operationDuration,
  cacheLookups,
  cacheTierErrors,
  cacheWrites,
  cacheEvictions,
  cacheEntries,
  cacheEntriesLimit,
  cacheUsage,
  cacheUsageLimit,
  cacheBudgetUsage,
  cacheBudgetLimit,
  cacheLoadWaiters,
  cacheLoadDuration,
  cacheTierDuration,
  cacheTierState,
  cacheTierPending,
  cacheTierRepairs,
  cacheCoherenceLag,
  cacheTierUnusable,
  telemetrySeries,
  telemetryRejected,
  ...asyncCatalogue,
  ...containerCatalogue,
  ...exportCatalogue,
  ...httpCatalogue,
  ...optimizerCatalogue,
  ...poolCatalogue,
  ...resourceCatalogue,
  ...runtimeCatalogue,
  ...sheddingCatalogue,
  ...taskCatalogue,
];
