/**
 * What `top --json` prints, one for each look. Times are seconds, sizes bytes, shares 0 to 1, rates per second; what the
 * process does not export is left out.
 */
export interface TopReport {
  /** Changes when a field gets another meaning. */
  readonly version: 1;
  readonly url: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** Between the two scrapes: rates and quantiles are about this time. */
  readonly seconds: number;
  readonly page: { readonly series: number; readonly bytes: number; readonly seconds: number };
  readonly service: string | undefined;
  readonly resources: TopResources;
  /** Timed operations of this package, requests of HTTP servers by method and route: the busiest first. */
  readonly operations: readonly TopCalls[];
  readonly requests: readonly TopCalls[];
  readonly caches: readonly TopCache[];
  readonly queues: readonly TopQueue[];
  readonly pools: readonly TopPool[];
  readonly optimizer: TopOptimizer;
  /** All other histograms and summaries, and counters: what was recorded most. */
  readonly histograms: readonly TopCalls[];
  readonly counters: readonly { readonly name: string; readonly rate: number }[];
}

/** What was recorded in a histogram. In seconds where that is its unit. */
export interface TopCalls {
  readonly name: string;
  readonly rate: number;
  readonly errorRate: number | undefined;
  readonly mean: number | undefined;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
}

export interface TopResources {
  /** Of the CPUs the process may use; where only CPU seconds are exported, of one CPU. */
  readonly cpu: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly heapUsedBytes: number | undefined;
  readonly heapLimitBytes: number | undefined;
  readonly eventLoopUtilization: number | undefined;
  readonly eventLoopLagP99: number | undefined;
  readonly gc: number | undefined;
  readonly openFiles: number | undefined;
}

export interface TopCache {
  readonly name: string;
  readonly lookupRate: number;
  readonly hitRatio: number | undefined;
  /** Seconds to produce a missing value. */
  readonly missMean: number | undefined;
  readonly entries: number | undefined;
  readonly bytes: number | undefined;
  /** Hit ratio with a quarter to four times the memory, where the cache has a curve. */
  readonly whatIf: Readonly<Record<string, number>>;
}

export interface TopQueue {
  readonly name: string;
  readonly active: number;
  readonly limit: number | undefined;
  readonly queued: number;
}

export interface TopPool {
  readonly name: string;
  readonly used: number;
  readonly limit: number | undefined;
  readonly waiting: number;
}

export interface TopOptimizer {
  readonly pressures: readonly { readonly source: string; readonly share: number }[];
  readonly settings: readonly { readonly action: string; readonly target: string; readonly value: number }[];
  /** Since the process started, those to hold left out; the most frequent first. */
  readonly decisions: readonly TopDecision[];
}

export interface TopDecision {
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly reason: string;
  readonly times: number;
  /** Of these, between the two scrapes. */
  readonly lately: number;
}
