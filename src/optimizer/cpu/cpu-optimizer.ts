import { withDefaults } from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import type { MeterProvider } from '../../telemetry/instruments.js';
import { ActionRunner, type Runner } from '../action-runner.js';
import { resultOf, type OptimizationResult } from '../optimization-result.js';
import { Passes } from '../passes.js';
import { CpuAdvice } from './cpu-advice.js';

export interface CPUOptimizerOptions {
  /** Records there instead of into the global provider; a ResourceOptimizer brings its own. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

/** Looks at what CPU and event loop are busy with, and advises. */
export class CPUOptimizer {
  readonly #clock: Clock;
  readonly #meterProvider: MeterProvider | undefined;
  readonly #runners: readonly Runner[] = [new ActionRunner(new CpuAdvice())];
  #passes: Passes | undefined;

  /** @throws {InvalidOptionError} */
  constructor(options?: CPUOptimizerOptions) {
    const given = withDefaults('CPUOptimizer', { clock: systemClock }, options, ['meterProvider', 'clock']);
    this.#clock = given.clock;
    this.#meterProvider = given.meterProvider;
  }

  /** Looks at the CPU now, and advises. */
  async optimize(): Promise<OptimizationResult> {
    this.#passes ??= new Passes(this.#meterProvider, this.#clock, (observation) => observation);
    return resultOf('cpu', await this.#passes.look(this.#runners));
  }

  /** For a ResourceOptimizer: what is decided here belongs to its passes from now on. Returns what they have to run. */
  join(passes: Passes): readonly Runner[] {
    this.#passes = passes;
    return this.#runners;
  }
}
