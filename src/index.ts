// What is listed here is a promise; everything else may change.
export { startPerformance } from './performance.js';
export type { Performance } from './performance.js';
export type { PerformanceOptions, PrometheusOptions } from './performance-options.js';
export type { Processes } from './export/processes/open-processes.js';
export { getCacheManager, getPerformanceMonitor, getResourceOptimizer, getTaskManager } from './defaults.js';

export { asyncTimer, timer } from './decorators/timer.js';
export { cached } from './decorators/cached.js';
export { asyncRetry } from './decorators/async-retry.js';
export { asyncTimeout } from './decorators/async-timeout.js';
export { autoOptimize } from './decorators/auto-optimize.js';
export type { AutoOptimizeOptions } from './decorators/auto-optimize.js';
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
export type { ResourceSources } from './resources/sources.js';

export { CacheManager } from './cache/cache-manager.js';
export type { CacheManagerOptions } from './cache/cache-manager-options.js';
export type { CacheManagerStats } from './cache/cache-manager-stats.js';
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
export type { CurveOptions, MemoryCacheOptions, MemoryCacheStats, SetOptions } from './cache/memory-cache.js';
export type { CacheCurve, CurveMark, CurvePoint, CurveUnit, CurveWindow } from './cache/curve/cache-curve.js';
export { CacheBudget } from './cache/budget/cache-budget.js';
export type { CacheBudgetOptions } from './cache/budget/cache-budget.js';
export type { AdjustableBudget, BudgetShare } from './cache/budget/adjustable-budget.js';
export type { EvictionPolicy } from './cache/policy/eviction-policy.js';
export { PersistentCache } from './cache/persistent-cache.js';
export type {
  InspectedEntry,
  PersistentCacheOptions,
  PersistentSetOptions,
} from './cache/persistent-cache.js';
export { RedisCache } from './cache/redis-cache.js';
export type { RedisCacheOptions } from './cache/redis-cache.js';
export { KeyvTier } from './cache/keyv/keyv-tier.js';
export type { KeyvTierOptions } from './cache/keyv/keyv-tier.js';
export type { KeyvLike } from './cache/keyv/keyv-port.js';
export { KeyvStore } from './cache/keyv/keyv-store.js';
export type { KeyvErrorListener, KeyvStoreEntry, KeyvStoreOptions } from './cache/keyv/keyv-store.js';
export type { ListKeys } from './cache/keyv/tier-namespace.js';
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

export { currentDeadline, withoutDeadline } from './async/time-scope.js';
export type { Deadline } from './async/time-scope.js';
export { Limiter } from './async/limiter.js';
export type { LimiterOptions, LimiterStats, RunOptions } from './async/limiter.js';
export type { AdaptiveLimitOptions } from './async/lease/adaptive-limit.js';
export type { Work, WorkContext } from './async/lease/leased-call.js';
export { AsyncPool } from './async/pool/async-pool.js';
export type { AsyncPoolOptions, GetOptions, PoolCallContext } from './async/pool/pool-options.js';
export type { PoolLease, ReleaseOptions } from './async/pool/pool-lease.js';
export type { AbandonedLease, PoolCloseReport, PoolStats } from './async/pool/pool-report.js';
export { withTimeout } from './async/timeout.js';
export type { TimeoutOptions } from './async/timeout.js';
export { retry } from './async/retry/retry.js';
export type { RetriedWork, RetryAttempt } from './async/retry/retry.js';
export type { ComingRetry, FailedAttempt, RetryOptions } from './async/retry/retry-options.js';
export { RetryBudget } from './async/retry/retry-budget.js';
export type { RetryBudgetOptions } from './async/retry/retry-budget.js';
export { CircuitBreakerPolicy } from './async/circuit-breaker-policy.js';
export type { CircuitBreakerPolicyOptions } from './async/circuit-breaker-policy.js';
export type { BreakerState } from './async/circuit-breaker.js';
export type { PolicyContext } from './async/call-signal.js';
export { withPolicy } from './async/execute-policy.js';
export type { ExecutablePolicy, FireablePolicy } from './async/execute-policy.js';

export { BackgroundTaskManager } from './async/tasks/background-task-manager.js';
export type { BackgroundTaskManagerOptions } from './async/tasks/background-task-manager.js';
export { ThreadTaskManager } from './async/tasks/thread-task-manager.js';
export type { ThreadTaskManagerOptions } from './async/tasks/thread-task-manager.js';
export { DurableTaskManager } from './async/tasks/durable-task-manager.js';
export type { DurableTaskManagerOptions } from './async/tasks/durable-task-manager.js';
export { TaskQueueError } from './async/tasks/durable/task-queue-error.js';
export { defineTask } from './async/tasks/define-task.js';
export type { DefinedTask, TaskDefinition, TaskHandler } from './async/tasks/define-task.js';
export type { TaskCapabilities } from './async/tasks/task-capabilities.js';
export type { TaskEngine } from './async/tasks/task-engine.js';
export type { EndOptions, SubmitOptions, TaskContext, WaitOptions } from './async/tasks/task-options.js';
export type {
  DrainReport,
  ResultOf,
  TaskFilter,
  TaskId,
  TaskState,
  TaskStats,
  TaskStatus,
} from './async/tasks/task-status.js';

