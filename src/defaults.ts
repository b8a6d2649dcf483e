import { CacheManager } from './cache/cache-manager.js';
import { MemoryCache } from './cache/memory-cache.js';
import { PersistentCache } from './cache/persistent-cache.js';
import { readEnvironment, withVariable, type EnvironmentSettings } from './config/environment.js';
import { MetricsCollector } from './monitor/metrics-collector.js';
import { PerformanceMonitor, type PerformanceMonitorOptions } from './monitor/performance-monitor.js';
import { ResourceOptimizer, type ResourceOptimizerOptions } from './optimizer/resource-optimizer.js';
import { ResourceTracker } from './resources/resource-tracker.js';
import type { MeterProvider } from './telemetry/instruments.js';

/** The parts everything uses that is not given its own. */
export interface DefaultParts {
  readonly monitor: PerformanceMonitor;
  readonly cache: CacheManager;
  readonly optimizer: ResourceOptimizer;
}

const DEFAULT_CACHE_SIZE = 1000;
const DEFAULT_CACHE_TTL = 3600;

let current: Partial<DefaultParts> = {};

/** The monitor of this process, made on first use from the environment. @throws {InvalidEnvironmentError} */
export function getPerformanceMonitor(): PerformanceMonitor {
  return part('monitor', () => makeMonitor(readEnvironment()));
}

/** The cache of this process, made on first use from the environment. @throws {InvalidEnvironmentError} */
export function getCacheManager(): CacheManager {
  return part('cache', () => makeCache(readEnvironment()));
}

/** The optimizer of this process, made on first use from the environment. @throws {InvalidEnvironmentError} */
export function getResourceOptimizer(): ResourceOptimizer {
  return part('optimizer', () => makeOptimizer(readEnvironment()));
}

/** Makes these the parts of the process. */
export function setDefaults(parts: Partial<DefaultParts>): void {
  current = { ...current, ...parts };
}

/** The next use makes new ones. */
export function forgetDefaults(): void {
  current = {};
}

export function makeMonitor(
  environment: EnvironmentSettings,
  options?: PerformanceMonitorOptions,
): PerformanceMonitor {
  const { metricsMaxHistory, resourceTrackingInterval, monitorEnabled } = environment;
  const metricsCollector = new MetricsCollector(
    metricsMaxHistory === undefined ? {} : { maxHistory: metricsMaxHistory },
  );
  const provided = options?.meterProvider === undefined ? {} : { meterProvider: options.meterProvider };
  const resourceTracker = new ResourceTracker({
    ...provided,
    ...(resourceTrackingInterval !== undefined && { collectionInterval: resourceTrackingInterval }),
  });
  return new PerformanceMonitor({
    metricsCollector,
    resourceTracker,
    ...(monitorEnabled !== undefined && { enabled: monitorEnabled }),
    ...options,
  });
}

export function makeCache(environment: EnvironmentSettings, meterProvider?: MeterProvider): CacheManager {
  const { cacheMaxSize = DEFAULT_CACHE_SIZE, cacheDefaultTtl = DEFAULT_CACHE_TTL, cacheDir } = environment;
  const lifetime = { defaultTtl: cacheDefaultTtl };
  const persistent =
    cacheDir === undefined
      ? {}
      : {
          secondary: withVariable('cacheDir', cacheDir, () => new PersistentCache({ cacheDir, ...lifetime })),
        };
  return new CacheManager({
    primary: new MemoryCache({ maxSize: cacheMaxSize, ...lifetime }),
    ...persistent,
    ...(meterProvider && { meterProvider }),
  });
}

export function makeOptimizer(
  environment: EnvironmentSettings,
  options?: ResourceOptimizerOptions,
): ResourceOptimizer {
  const { optimizerInterval, optimizerMemoryThreshold, optimizerCpuThreshold } = environment;
  return new ResourceOptimizer({
    ...(optimizerInterval !== undefined && { autoOptimizeInterval: optimizerInterval }),
    ...(optimizerMemoryThreshold !== undefined && { memoryThreshold: optimizerMemoryThreshold }),
    ...(optimizerCpuThreshold !== undefined && { cpuThreshold: optimizerCpuThreshold }),
    ...options,
  });
}

function part<Name extends keyof DefaultParts>(
  name: Name,
  make: () => DefaultParts[Name],
): DefaultParts[Name] {
  const known = current[name] as DefaultParts[Name] | undefined;
  if (known !== undefined) return known;
  const made = make();
  current = { ...current, [name]: made };
  return made;
}
