import type { ActionMode, ActionName, MadeDecision, MadeVerdict, Outcome } from '../optimizer/decision.js';
import type { WhatIfPoint } from '../optimizer/budget/what-if.js';
import type { Processes } from '../export/processes/open-processes.js';
import type { ResourceSnapshot } from '../resources/snapshot.js';

/**
 * What the live page shows and `GET /live` answers. Times are seconds, sizes bytes, shares 0 to 1, rates per second. What
 * nobody measures is left out. There is no key and no value of a cache in it.
 */
export interface LiveReport {
  /** Changes when a field gets another meaning. */
  readonly version: 1;
  /** Seconds since 1970. */
  readonly time: number;
  readonly process: LiveProcess;
  /**
   * Time that requests, caches and async are about: 10 to 20 s while somebody watches, or less at first. Of a single report
   * the time since the process started.
   */
  readonly window: number;
  /** The last minute; the most time-consuming first, 50 at most. */
  readonly operations: readonly LiveOperation[];
  /** Requests that servers of the process answered; the most time-consuming first, 50 at most. */
  readonly requests: readonly LiveRequests[];
  /** The most asked first, 50 at most. */
  readonly caches: readonly LiveCache[];
  readonly budgets: readonly LiveBudget[];
  readonly async: LiveAsync;
  readonly resources: LiveResources;
  readonly optimizer: LiveOptimizer;
}

export interface LiveProcess {
  readonly service: string | undefined;
  readonly pid: number;
  /** Version of Node. */
  readonly node: string;
  readonly uptime: number;
  /** Unless it is `'alone'`, /metrics has more than this report: that is about the one process. */
  readonly processes: Processes;
  readonly metricsPath: string;
}

/** The last three minutes in 60 steps, the newest last; `null` where nothing was measured. */
export type LiveSeries = readonly (number | null)[];

export interface LiveOperation {
  readonly name: string;
  readonly rate: number;
  readonly errorRate: number;
  /** Seconds of all calls together. */
  readonly total: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly rates: LiveSeries;
  readonly means: LiveSeries;
}

export interface LiveRequests {
  /** Method and route. */
  readonly name: string;
  readonly rate: number;
  /** Answers with a status of 500 or more, and requests that failed. */
  readonly errorRate: number;
  readonly mean: number | undefined;
}

export interface LiveCache {
  readonly name: string;
  readonly lookupRate: number;
  /** Stale and negative answers count as hits. Absent without a lookup. */
  readonly hitRatio: number | undefined;
  /** To make room, or because their time was over. */
  readonly evictionRate: number;
  /** Seconds the application took to produce a missing value, in the mean. */
  readonly missMean: number | undefined;
  readonly tiers: readonly LiveTier[];
  /** With other memory, by the curve of the cache. Empty where it has none, or too few lookups. */
  readonly whatIf: readonly WhatIfPoint[];
}

export interface LiveTier {
  readonly kind: string;
  /** Share of the lookups it answered. */
  readonly hitRatio: number | undefined;
  readonly entries: number | undefined;
  readonly entriesLimit: number | undefined;
  readonly bytes: number | undefined;
  readonly bytesLimit: number | undefined;
  /** Of its circuit breaker, where it has one. */
  readonly state: string | undefined;
}

/** Memory that caches share. */
export interface LiveBudget {
  readonly name: string;
  readonly bytes: number;
  readonly maxBytes: number | undefined;
}

export interface LiveAsync {
  readonly queues: readonly LiveQueue[];
  readonly pools: readonly LivePool[];
  readonly breakers: readonly { readonly name: string; readonly state: string }[];
  readonly shedders: readonly { readonly name: string; readonly share: number }[];
}

/** What lets so many tasks or calls run at the same time. */
export interface LiveQueue {
  readonly name: string;
  readonly active: number;
  readonly limit: number | undefined;
  readonly queued: number;
  /** How long the first one waits. */
  readonly oldestAge: number | undefined;
  readonly rate: number;
  readonly rejectedRate: number;
  readonly meanDuration: number | undefined;
}

export interface LivePool {
  readonly name: string;
  readonly used: number;
  readonly idle: number;
  readonly limit: number | undefined;
  readonly waiting: number;
  readonly timeoutRate: number;
  readonly meanWait: number | undefined;
  readonly meanUse: number | undefined;
}

export interface LiveResources {
  /** The last sample; absent while no resource tracker runs. */
  readonly current: ResourceSnapshot | undefined;
  readonly heapLimitBytes: number | undefined;
  readonly series: Readonly<Record<(typeof RESOURCE_SERIES)[number], LiveSeries>>;
}

/** Fields of the samples that are shown over time. */
export const RESOURCE_SERIES = [
  'processCpuPercent',
  'eventLoopUtilization',
  'eventLoopLagP99Ms',
  'heapUsedMb',
  'processMemoryMb',
  'gcPercent',
] as const satisfies readonly (keyof ResourceSnapshot)[];

export interface LiveOptimizer {
  /** Whether it looks by itself. */
  readonly isAutomatic: boolean;
  readonly modes: Readonly<Partial<Record<ActionName, ActionMode>>>;
  readonly pressures: readonly { readonly source: string; readonly share: number }[];
  /** What targets are set to, in what the action counts: bytes, calls, shares. */
  readonly settings: readonly { readonly action: string; readonly target: string; readonly value: number }[];
  /** Since the start. */
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly recommendations: readonly string[];
  /** Decisions to change or advise something, the newest first, 20 at most. */
  readonly decisions: readonly LiveDecision[];
  /** Why the rest is left alone: the last decision to hold about each action and target. */
  readonly held: readonly LiveDecision[];
}

export interface LiveDecision extends Pick<
  MadeDecision,
  'id' | 'time' | 'action' | 'target' | 'outcome' | 'reason' | 'explanation' | 'recommendation'
> {
  /** How often the same was decided. Advice has id and time of the first, its words are those of the last. */
  readonly times: number;
  /** What came of it; absent while that is not known. */
  readonly verdict?: Pick<
    MadeVerdict,
    'time' | 'kind' | 'explanation' | 'improvementPercent' | 'improvementInterval'
  >;
}
