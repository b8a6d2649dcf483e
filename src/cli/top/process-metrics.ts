import * as catalogue from '../../telemetry/catalogue.js';
import { exportedName } from './exported-names.js';
import { quantile, type ScrapeInterval } from './interval.js';
import type { TopResources } from './top-report.js';

/** What the process uses: by our names, else by those that the clients of Prometheus have in common. */
export function resourcesOf(interval: ScrapeInterval): TopResources {
  const now = (...names: readonly string[]) => firstOf(names, (name) => sumNow(interval, name));
  const lag = interval.recorded(exportedName(catalogue.eventLoopDelay), () => '').get('');
  return {
    cpu: now(exportedName(catalogue.processCpuUtilization)) ?? rate(interval, 'process_cpu_seconds_total'),
    memoryBytes: now(exportedName(catalogue.processMemoryUsage), 'process_resident_memory_bytes'),
    heapUsedBytes: now(
      exportedName(catalogue.heapUsed),
      'nodejs_heap_size_used_bytes',
      'go_memstats_heap_alloc_bytes',
    ),
    heapLimitBytes: now(exportedName(catalogue.heapLimit)),
    eventLoopUtilization: now(exportedName(catalogue.eventLoopUtilization)),
    eventLoopLagP99: (lag && quantile(lag, 0.99)) ?? now('nodejs_eventloop_lag_p99_seconds'),
    gc: now(exportedName(catalogue.gcShare)) ?? rate(interval, 'nodejs_gc_duration_seconds_sum'),
    openFiles: now(exportedName(catalogue.processFileDescriptors), 'process_open_fds'),
  };
}

function firstOf(names: readonly string[], read: (name: string) => number | undefined): number | undefined {
  for (const name of names) {
    const value = read(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function sumNow(interval: ScrapeInterval, name: string): number | undefined {
  const samples = interval.now(name);
  return samples.length === 0 ? undefined : samples.reduce((sum, { value }) => sum + value, 0);
}

function rate(interval: ScrapeInterval, name: string): number | undefined {
  const grown = interval.grown(name);
  if (grown.length === 0) return undefined;
  return grown.reduce((sum, { growth }) => sum + growth, 0) / interval.seconds;
}
