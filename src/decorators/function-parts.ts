import type { AdaptiveLimitOptions } from '../async/lease/adaptive-limit.js';
import { Limiter } from '../async/limiter.js';
import { CacheManager } from '../cache/cache-manager.js';
import { MemoryCache } from '../cache/memory-cache.js';
import { systemClock } from '../clock.js';
import { defaultMeterProvider, getCacheBudget, getLoadShedder } from '../defaults.js';
import { OverloadedError } from '../errors.js';
import type { PerformanceMonitor } from '../monitor/performance-monitor.js';
import type { ShedRequest } from '../optimizer/cpu/load-shedder.js';
import type { FunctionLimits, OptimizedFunction } from '../optimizer/functions/optimized-function.js';
import type { ResourceOptimizer } from '../optimizer/resource-optimizer.js';
import type { CallRecorder } from '../telemetry/timer.js';

/** What a function with `@autoOptimize` asks for, checked. */
export interface FunctionPlan {
  readonly name: string;
  readonly limits: FunctionLimits;
  readonly isCached: boolean;
  /** `undefined`: as many may run as there are calls. */
  readonly limit: number | AdaptiveLimitOptions | undefined;
  /** `undefined`: never refused. */
  readonly shed: ShedRequest | undefined;
}

/** What one decorated function has of one optimizer: its place in the report, its cache and its lane. */
export class FunctionParts {
  readonly cache: CacheManager | undefined;
  readonly lane: Limiter | undefined;
  readonly recorder: CallRecorder;
  readonly #registered: OptimizedFunction;
  readonly #plan: FunctionPlan;

  constructor(plan: FunctionPlan, optimizer: ResourceOptimizer, monitor: PerformanceMonitor | undefined) {
    const { name, limits, isCached, limit } = plan;
    this.#plan = plan;
    const meterProvider = defaultMeterProvider();
    const provided = meterProvider === undefined ? {} : { meterProvider };
    if (isCached) {
      const primary = new MemoryCache({ budget: getCacheBudget(), curve: true });
      this.cache = new CacheManager({ name, primary, ...provided });
    }
    if (limit !== undefined) {
      this.lane = new Limiter({ name, limit, ...provided });
      optimizer.registerLimiter(this.lane);
    }
    this.#registered = optimizer.registerFunction({
      name,
      ...limits,
      ...(this.cache !== undefined && { cache: this.cache }),
      ...(this.lane !== undefined && { lane: this.lane }),
    });
    this.recorder = recorderOf(
      this.#registered,
      monitor?.enabled === true ? monitor.recorder(name) : undefined,
    );
  }

  countCall(): void {
    this.#registered.calls += 1;
  }

  /** Before a run. @throws {OverloadedError} when it is refused. */
  admit(): void {
    const { name, shed } = this.#plan;
    if (shed === undefined) return;
    const shedder = getLoadShedder();
    if (!shedder.shouldShed(shed)) return;
    this.#registered.shed += 1;
    throw new OverloadedError(name, 1000 * shedder.retryAfter);
  }
}

/** Of a run: into the report of the optimizer, and into `perf.operation.duration`. */
function recorderOf(registered: OptimizedFunction, monitor: CallRecorder | undefined): CallRecorder {
  return {
    clock: monitor?.clock ?? systemClock,
    succeeded(seconds) {
      registered.ran(seconds);
      monitor?.succeeded(seconds);
    },
    failed(seconds, error) {
      registered.ran(seconds, true);
      monitor?.failed(seconds, error);
    },
  };
}
