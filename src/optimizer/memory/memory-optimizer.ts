import { checkBoolean, checkKnownOptions, checkRatio, withDefaults } from '../../checks.js';
import { systemClock, type Cancel, type Clock } from '../../clock.js';
import type { SampleSource } from '../../resources/publish.js';
import type { MeterProvider } from '../../telemetry/instruments.js';
import { noticeOnce } from '../../telemetry/notice.js';
import type { Thresholds } from '../action.js';
import { ActionRunner, type Runner } from '../action-runner.js';
import { BudgetAction } from '../budget/budget-action.js';
import type { SteerableBudget } from '../budget/steerable-budget.js';
import { SharesAction } from '../budget/shares-action.js';
import { SteeredBudgets, type BudgetBounds } from '../budget/steered-budgets.js';
import { checkMode } from '../check-mode.js';
import type { ActionMode } from '../decision.js';
import { NOTHING_OBSERVED, type Observation } from '../observation.js';
import { resultOf, type OptimizationResult } from '../optimization-result.js';
import { Passes, type LookOptions } from '../passes.js';
import { CleanupAction } from './cleanup-action.js';
import { Cleanups, type Cleanup } from './cleanups.js';
import { ForcedCollections } from './forced-collections.js';
import type { BudgetChange, GovernorSignal } from './govern.js';
import { HeapWatch, type HeapSource } from './heap-watch.js';
import { MemoryGovernor } from './memory-governor.js';
import { freshSample, readingsOf, type MemoryReadings } from './memory-readings.js';
import { WeakCaches, type ClearableCache } from './weak-caches.js';

/** Which actions about memory may act, and within which marks. */
export interface MemoryOptimizerOptions {
  /** Whether registered budgets are kept within the memory there is: by making them smaller and larger. @default 'auto' */
  readonly governor?: ActionMode;
  /** Whether registered cleanups run, and registered caches are emptied, under pressure. @default 'auto' */
  readonly cleanups?: ActionMode;
  /** Whether budgets get the size their misses are worth, by the curves of their caches. @default 'advise' */
  readonly budgetSize?: ActionMode;
  /** Share of the heap's limit its live set may take before budgets shrink, 0 to 1. @default 0.72 */
  readonly highWater?: number;
  /** Records there instead of into the global provider; a ResourceOptimizer brings its own. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
  /** Where readings of the heap come from. Default: this thread. */
  readonly heap?: HeapSource;
}

/** What one pass about memory does besides. */
export interface OptimizeMemoryOptions {
  /**
   * Collects garbage before, and after something was changed, so that the result knows what was freed. That stops the
   * process, about 0.7 ms for each live megabyte each time; the result says for how long. @default false
   */
  readonly forceGc?: boolean;
}

const MEMORY_DEFAULTS = {
  governor: 'auto',
  cleanups: 'auto',
  budgetSize: 'advise',
  highWater: 0.72,
  clock: systemClock,
} as const;
const KNOWN = ['governor', 'cleanups', 'budgetSize', 'highWater', 'meterProvider', 'clock', 'heap'] as const;
/** Between two looks of the governor alone: how fast memory can run out is a matter of seconds. */
const GUARD_INTERVAL_MS = 1000;

/**
 * Frees memory where that costs least: budgets of caches give some up first, then what the application registered is
 * asked to. It never collects garbage by itself.
 */
export class MemoryOptimizer {
  readonly #clock: Clock;
  readonly #heap: HeapSource;
  readonly #meterProvider: MeterProvider | undefined;
  readonly #budgets = new SteeredBudgets();
  readonly #cleanups = new Cleanups();
  readonly #weak = new WeakCaches();
  readonly #governor: ActionRunner<GovernorSignal, BudgetChange>;
  readonly #runners: readonly Runner[];
  #passes: Passes | undefined;
  #tracker: SampleSource | undefined;
  #stopGuard: Cancel | undefined;

