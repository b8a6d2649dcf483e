import type { LimiterState } from '../cpu/concurrency-advice.js';

/** Pressures from which something is done for a function, 0 to 1. */
export interface FunctionLimits {
  readonly memoryThreshold?: number;
  readonly cpuThreshold?: number;
}

/** A function as it is registered, with what it was given. */
export interface FunctionToOptimize extends FunctionLimits {
  readonly name: string;
  /** Where its results are kept. */
  readonly cache?: { stats(): { readonly hitRatio: number } };
  /** What limits how often it runs at the same time. */
  readonly lane?: { stats(): LimiterState };
}

/** What a registered function did since it was registered. */
export interface FunctionReport extends FunctionLimits {
  readonly name: string;
  /** How often it was called. */
  readonly calls: number;
  /** How often it ran: neither answered by its cache nor refused. Runs that failed count. */
  readonly runs: number;
  readonly errors: number;
  /** Seconds a run took in the mean, waiting for its turn left out; absent before the first. */
  readonly meanSeconds?: number;
  /** Of the time the runs of all registered functions took, 0 to 1. */
  readonly shareOfTime: number;
  /** Of its cache, 0 to 1; absent without one. */
  readonly hitRatio?: number;
  /** How many runs its lane lets happen at the same time now; absent without one. */
  readonly laneLimit?: number;
  /** Runs that were refused because the process was overloaded. */
  readonly shed: number;
  /** Whether memory or CPU are over its thresholds now. */
  readonly isOverThreshold: boolean;
  /** Passes of the optimizer that started because they were. */
  readonly passes: number;
}

/** Counts what a registered function does. */
export class OptimizedFunction {
  readonly definition: FunctionToOptimize;
  calls = 0;
  runs = 0;
  errors = 0;
  seconds = 0;
  shed = 0;
  passes = 0;
  /** When pressure was looked at after a run, milliseconds of the monotonic clock. */
  checkedAt = -Infinity;
  readonly #onRun: (ran: OptimizedFunction) => void;

  constructor(definition: FunctionToOptimize, onRun: (ran: OptimizedFunction) => void) {
    this.definition = definition;
    this.#onRun = onRun;
  }

  /** A run has ended. Never throws. */
  ran(seconds: number, hasFailed = false): void {
    this.runs += 1;
    this.seconds += seconds;
    if (hasFailed) this.errors += 1;
    this.#onRun(this);
  }
}

/** `allSeconds`: that the runs of all functions took. */
export function reportOn(
  registered: OptimizedFunction,
  allSeconds: number,
  isOverThreshold: boolean,
): FunctionReport {
  const { definition, calls, runs, errors, seconds, shed, passes } = registered;
  const { name, memoryThreshold, cpuThreshold, cache, lane } = definition;
  return {
    name,
    calls,
    runs,
    errors,
    ...(runs > 0 && { meanSeconds: seconds / runs }),
    shareOfTime: allSeconds > 0 ? seconds / allSeconds : 0,
    ...(cache !== undefined && { hitRatio: cache.stats().hitRatio }),
    ...(lane !== undefined && { laneLimit: lane.stats().limit }),
    shed,
    ...(memoryThreshold !== undefined && { memoryThreshold }),
    ...(cpuThreshold !== undefined && { cpuThreshold }),
    isOverThreshold,
    passes,
  };
}
