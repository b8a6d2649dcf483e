import { checkFunction, checkKnownOptions, checkRatio, withDefaults } from '../checks.js';
import { systemClock, type Cancel, type Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import type { AttributesOf } from '../telemetry/definition.js';
import * as catalogue from '../telemetry/catalogue.js';
import {
  instrumentsOf,
  type Counter,
  type Instruments,
  type MeterProvider,
} from '../telemetry/instruments.js';
import { noticeOnce } from '../telemetry/notice.js';
import { ReadingFeed } from '../telemetry/reading-feed.js';
import { decide, type Decision, type MadeDecision, type OptimizedResource } from './decide.js';
import { observationFrom, pressureOf, type Observation } from './observation.js';
import { reportFrom, statusFrom, type OptimizationReport, type ResourceStatus } from './report.js';

export interface ResourceOptimizerOptions {
  /** Time between two looks of the automatic loop. @default 300 */
  readonly autoOptimizeInterval?: Duration;
  /** Memory pressure from which the registered cleanups run, 0 to 1. @default 0.8 */
  readonly memoryThreshold?: number;
  /** CPU pressure from which advice is given, 0 to 1. @default 0.8 */
  readonly cpuThreshold?: number;
  /** Listens to the instruments of this provider instead of the global one's. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

export interface AutoOptimizationOptions {
  readonly interval?: Duration;
  readonly memoryThreshold?: number;
  readonly cpuThreshold?: number;
}

export interface OptimizationResult {
  readonly optimizationType: OptimizedResource;
  readonly decisions: readonly MadeDecision[];
  /**
   * Absent: it was not measured. A difference of before and after would claim a gain about every second time although
   * nothing changed.
   */
  readonly improvementPercent?: number;
  readonly verdict: 'not measured';
  readonly recommendations: readonly string[];
}

type Cleanup = () => unknown;

const OPTIMIZER_DEFAULTS = {
  autoOptimizeInterval: 300,
  memoryThreshold: 0.8,
  cpuThreshold: 0.8,
  clock: systemClock,
} as const;
const KEPT_DECISIONS = 200;

/**
 * Listens to the readings of the meters, says what should change and why, and frees memory through what the
 * application registered when pressure is high. It changes nothing else.
 */
export class ResourceOptimizer {
  readonly #clock: Clock;
  readonly #feed: ReadingFeed;
  readonly #counter: Counter<AttributesOf<typeof catalogue.optimizerDecisions>>;
  readonly #cleanups = new Set<Cleanup>();
  readonly #decisions: MadeDecision[] = [];
  readonly #counts = { hold: 0, advise: 0, act: 0 };
  #interval: number;
  #memoryThreshold: number;
  #cpuThreshold: number;
  #observation: Observation;
  #cancel: Cancel | undefined;
  #cleaning: Promise<number> | undefined;

  constructor(options?: ResourceOptimizerOptions) {
    const known = [
      'autoOptimizeInterval',
      'memoryThreshold',
      'cpuThreshold',
      'meterProvider',
      'clock',
    ] as const;
    const given = withDefaults('ResourceOptimizer', OPTIMIZER_DEFAULTS, options, known);
    this.#interval = toSeconds('autoOptimizeInterval', given.autoOptimizeInterval);
    this.#memoryThreshold = checkRatio('memoryThreshold', given.memoryThreshold);
    this.#cpuThreshold = checkRatio('cpuThreshold', given.cpuThreshold);
    this.#clock = given.clock;
    const instruments: Instruments = instrumentsOf(given.meterProvider);
    this.#counter = instruments.counter(catalogue.optimizerDecisions);
    this.#feed = new ReadingFeed(instruments, this.#clock);
    this.#observation = observationFrom(this.#feed.take());
    instruments.observe(catalogue.optimizerPressure, this, (optimizer, report) => {
      const { memory, cpu } = pressureOf(optimizer.#observation);
      report(memory, { 'perf.optimizer.resource': 'memory' });
      report(cpu, { 'perf.optimizer.resource': 'cpu' });
    });
  }

  /** Something that frees memory when asked to: clears or shrinks a cache, and returns how many entries left. */
  registerCacheCleanup(cleanup: Cleanup): Cancel {
    checkFunction('cleanup', cleanup);
    this.#cleanups.add(cleanup);
    return () => void this.#cleanups.delete(cleanup);
  }

  /** Looks at memory now and acts or advises where pressure has reached the threshold. */
  async optimizeMemory(): Promise<OptimizationResult> {
    return this.#optimize('memory', await this.#pass());
  }

  /** Looks at the CPU now and advises where pressure has reached the threshold. */
  async optimizeCpu(): Promise<OptimizationResult> {
    return this.#optimize('cpu', await this.#pass());
  }

  /** Looks at everything now. */
  async optimizeAll(limits?: Omit<AutoOptimizationOptions, 'interval'>): Promise<OptimizationResult[]> {
    checkKnownOptions('optimizeAll', limits, ['memoryThreshold', 'cpuThreshold']);
    const decisions = await this.#pass(limits);
    return (['memory', 'cpu', 'cache'] as const).map((resource) => this.#optimize(resource, decisions));
  }

  /** Looks again and again until stopped. Starting anew changes interval and thresholds. Keeps no process alive. */
  startAutoOptimization(options?: AutoOptimizationOptions): void {
    checkKnownOptions('startAutoOptimization', options, ['interval', 'memoryThreshold', 'cpuThreshold']);
    const { interval, memoryThreshold, cpuThreshold } = options ?? {};
    if (interval !== undefined) this.#interval = toSeconds('interval', interval);
    if (memoryThreshold !== undefined) this.#memoryThreshold = checkRatio('memoryThreshold', memoryThreshold);
    if (cpuThreshold !== undefined) this.#cpuThreshold = checkRatio('cpuThreshold', cpuThreshold);
    this.stopAutoOptimization();
    let isLooking = false;
    this.#cancel = this.#clock.every(this.#interval * 1000, () => {
      // A cleanup that takes longer than the interval must not pile up.
      if (isLooking) return;
      isLooking = true;
      void this.#pass().finally(() => (isLooking = false));
    });
  }

  stopAutoOptimization(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  get isAutoOptimizing(): boolean {
    return this.#cancel !== undefined;
  }

  /** The resources now, and the caches since the last look. */
  getResourceStatus(): ResourceStatus {
    return statusFrom(observationFrom(this.#feed.peek()), this.isAutoOptimizing);
  }

  /** What was decided so far, and what is recommended now. */
  generateOptimizationReport(): OptimizationReport {
    return reportFrom(this.#clock.wallNow(), this.#observation.caches, this.#counts, this.#decisions);
  }

  async #pass(limits: Omit<AutoOptimizationOptions, 'interval'> = {}): Promise<MadeDecision[]> {
    const memoryThreshold = checkRatio('memoryThreshold', limits.memoryThreshold ?? this.#memoryThreshold);
    const cpuThreshold = checkRatio('cpuThreshold', limits.cpuThreshold ?? this.#cpuThreshold);
    this.#observation = observationFrom(this.#feed.take());
    const canFreeMemory = this.#cleanups.size > 0;
    const decisions = decide(this.#observation, { memoryThreshold, cpuThreshold, canFreeMemory });
    const made: MadeDecision[] = [];
    const time = this.#clock.wallNow() / 1000;
    for (const decision of decisions) made.push(await this.#make(time, decision));
    return made;
  }

  async #make(time: number, decision: Decision): Promise<MadeDecision> {
    const acted = decision.decision === 'act' ? { removedEntries: await this.#runCleanups() } : {};
    const made: MadeDecision = { time, ...decision, ...acted };
    this.#counts[decision.decision] += 1;
    this.#counter.add(1, {
      'perf.optimizer.resource': decision.resource,
      'perf.optimizer.decision': decision.decision,
    });
    this.#decisions.push(made);
    if (this.#decisions.length > KEPT_DECISIONS) this.#decisions.shift();
    return made;
  }

  /** Who asks while they run waits for the same run: a cleanup need not stand being called twice at once. */
  #runCleanups(): Promise<number> {
    return (this.#cleaning ??= this.#runEachCleanup().finally(() => (this.#cleaning = undefined)));
  }

  /** A cleanup that fails is said once and does not keep the others from running. */
  async #runEachCleanup(): Promise<number> {
    let removed = 0;
    // A copy: one that registers itself anew must not run again and again.
    for (const cleanup of Array.from(this.#cleanups)) {
      try {
        const result: unknown = await cleanup();
        if (typeof result === 'number' && Number.isFinite(result)) removed += result;
      } catch (error) {
        noticeOnce('cleanup', `a registered cleanup failed: ${String(error)}`);
      }
    }
    return removed;
  }

  #optimize(resource: OptimizedResource, all: readonly MadeDecision[]): OptimizationResult {
    const decisions = all.filter((made) => made.resource === resource);
    const recommendations = decisions.flatMap(({ recommendation }) => recommendation ?? []);
    return { optimizationType: resource, decisions, verdict: 'not measured', recommendations };
  }
}
