import type { ResourceSnapshot, ResourceAverages } from '../resources/snapshot.js';
import type { HistorySummary } from './history.js';

/** One timed operation in the time of the summary. Durations in seconds. */
export interface OperationMetrics {
  readonly count: number;
  readonly errors: number;
  /** Calls per second. */
  readonly rate: number;
  readonly avgDuration: number;
  readonly minDuration: number;
  readonly maxDuration: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What the process used, now and in the mean. Empty while nothing samples it. */
export interface ResourceUsage {
  /** The last sample; absent while the resource tracker does not run. */
  readonly current?: ResourceSnapshot;
  /** Means over the time of the summary. */
  readonly average?: ResourceAverages;
}

export function operationMetrics(summary: HistorySummary, rate: number): OperationMetrics {
  return {
    count: summary.count,
    errors: summary.errors,
    rate,
    avgDuration: summary.sum / summary.count,
    minDuration: summary.min,
    maxDuration: summary.max,
    p50: summary.percentile(0.5),
    p95: summary.percentile(0.95),
    p99: summary.percentile(0.99),
  };
}
