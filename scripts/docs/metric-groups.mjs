/**
 * How docs/metrics.md is divided: by the part that records. `prefixes` are beginnings of names; the longest one that
 * fits decides, so that a group may take some names out of a wider one.
 */
export const METRIC_GROUPS = [
  {
    title: 'Operations',
    prefixes: ['perf.operation.'],
    by: '`timer`, `asyncTimer`, `monitor.timer`, `monitor.time` and, with NestJS, handlers',
    page: 'monitoring.md',
  },
  {
    title: 'Requests of servers',
    prefixes: ['http.server.'],
    by: 'the integrations with `node:http`, Express, Fastify, Hono and NestJS',
    page: 'integrations.md#what-is-measured',
  },
  {
    title: 'Caches',
    prefixes: ['perf.cache.'],
    by: '`CacheManager`, and `CacheBudget` for budgets',
    page: 'caching.md#what-is-measured',
  },
  {
    title: 'Tiers on a network or in files',
    prefixes: ['perf.cache.tier.', 'perf.cache.coherence.'],
    by: '`RedisCache`, `KeyvTier` and `PersistentCache`',
    page: 'redis.md',
  },
  { title: 'Time limits', prefixes: ['perf.timeouts'], by: '`withTimeout`', page: 'async.md#time-limits' },
  {
    title: 'Retries and circuit breakers',
    prefixes: ['perf.retry.', 'perf.retries', 'perf.breaker.'],
    by: '`retry`, `asyncRetry` and `CircuitBreakerPolicy`',
    page: 'async.md#retries',
  },
  {
    title: 'Background tasks and limiters',
    prefixes: ['perf.task.'],
    by: '`BackgroundTaskManager`, `ThreadTaskManager`, `DurableTaskManager` and `Limiter`',
    page: 'async.md#metrics',
  },
  {
    title: 'Pools of connections to databases',
    prefixes: ['db.client.connection.'],
    by: '`AsyncPool` with `system`',
    page: 'async.md#pools',
  },
  { title: 'Other pools', prefixes: ['perf.pool.'], by: '`AsyncPool`', page: 'async.md#pools' },
  {
    title: 'Process',
    prefixes: ['process.', 'perf.process.'],
    by: '`ResourceTracker`',
    page: 'resources.md',
  },
  {
    title: 'Event loop, heap and garbage collection',
    prefixes: ['nodejs.', 'v8js.', 'perf.heap.', 'perf.gc.'],
    by: '`ResourceTracker`',
    page: 'resources.md',
  },
  {
    title: 'Container and pressure',
    prefixes: ['container.', 'perf.container.', 'perf.pressure.'],
    by: '`ResourceTracker`, on Linux',
    page: 'resources.md',
  },
  { title: 'Machine', prefixes: ['system.'], by: '`ResourceTracker`', page: 'resources.md' },
  {
    title: 'Optimizer',
    prefixes: ['perf.optimizer.'],
    by: '`ResourceOptimizer`',
    page: 'optimizer.md#reading-it',
  },
  {
    title: 'Load shedding',
    prefixes: ['perf.shedding.'],
    by: '`LoadShedder`',
    page: 'optimizer.md#refusing-what-is-too-much',
  },
  {
    title: 'The instrumentation itself',
    prefixes: ['perf.telemetry.', 'perf.scrape.', 'perf.worker', 'otel.sdk.'],
    by: '/metrics, the exporters of OTLP, the collecting of several processes, and what records',
    page: 'prometheus.md#what-it-costs',
  },
];

/** @throws {Error} naming the metric that belongs nowhere. */
export function groupOf(name) {
  const fitting = METRIC_GROUPS.flatMap((group) =>
    group.prefixes.filter((prefix) => name.startsWith(prefix)).map((prefix) => ({ group, prefix })),
  );
  const [best] = fitting.toSorted((a, b) => b.prefix.length - a.prefix.length);
  if (best === undefined) throw new Error(`${name} has no group in scripts/docs/metric-groups.mjs`);
  return best.group;
}
