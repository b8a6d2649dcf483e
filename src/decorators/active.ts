import { getCacheManager, getPerformanceMonitor, getResourceOptimizer } from '../defaults.js';
import type { CacheManager } from '../cache/cache-manager.js';
import type { PerformanceMonitor } from '../monitor/performance-monitor.js';
import type { ResourceOptimizer } from '../optimizer/resource-optimizer.js';

/**
 * The parts in force when a decorated function is called. A setting that cannot be used must not break the calls: it
 * is warned about once and they run as written.
 */
export function activeMonitor(): PerformanceMonitor | undefined {
  return unlessBroken(getPerformanceMonitor);
}

export function activeCache(): CacheManager | undefined {
  return unlessBroken(getCacheManager);
}

export function activeOptimizer(): ResourceOptimizer | undefined {
  return unlessBroken(getResourceOptimizer);
}

let isWarned = false;

function unlessBroken<Part>(get: () => Part): Part | undefined {
  try {
    return get();
  } catch (error) {
    if (!isWarned)
      process.emitWarning(`decorated functions run undecorated: ${String(error)}`, { code: 'PERF_SETTINGS' });
    isWarned = true;
    return undefined;
  }
}