export { ResourceOptimizer } from './optimizer/resource-optimizer.js';
export type { AutoOptimizationOptions, ResourceOptimizerOptions } from './optimizer/resource-optimizer.js';
export { MemoryOptimizer } from './optimizer/memory/memory-optimizer.js';
export type { MemoryOptimizerOptions, OptimizeMemoryOptions } from './optimizer/memory/memory-optimizer.js';
export type { ForcedGc } from './optimizer/memory/forced-collections.js';
export type { HeapSource, HeapState } from './optimizer/memory/heap-watch.js';
export type { ClearableCache } from './optimizer/memory/weak-caches.js';
export { CPUOptimizer } from './optimizer/cpu/cpu-optimizer.js';
export type { CPUOptimizerOptions } from './optimizer/cpu/cpu-optimizer.js';
export type { LimiterState, ReportedLimiter } from './optimizer/cpu/concurrency-advice.js';
export type { SteeredShedder } from './optimizer/cpu/shed-action.js';
export type { FunctionReport } from './optimizer/functions/optimized-function.js';
export { LoadShedder } from './optimizer/cpu/load-shedder.js';
export type { LoadShedderOptions, ShedRequest } from './optimizer/cpu/load-shedder.js';
export { shedGuard } from './integrations/shed-guard.js';
export type { ShedGuard, ShedGuardOptions } from './integrations/shed-guard.js';
export type { OptimizationResult } from './optimizer/optimization-result.js';
export type {
  ActionMode,
  ActionName,
  AdviceMode,
  Decision,
  DecisionListener,
  MadeDecision,
  MadeVerdict,
  OptimizedResource,
  Outcome,
  Reason,
} from './optimizer/decision.js';
export type { Verdict, VerdictKind } from './optimizer/verdict.js';
export type {
  MissCurve,
  PredictedTraffic,
  SteerableBudget,
  SteeredCache,
} from './optimizer/budget/steerable-budget.js';
export type { BudgetBounds } from './optimizer/budget/steered-budgets.js';
export type { BudgetWhatIf, CacheWhatIf, WhatIfPoint, WhatIfSize } from './optimizer/budget/what-if.js';
export type { CacheObservation } from './optimizer/observation.js';
export type { OptimizationReport, ResourceStatus } from './optimizer/report.js';

export type { Clock } from './clock.js';
export type { ByteSize, Duration } from './duration.js';
export {
  CircuitOpenError,
  InvalidEnvironmentError,
  InvalidOptionError,
  InvalidUseError,
  ListenError,
  OverloadedError,
  PerformanceError,
  RejectedError,
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
export { CellMeterProvider } from './telemetry/provider/cell-meter-provider.js';
export type { CellMeterProviderOptions, FlushOptions } from './telemetry/provider/cell-meter-provider.js';
export type { CellMeter } from './telemetry/provider/cell-meter.js';
export type {
  BoundCellCounter,
  BoundCellGauge,
  BoundCellHistogram,
  CellCounter,
  CellGauge,
  CellHistogram,
} from './telemetry/provider/cell-instruments.js';
export { MetricsEndpoint } from './export/prometheus/metrics-endpoint.js';
export type { MetricsEndpointOptions } from './export/prometheus/metrics-endpoint.js';
export type { MetricsAuth } from './export/prometheus/access.js';
export type { MetricSource } from './export/prometheus/metric-source.js';
export type { TranslationStrategy } from './export/prometheus/names.js';
export { expressMetrics, fastifyMetrics, honoMetrics } from './export/prometheus/middleware.js';
export { sloRules } from './export/rules/slo-rules.js';
export type { SloOptions } from './export/rules/slo-rules.js';
export { toYaml } from './export/rules/yaml.js';
export type { AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup } from './export/rules/rule-file.js';
export { PullReader } from './telemetry/provider/pull-reader.js';
export { ExportTap } from './telemetry/readings/export-tap.js';
export type { ExportListener } from './telemetry/readings/export-tap.js';
export { ExportedReadings } from './telemetry/readings/exported-readings.js';
export type { ExportedReading } from './telemetry/readings/exported-readings.js';
export type { RunningTimer } from './telemetry/timer.js';
