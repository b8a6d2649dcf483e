import {
  BackgroundTaskManager,
  type BackgroundTaskManagerOptions,
} from './async/tasks/background-task-manager.js';
import { CacheBudget } from './cache/budget/cache-budget.js';
import { CacheManager } from './cache/cache-manager.js';
import type { CacheManagerOptions } from './cache/cache-manager-options.js';
import { MemoryCache } from './cache/memory-cache.js';
import { PersistentCache } from './cache/persistent-cache.js';
import { readEnvironment, withVariable, type EnvironmentSettings } from './config/environment.js';
import { MetricsCollector } from './monitor/metrics-collector.js';
import { PerformanceMonitor, type PerformanceMonitorOptions } from './monitor/performance-monitor.js';
import { LoadShedder } from './optimizer/cpu/load-shedder.js';
import { ResourceOptimizer, type ResourceOptimizerOptions } from './optimizer/resource-optimizer.js';
import { ResourceTracker } from './resources/resource-tracker.js';
import type { MeterProvider } from './telemetry/instruments.js';

/** The parts everything uses that is not given its own. */
export interface DefaultParts {
  readonly monitor: PerformanceMonitor;
  readonly cache: CacheManager;
  readonly optimizer: ResourceOptimizer;
  readonly tasks: BackgroundTaskManager;
}

const DEFAULT_CACHE_SIZE = 1000;
const DEFAULT_CACHE_TTL = 3600;
/** Of the budget for functions with `@autoOptimize({ cache })` where the application has none. */
const DEFAULT_BUDGET = '64mb';

let current: Partial<DefaultParts> = {};
let shared: SharedParts = {};

/** What functions with `@autoOptimize` share. */
interface SharedParts {
  /** Where they record. Default: the global provider. */
  readonly meterProvider?: MeterProvider | undefined;
  readonly budget?: CacheBudget | undefined;
  readonly shedder?: LoadShedder | undefined;
}

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
  return part('optimizer', () => makeOptimizer(readEnvironment(), getPerformanceMonitor()));
}

/** The background tasks of this process, made on first use. */
export function getTaskManager(): BackgroundTaskManager {
  return part('tasks', () => new BackgroundTaskManager());
}

/** The provider the parts record into; `undefined`: they follow the global one. */
export function defaultMeterProvider(): MeterProvider | undefined {
  return shared.meterProvider;
}

/** What caches of functions share: the `cacheBudget` of the application, or one of 64 MB that the optimizer knows. */
export function getCacheBudget(): CacheBudget {
  if (shared.budget !== undefined) return shared.budget;
  const budget = new CacheBudget({ name: 'functions', maxBytes: DEFAULT_BUDGET, ...sharedProvider() });
  getResourceOptimizer().registerBudget(budget);
  shared = { ...shared, budget };
  return budget;
}

/** What refuses runs of functions: the `loadShedder` of the application, or one that the optimizer knows. */
export function getLoadShedder(): LoadShedder {
  if (shared.shedder !== undefined) return shared.shedder;
  const shedder = new LoadShedder({ name: 'functions', ...sharedProvider() });
  getResourceOptimizer().registerShedder(shedder);
  shared = { ...shared, shedder };
  return shedder;
}

function sharedProvider(): { readonly meterProvider?: MeterProvider } {
  const { meterProvider } = shared;
  return meterProvider === undefined ? {} : { meterProvider };
}

/** Parts given as such, or as options for those that are made. */
export interface PartOptions {
  readonly monitor?: PerformanceMonitor | PerformanceMonitorOptions;
  readonly cache?: CacheManager | CacheManagerOptions;
  readonly cacheBudget?: CacheBudget;
  readonly loadShedder?: LoadShedder;
  readonly optimizer?: ResourceOptimizer | (ResourceOptimizerOptions & { readonly auto?: boolean });
  readonly tasks?: BackgroundTaskManager | BackgroundTaskManagerOptions;
}

/**
 * Makes the parts of the process: what is given, what options ask for, and otherwise what there is already or the
 * environment says. All or nothing.
 *
 * @param meterProvider what they record into; without one they follow the global provider.
 */
export function makeDefaults(
  environment: EnvironmentSettings,
  { monitor, cache, cacheBudget, loadShedder, optimizer, tasks }: PartOptions,
  meterProvider: MeterProvider | undefined,
): DefaultParts {
  const provided = meterProvider === undefined ? {} : { meterProvider };
  const reusable = meterProvider === undefined ? current : {};
  const madeMonitor =
    monitor instanceof PerformanceMonitor
      ? monitor
      : ((monitor === undefined ? reusable.monitor : undefined) ??
        makeMonitor(environment, { ...provided, ...monitor }));
  const made: DefaultParts = {
    monitor: madeMonitor,
    cache:
      cache instanceof CacheManager
        ? cache
        : ((cache === undefined ? reusable.cache : undefined) ??
          makeCache(environment, { ...provided, ...cache })),
    optimizer:
      optimizer instanceof ResourceOptimizer
        ? optimizer
        : ((optimizer === undefined ? reusable.optimizer : undefined) ??
          makeOptimizer(environment, madeMonitor, { ...provided, ...withoutAuto(optimizer) })),
    tasks:
      tasks instanceof BackgroundTaskManager
        ? tasks
        : ((tasks === undefined ? reusable.tasks : undefined) ??
          new BackgroundTaskManager({ ...provided, ...tasks })),
  };
  if (cacheBudget !== undefined) made.optimizer.registerBudget(cacheBudget);
  if (loadShedder !== undefined) made.optimizer.registerShedder(loadShedder);
  made.optimizer.registerLimiter(made.tasks);
  if (current.monitor !== made.monitor) void current.monitor?.stop();
  if (current.optimizer !== made.optimizer) {
    current.optimizer?.stopAutoOptimization();
    forgetShared();
  }
  current = made;
  shared = {
    meterProvider,
    budget: cacheBudget ?? shared.budget,
    shedder: loadShedder ?? shared.shedder,
  };
  return made;
}

/** The next use makes new ones. */
export function forgetDefaults(): void {
  current = {};
  forgetShared();
}

/** They belong to the optimizer that knows them. */
function forgetShared(): void {
  shared.shedder?.close();
  shared = {};
}

function makeMonitor(
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

/** Tiers given as options stay as they are; the environment fills in for tiers that are not given. */
function makeCache(environment: EnvironmentSettings, options: CacheManagerOptions = {}): CacheManager {
  const { cacheMaxSize = DEFAULT_CACHE_SIZE, cacheDefaultTtl = DEFAULT_CACHE_TTL, cacheDir } = environment;
  const lifetime = { defaultTtl: cacheDefaultTtl };
  const openPersistent = () => new PersistentCache({ cacheDir: cacheDir!, ...lifetime });
  return new CacheManager({
    primary: new MemoryCache({ maxSize: cacheMaxSize, ...lifetime }),
    ...(cacheDir !== undefined &&
      !('secondary' in options) && { secondary: withVariable('cacheDir', cacheDir, openPersistent) }),
    ...options,
  });
}

function withoutAuto(options: (ResourceOptimizerOptions & { readonly auto?: boolean }) | undefined) {
  const { auto: _auto, ...rest } = options ?? {};
  return rest;
}

function makeOptimizer(
  environment: EnvironmentSettings,
  { resources }: PerformanceMonitor,
  options?: ResourceOptimizerOptions,
): ResourceOptimizer {
  const { optimizerInterval, optimizerMemoryThreshold, optimizerCpuThreshold } = environment;
  return new ResourceOptimizer({
    ...(resources !== undefined && { resourceTracker: resources }),
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
