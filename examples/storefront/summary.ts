import type {
  CacheManagerStats,
  OperationMetrics,
  OptimizationReport,
  Performance,
  ResourceStatus,
  ResourceUsage,
} from '@gary-zero/performance';
import { asMilliseconds, asPercent } from './format.js';
import type { KeySource } from './key-source.js';
import type { Load } from './load.js';
import type { Problems } from './problems.js';
import type { Service } from './service.js';

/** What a run came to; printed as it is with `--json`. */
export interface Summary {
  /** Seconds under load. */
  readonly seconds: number;
  readonly urls: { readonly service: string; readonly metrics: string | undefined };
  /** Requests that were answered. */
  readonly requests: number;
  /** Of those the failed ones: declined checkouts, and answers with status 500. */
  readonly errors: number;
  /** Of those what should not have been, and requests without an answer. More than 0 fails the run. */
  readonly unexpectedErrors: number;
  /** Share of product lookups that the cache answered, 0 to 1. */
  readonly hitRatio: number;
  readonly load: { readonly keys: string; readonly progress: string; readonly leftOut: number };
  readonly cache: CacheManagerStats;
  readonly operations: Readonly<Record<string, OperationMetrics>>;
  readonly resources: ResourceUsage;
  readonly optimizer: OptimizationReport & { readonly status: ResourceStatus };
}

export interface SummarySources {
  readonly perf: Performance;
  readonly service: Service;
  readonly load: Load;
  readonly keys: KeySource;
  readonly problems: Problems;
  readonly serviceUrl: string;
  readonly seconds: number;
}

/** Seconds; so that the very first requests are not left out. */
const MARGIN = 1;

/** Ask for it before `perf.shutdown()`, while everything still runs. */
export function summarize(sources: SummarySources): Summary {
  const { perf, service, load, keys, problems, serviceUrl, seconds } = sources;
  const { operationMetrics, resourceUsage } = perf.monitor.getPerformanceSummary({
    duration: seconds + MARGIN,
  });
  const cache = perf.cache.stats();
  return {
    seconds,
    urls: { service: serviceUrl, metrics: perf.metricsUrl },
    requests: service.answered,
    errors: service.declined + service.failed,
    unexpectedErrors: problems.count,
    hitRatio: cache.hitRatio,
    load: { keys: keys.description, progress: keys.progress, leftOut: load.leftOut },
    cache,
    operations: operationMetrics,
    resources: resourceUsage,
    optimizer: {
      ...perf.optimizer.generateOptimizationReport(),
      status: perf.optimizer.getResourceStatus(),
    },
  };
}

/** For people. */
export function describe(summary: Summary): string {
  const { seconds, requests, errors, unexpectedErrors, hitRatio, operations, resources, optimizer } = summary;
  const rows = Object.entries(operations).map(([name, { count, errors: failed, p50, p95, p99 }]) => {
    const numbers = [String(count), String(failed), ...[p50, p95, p99].map(asMilliseconds)];
    return `  ${name.padEnd(22)}${numbers.map((number) => number.padStart(11)).join('')}`;
  });
  const { average } = resources;
  return [
    `${requests} requests in ${seconds.toFixed(1)} s, ${errors} errors (${unexpectedErrors} unexpected), ` +
      `${asPercent(hitRatio)} of the product lookups from the cache`,
    `  ${'operation'.padEnd(22)}${['calls', 'errors', 'p50', 'p95', 'p99'].map((head) => head.padStart(11)).join('')}`,
    ...rows,
    ...(average === undefined
      ? []
      : [
          `on average: process CPU ${average.processCpuPercent.toFixed(1)} %, ` +
            `event loop ${asPercent(average.eventLoopUtilization)} busy, ${average.processMemoryMb.toFixed(0)} MB`,
        ]),
    ...optimizer.recommendations.map((recommendation) => `recommended: ${recommendation}`),
  ].join('\n');
}