  /** @throws {InvalidOptionError} */
  constructor(options?: MemoryOptimizerOptions) {
    const given = withDefaults('MemoryOptimizer', MEMORY_DEFAULTS, options, KNOWN);
    this.#clock = given.clock;
    this.#meterProvider = given.meterProvider;
    this.#heap = given.heap ?? new HeapWatch(given.clock);
    const governor = new MemoryGovernor(
      checkMode('governor', given.governor),
      checkRatio('highWater', given.highWater),
      this.#budgets,
      this.#heap,
      this.#clock,
    );
    const cleanups = checkMode('cleanups', given.cleanups);
    const budgetSize = checkMode('budgetSize', given.budgetSize);
    this.#governor = new ActionRunner(governor);
    this.#runners = [
      // Before the governor: what that frees in this pass must not look like a budget that has nothing left.
      new ActionRunner(new CleanupAction(cleanups, this.#cleanups, this.#weak, this.#budgets)),
      this.#governor,
      new ActionRunner(new BudgetAction(budgetSize, this.#budgets)),
      new ActionRunner(new SharesAction(this.#budgets)),
    ];
  }

  /** Something that frees memory when asked to: clears or shrinks a cache, and may return how many entries left. */
  registerCacheCleanup(cleanup: Cleanup): Cancel {
    return this.#cleanups.add(cleanup);
  }

  /** A Map or a cache that is emptied under pressure. It is held weakly: this does not keep it in memory. */
  registerWeakCache(cache: ClearableCache): Cancel {
    return this.#weak.add(cache);
  }

  /** Memory of caches that is made smaller under pressure and larger again afterwards, within bounds. */
  registerBudget(budget: SteerableBudget, bounds: BudgetBounds = {}): Cancel {
    checkKnownOptions('registerBudget', bounds, ['minBytes', 'maxBytes']);
    return this.#budgets.add(budget, bounds);
  }

  /** Looks at memory now, and acts or advises. With `forceGc` the result tells what was freed. */
  async optimize(options?: OptimizeMemoryOptions, look?: LookOptions): Promise<OptimizationResult> {
    checkKnownOptions('optimizeMemory', options, ['forceGc']);
    const isForced = checkBoolean('forceGc', options?.forceGc ?? false);
    const gc = isForced ? new ForcedCollections(this.#clock) : undefined;
    gc?.collect();
    const looked = await this.passes.look(this.#runners, look);
    if (looked.decisions.some(({ outcome }) => outcome === 'applied')) gc?.collect();
    return resultOf('memory', looked, gc?.report());
  }

  /** The budgets that are registered, for what-if tables. */
  get budgets(): readonly SteerableBudget[] {
    return this.#budgets.all.map(({ budget }) => budget);
  }

  /** For a ResourceOptimizer: what is decided here belongs to its passes from now on. Returns what they have to run. */
  join(passes: Passes, tracker: SampleSource | undefined): readonly Runner[] {
    this.#passes = passes;
    this.#tracker = tracker;
    return this.#runners;
  }

  /** For a pass: adds what is known of memory here, and ends the windows of traffic. */
  see(observation: Observation): Observation {
    for (const { traffic } of this.#budgets.all) traffic.endWindow();
    return { ...observation, memory: this.readings(observation.memory) };
  }

  /** Watches the heap from now on: the governor looks each second, and after each major collection. */
  startGuard(thresholds: Thresholds, intervalSeconds: number): void {
    this.stopGuard();
    const guard = () => {
      this.#guard(thresholds, intervalSeconds).catch((error: unknown) => {
        noticeOnce('memory governor', `the memory governor failed: ${String(error)}`);
      });
    };
    this.#heap.start(guard);
    this.#stopGuard = this.#clock.every(GUARD_INTERVAL_MS, guard);
  }

  stopGuard(): void {
    this.#stopGuard?.();
    this.#stopGuard = undefined;
    this.#heap.stop();
  }

  get passes(): Passes {
    return (this.#passes ??= new Passes(this.#meterProvider, this.#clock, (seen) => this.see(seen)));
  }

  async #guard(thresholds: Thresholds, intervalSeconds: number): Promise<void> {
    if (this.#budgets.all.length === 0) return;
    const observation = { ...NOTHING_OBSERVED, memory: this.readings() };
    const look = { now: this.#clock.now(), observation, thresholds, intervalSeconds };
    await this.#governor.run(look, this.passes.log, { isQuiet: true });
  }

  /** Memory now: the heap is asked at once, the rest is as old as the tracker's last sample, or as what was observed. */
  readings(observed = this.passes.observation.memory): MemoryReadings {
    const sample = freshSample(this.#tracker, this.#clock.now());
    const known = sample === undefined ? observed : readingsOf(sample);
    const { usedBytes, limitBytes, liveBytes } = this.#heap.read();
    return {
      ...known,
      heapUsedBytes: usedBytes,
      heapLimitBytes: limitBytes,
      heapLiveBytes: liveBytes ?? known.heapLiveBytes,
    };
  }
}
