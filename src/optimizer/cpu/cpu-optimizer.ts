import { withDefaults } from '../../checks.js';
import { systemClock, type Cancel, type Clock } from '../../clock.js';
import type { MeterProvider } from '../../telemetry/instruments.js';
import { noticeOnce } from '../../telemetry/notice.js';
import { ActionRunner, type Runner } from '../action-runner.js';
import { checkMode } from '../check-mode.js';
import { ADVICE_MODES, type ActionMode, type AdviceMode } from '../decision.js';
import { resultOf, type OptimizationResult } from '../optimization-result.js';
import { DEFAULT_INTERVAL_SECONDS, DEFAULT_THRESHOLDS, Passes } from '../passes.js';
import { ConcurrencyAdvice, type ReportedLimiter } from './concurrency-advice.js';
import { CpuAdvice } from './cpu-advice.js';
import { GcAdvice } from './gc-advice.js';
import { ShedAction, type SteeredShedder } from './shed-action.js';

/** Which actions about CPU look, advise or act. */
export interface CPUOptimizerOptions {
  /**
   * Whether registered shedders refuse work. `auto`: they do. `advise`: they only tell what they would refuse. `off`:
   * they are left alone, and not reported. @default 'auto'
   */
  readonly shedding?: ActionMode;
  /** Whether the limits of registered limiters are reported, with advice about fixed ones. @default 'advise' */
  readonly concurrency?: AdviceMode;
  /** Whether it says which flags would make garbage collection cheaper. @default 'advise' */
  readonly gc?: AdviceMode;
  /** Records there instead of into the global provider; a ResourceOptimizer brings its own. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

const CPU_DEFAULTS = { shedding: 'auto', concurrency: 'advise', gc: 'advise', clock: systemClock } as const;
const KNOWN = ['shedding', 'concurrency', 'gc', 'meterProvider', 'clock'] as const;

/**
 * Looks at what CPU and event loop are busy with. Shedders refuse what is too much, limiters find their limits: both
 * steer themselves, faster than a pass could, and are reported. The rest is advice.
 */
export class CPUOptimizer {
  readonly #clock: Clock;
  readonly #meterProvider: MeterProvider | undefined;
  readonly #sheds: ShedAction;
  readonly #concurrency: ConcurrencyAdvice;
  readonly #shedding: Runner;
  readonly #runners: readonly Runner[];
  #passes: Passes | undefined;

  /** @throws {InvalidOptionError} */
  constructor(options?: CPUOptimizerOptions) {
    const given = withDefaults('CPUOptimizer', CPU_DEFAULTS, options, KNOWN);
    this.#clock = given.clock;
    this.#meterProvider = given.meterProvider;
    this.#sheds = new ShedAction(checkMode('shedding', given.shedding));
    this.#concurrency = new ConcurrencyAdvice(checkMode('concurrency', given.concurrency, ADVICE_MODES));
    const gc = new GcAdvice(checkMode('gc', given.gc, ADVICE_MODES));
    this.#shedding = new ActionRunner(this.#sheds);
    this.#runners = [
      new ActionRunner(new CpuAdvice()),
      this.#shedding,
      new ActionRunner(this.#concurrency),
      new ActionRunner(gc),
    ];
  }

  /** Tells from now on when it refuses work, at once; what it refuses depends on the option `shedding`. */
  registerShedder(shedder: SteeredShedder): Cancel {
    return this.#sheds.add(shedder, () => this.#noteTurn());
  }

  /** Reports its limit from now on, and advises about one that is fixed. It is never changed from here. */
  registerLimiter(limiter: ReportedLimiter): Cancel {
    return this.#concurrency.add(limiter);
  }

  /** Looks at the CPU now, and advises. */
  async optimize(): Promise<OptimizationResult> {
    return resultOf('cpu', await this.passes.look(this.#runners));
  }

  /** For a ResourceOptimizer: what is decided here belongs to its passes from now on. Returns what they have to run. */
  join(passes: Passes): readonly Runner[] {
    this.#passes = passes;
    return this.#runners;
  }

  get passes(): Passes {
    return (this.#passes ??= new Passes(this.#meterProvider, this.#clock, (observation) => observation));
  }

  /** Between two passes: when work is refused, that is known at once. */
  #noteTurn(): void {
    const { log, observation } = this.passes;
    const look = {
      now: this.#clock.now(),
      observation,
      thresholds: DEFAULT_THRESHOLDS,
      intervalSeconds: DEFAULT_INTERVAL_SECONDS,
    };
    this.#shedding
      .run(look, log)
      .catch((error: unknown) => noticeOnce('load shedding', `shedding could not be told: ${String(error)}`));
  }
}
