// What is listed here is a promise; everything else may change.
export { startPerformance } from './performance.js';
export type { Performance, PerformanceOptions, PrometheusOptions } from './performance.js';
export { getCacheManager, getPerformanceMonitor, getResourceOptimizer } from './defaults.js';

export { asyncTimer, timer } from './decorators/timer.js';
export { cached } from './decorators/cached.js';
export type { DualDecorator } from './dual-decorator.js';

export { PerformanceMonitor } from './monitor/performance-monitor.js';
export type { PerformanceMonitorOptions, PerformanceSummary } from './monitor/performance-monitor.js';
export { MetricsCollector } from './monitor/metrics-collector.js';
export type { HistoryPoint, MetricsCollectorOptions, QueryOptions } from './monitor/metrics-collector.js';
export type { Alert, AlertThresholds } from './monitor/alerts.js';
export type { OperationMetrics, ResourceUsage } from './monitor/summary.js';
export type { MetricDescription } from './monitor/user-metrics.js';

export { ResourceTracker } from './resources/resource-tracker.js';
export type { ResourceTrackerOptions } from './resources/resource-tracker.js';
export type { ResourceAverages, ResourceSnapshot } from './resources/snapshot.js';

export { CacheManager } from './cache/cache-manager.js';
export type { CacheManagerOptions, CacheManagerStats } from './cache/cache-manager-options.js';
export type { CacheEvent, CacheEventDetails, CacheListener } from './cache/cache-events.js';
export type {
  CacheDefaults,
  EntryOptions,
  LoadOptions,
  SetEntryOptions,
  SkippedTier,
} from './cache/entry-options.js';
export type { KeepOptions, LoadContext } from './cache/load-context.js';
export type { BatchFactory } from './cache/load-many.js';
export type { Factory } from './cache/producer.js';
export { NamespacedCache } from './cache/namespaced-cache.js';
export type { CachedDecorator, CachedOptions, Invalidation } from './cache/cached-function.js';
export { MemoryCache } from './cache/memory-cache.js';
export type { MemoryCacheOptions, MemoryCacheStats, SetOptions } from './cache/memory-cache.js';
export type { EvictionPolicy } from './cache/policy/eviction-policy.js';
export { PersistentCache } from './cache/persistent-cache.js';
export type {
  InspectedEntry,
  PersistentCacheOptions,
  PersistentSetOptions,
} from './cache/persistent-cache.js';
export { RedisCache } from './cache/redis-cache.js';
export type { RedisCacheOptions } from './cache/redis-cache.js';
export type { SerializerName } from './cache/serializer/built-in.js';
export { registerType } from './cache/serializer/registered-types.js';
export { UnserializableError } from './cache/serializer/serializer.js';
export type { Serializer } from './cache/serializer/serializer.js';
export type {
  CacheTier,
  EntryToKeep,
  TagStore,
  TagVersions,
  TierChange,
  TierCounts,
  TierEntry,
  TierKind,
  TierLock,
  TierStats,
  TierTraits,
} from './cache/tier.js';

export { ResourceOptimizer } from './optimizer/resource-optimizer.js';
export type {
  AutoOptimizationOptions,
  OptimizationResult,
  ResourceOptimizerOptions,
} from './optimizer/resource-optimizer.js';
export type { Decision, MadeDecision, OptimizedResource } from './optimizer/decide.js';
export type { CacheObservation } from './optimizer/observation.js';
export type { OptimizationReport, ResourceStatus } from './optimizer/report.js';

export type { Clock } from './clock.js';
export type { ByteSize, Duration } from './duration.js';
export {
  InvalidEnvironmentError,
  InvalidOptionError,
  InvalidUseError,
  ListenError,
  PerformanceError,
  TierError,
  TimeoutError,
} from './errors.js';
export type { PerformanceErrorCode } from './errors.js';

export type { Attributes, AttributeValue } from './telemetry/definition.js';
export type {
  BoundCounter,
  BoundGauge,
  BoundHistogram,
  Counter,
  Gauge,
  Histogram,
} from './telemetry/instruments.js';
export type { RunningTimer } from './telemetry/timer.js';
