import { checkKnownOptions, checkRatio, withDefaults } from '../checks.js';
import { systemClock, type Cancel, type Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import type { SampleSource } from '../resources/publish.js';
import { instrumentsOf, type MeterProvider } from '../telemetry/instruments.js';
import { noticeOnce } from '../telemetry/notice.js';
import type { Thresholds } from './action.js';
import { ActionRunner, type Runner } from './action-runner.js';
import type { SteerableBudget } from './budget/steerable-budget.js';
import type { BudgetBounds } from './budget/steered-budgets.js';
import { whatIf, type BudgetWhatIf } from './budget/what-if.js';
import { CacheAdvice } from './caches/cache-advice.js';
import { TtlAdvice } from './caches/ttl-advice.js';
import type { ReportedLimiter } from './cpu/concurrency-advice.js';
import { CPUOptimizer } from './cpu/cpu-optimizer.js';
import { cpuReadingsOf } from './cpu/cpu-readings.js';
import type { SteeredShedder } from './cpu/shed-action.js';
import type { ActionMode, ActionName, DecisionListener, MadeDecision } from './decision.js';
import type { FunctionToOptimize, OptimizedFunction } from './functions/optimized-function.js';
import { OptimizedFunctions, type Pressures } from './functions/optimized-functions.js';
import type { Cleanup } from './memory/cleanups.js';
import { MemoryOptimizer, type OptimizeMemoryOptions } from './memory/memory-optimizer.js';
import { freshSample, pressuresOf } from './memory/memory-readings.js';
import type { ClearableCache } from './memory/weak-caches.js';
import { cpuPressureOf } from './observation.js';
import { resultOf, type OptimizationResult } from './optimization-result.js';
import {
  DEFAULT_INTERVAL_SECONDS,
  DEFAULT_THRESHOLDS,
  Passes,
  type Looked,
  type LookOptions,
} from './passes.js';
import { reportFrom, statusFrom, type OptimizationReport, type ResourceStatus } from './report.js';
import { publishOptimizer, type ShownOptimizer } from './published.js';

/** What an optimizer is made of, and defaults of its passes. */
export interface ResourceOptimizerOptions {
  /** Default: one with its defaults. */
  readonly memoryOptimizer?: MemoryOptimizer;
  /** Default: one with its defaults. */
  readonly cpuOptimizer?: CPUOptimizer;
  /** Time between two passes of the automatic loop, give or take 5 %. @default 300 */
  readonly autoOptimizeInterval?: Duration;
  /** Memory pressure from which something is done, 0 to 1. Budgets shrink from 0.72 on, or from here if that is less. @default 0.8 */
  readonly memoryThreshold?: number;
  /** CPU pressure from which advice is given, 0 to 1. @default 0.8 */
  readonly cpuThreshold?: number;
  /** Whose samples tell of the container between two passes. Default: its instruments are read in each pass. */
  readonly resourceTracker?: SampleSource;
  /** Listens to the instruments of this provider instead of the global one's. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

/** How often the optimizer looks, and from where on it acts. */
export interface AutoOptimizationOptions {
  readonly interval?: Duration;
  readonly memoryThreshold?: number;
  readonly cpuThreshold?: number;
}

const OPTIMIZER_DEFAULTS = {
  autoOptimizeInterval: DEFAULT_INTERVAL_SECONDS,
  ...DEFAULT_THRESHOLDS,
  clock: systemClock,
} as const;
const KNOWN = [
  'memoryOptimizer',
  'cpuOptimizer',
  'autoOptimizeInterval',
  'memoryThreshold',
  'cpuThreshold',
  'resourceTracker',
  'meterProvider',
  'clock',
] as const;
/** Of the interval, up or down: so that the processes of a service do not all look at the same time. */
const JITTER = 0.05;

/**
 * Listens to the readings of the meters, decides what should change and says why, changes what it may, and measures what
 * that did. To leave things alone is a decision too.
 */
export class ResourceOptimizer {
  readonly #clock: Clock;
  readonly #memory: MemoryOptimizer;
  readonly #cpu: CPUOptimizer;
  readonly #tracker: SampleSource | undefined;
  readonly #passes: Passes;
  readonly #functions: OptimizedFunctions;
  /** Held for as long as this lives: exporters read from it, and do not hold it. */
  readonly #shown: ShownOptimizer;
  readonly #runners: Readonly<Record<'memory' | 'cpu' | 'cache', readonly Runner[]>>;
  #interval: number;
  #thresholds: Thresholds;
  #latest: readonly MadeDecision[] = [];
  #cancel: Cancel | undefined;

  /** @throws {InvalidOptionError} */
  constructor(options?: ResourceOptimizerOptions) {
    const given = withDefaults('ResourceOptimizer', OPTIMIZER_DEFAULTS, options, KNOWN);
    const { meterProvider, clock } = given;
    this.#interval = toSeconds('autoOptimizeInterval', given.autoOptimizeInterval);
    this.#thresholds = {
      memoryThreshold: checkRatio('memoryThreshold', given.memoryThreshold),
      cpuThreshold: checkRatio('cpuThreshold', given.cpuThreshold),
    };
    this.#clock = clock;
    this.#memory = checkPart(
      'memoryOptimizer',
      given.memoryOptimizer ?? new MemoryOptimizer({ clock }),
      MemoryOptimizer,
    );
    this.#cpu = checkPart('cpuOptimizer', given.cpuOptimizer ?? new CPUOptimizer({ clock }), CPUOptimizer);
    this.#tracker = given.resourceTracker;
    this.#passes = new Passes(meterProvider, clock, (observation) => this.#memory.see(observation));
    this.#shown = { memory: this.#memory, passes: this.#passes };
    this.#runners = {
      memory: this.#memory.join(this.#passes, given.resourceTracker),
      cpu: this.#cpu.join(this.#passes),
      cache: [new ActionRunner(new CacheAdvice()), new ActionRunner(new TtlAdvice())],
    };
    publishOptimizer(instrumentsOf(meterProvider), this.#shown);
    this.#functions = new OptimizedFunctions({
      clock,
      thresholds: () => this.#thresholds,
      pressures: () => this.#pressures(),
      startPass: (thresholds) => this.#passAll(thresholds),
    });
  }

  /** Something that frees memory when asked to: clears or shrinks a cache, and may return how many entries left. */
  registerCacheCleanup(cleanup: Cleanup): Cancel {
    return this.#memory.registerCacheCleanup(cleanup);
  }

  /** A Map or a cache that is emptied under pressure. It is held weakly: this does not keep it in memory. */
  registerWeakCache(cache: ClearableCache): Cancel {
    return this.#memory.registerWeakCache(cache);
  }

  /** Memory of caches that is made smaller under pressure and larger again afterwards, within bounds. */
  registerBudget(budget: SteerableBudget, bounds?: BudgetBounds): Cancel {
    return this.#memory.registerBudget(budget, bounds);
  }

  /** Tells when it refuses work, and when no longer; whether it does depends on `shedding` of the CPUOptimizer. */
  registerShedder(shedder: SteeredShedder): Cancel {
    return this.#cpu.registerShedder(shedder);
  }

  /** Reports what it lets run at the same time, and advises about a limit that is fixed. It is never changed from here. */
  registerLimiter(limiter: ReportedLimiter): Cancel {
    return this.#cpu.registerLimiter(limiter);
  }

  /** For `@autoOptimize`: a function that counts its calls and runs there, for the report. */
  registerFunction(definition: FunctionToOptimize): OptimizedFunction {
    return this.#functions.add(definition);
  }

  /** Hears of each decision, those to change nothing included, and of each verdict. */
  addListener(listener: DecisionListener): Cancel {
    return this.#passes.log.listen(listener);
  }

  /** Looks at memory now, and acts or advises where pressure is high. */
  async optimizeMemory(options?: OptimizeMemoryOptions): Promise<OptimizationResult> {
    return this.#memory.optimize(options, this.#lookOptions());
  }

  /** Looks at the CPU now, and advises where pressure is high. */
  async optimizeCpu(): Promise<OptimizationResult> {
    return resultOf('cpu', await this.#pass(this.#runners.cpu));
  }

  /** Looks at everything now. */
  async optimizeAll(limits?: Omit<AutoOptimizationOptions, 'interval'>): Promise<OptimizationResult[]> {
    checkKnownOptions('optimizeAll', limits, ['memoryThreshold', 'cpuThreshold']);
    const looked = await this.#passAll(this.#thresholdsWith(limits));
    return (['memory', 'cpu', 'cache'] as const).map((resource) => resultOf(resource, looked));
  }

  /**
   * Looks again and again until stopped, and keeps an eye on the heap in between. Starting anew changes interval and
   * thresholds. Keeps no process alive.
   */
  startAutoOptimization(options?: AutoOptimizationOptions): void {
    checkKnownOptions('startAutoOptimization', options, ['interval', 'memoryThreshold', 'cpuThreshold']);
    const { interval } = options ?? {};
    const thresholds = this.#thresholdsWith(options);
    if (interval !== undefined) this.#interval = toSeconds('interval', interval);
    this.#thresholds = thresholds;
    this.stopAutoOptimization();
    let isLooking = false;
    const jitter = 1 + JITTER * (2 * Math.random() - 1);
    this.#cancel = this.#clock.every(this.#interval * 1000 * jitter, () => {
      // A cleanup that takes longer than the interval must not pile up.
      if (isLooking) return;
      isLooking = true;
      this.#passAll(this.#thresholds)
        .catch((error: unknown) =>
          noticeOnce('optimizer pass', `a pass of the optimizer failed: ${String(error)}`),
        )
        .finally(() => (isLooking = false));
    });
    this.#memory.startGuard(thresholds, this.#interval);
  }

  stopAutoOptimization(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#memory.stopGuard();
  }

  get isAutoOptimizing(): boolean {
    return this.#cancel !== undefined;
  }

  /** What each action does about what it sees: nothing, advice, or a change. */
  get modes(): Readonly<Partial<Record<ActionName, ActionMode>>> {
    const actions = Object.values(this.#runners).flatMap((runners) => runners.map(({ action }) => action));
    return Object.fromEntries(actions.map(({ name, mode }) => [name, mode]));
  }

  /** The resources now, and the caches since the last look. */
  getResourceStatus(): ResourceStatus {
    const observation = this.#passes.peek();
    return statusFrom(
      { ...observation, memory: this.#memory.readings(observation.memory) },
      this.isAutoOptimizing,
      this.#functions.report(),
    );
  }

  /** What the caches of each budget would do with other memory, by their curves. Changes nothing. */
  whatIf(): BudgetWhatIf[] {
    return this.#memory.budgets.map(whatIf);
  }

  /** What was decided so far, what came of it, and what is recommended now. */
  generateOptimizationReport(): OptimizationReport {
    return reportFrom({
      wallMs: this.#clock.wallNow(),
      log: this.#passes.log,
      latest: this.#latest,
      caches: this.#passes.observation.caches,
      whatIf: this.whatIf(),
      functions: this.#functions.report(),
    });
  }

  async #passAll(thresholds: Thresholds): Promise<Looked> {
    const { memory, cpu, cache } = this.#runners;
    const looked = await this.#pass([...memory, ...cpu, ...cache], thresholds);
    this.#latest = looked.decisions;
    return looked;
  }

  #pass(runners: readonly Runner[], thresholds?: Thresholds): Promise<Looked> {
    return this.#passes.look(runners, this.#lookOptions(thresholds));
  }

  #pressures(): Pressures {
    const sample = freshSample(this.#tracker, this.#clock.now());
    const cpu = cpuPressureOf(sample === undefined ? this.#passes.observation : cpuReadingsOf(sample));
    return { memory: pressuresOf(this.#memory.readings())[0]?.share ?? 0, cpu };
  }

  #lookOptions(thresholds = this.#thresholds): LookOptions {
    return { thresholds, intervalSeconds: this.#interval };
  }

  #thresholdsWith(limits: Omit<AutoOptimizationOptions, 'interval'> = {}): Thresholds {
    const {
      memoryThreshold = this.#thresholds.memoryThreshold,
      cpuThreshold = this.#thresholds.cpuThreshold,
    } = limits;
    return {
      memoryThreshold: checkRatio('memoryThreshold', memoryThreshold),
      cpuThreshold: checkRatio('cpuThreshold', cpuThreshold),
    };
  }
}

function checkPart<Part>(option: string, part: Part, kind: abstract new (...args: never[]) => Part): Part {
  if (!(part instanceof kind)) throw new InvalidOptionError(option, `a ${kind.name}`, part);
  return part;
}
