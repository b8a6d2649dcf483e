import { CostTrial } from './cost-trial.js';
import type { SteerableBudget } from './steerable-budget.js';
import { TrafficWindows } from './traffic-windows.js';

/** The traffic of a budget's caches in windows, and the trial of the last change. */
export class BudgetTraffic {
  readonly #budget: SteerableBudget;
  readonly #windows: TrafficWindows;
  #trial: CostTrial | undefined;

  constructor(budget: SteerableBudget) {
    this.#budget = budget;
    this.#windows = new TrafficWindows(budget);
  }

  /** Of the last change, by whomever; `undefined` before the first. */
  get trial(): CostTrial | undefined {
    return this.#trial;
  }

  /** Windows measured since the last change, or since it is known: what a change would be compared with. */
  get windowsBefore(): number {
    return this.#windows.windows.length;
  }

  /** One pass is over. */
  endWindow(): void {
    const window = this.#windows.end();
    if (window !== undefined) this.#trial?.add(window);
  }

  /** To be called just before the budget is changed. Ends the trial of the change before. */
  startTrial(): CostTrial {
    this.#trial = new CostTrial(this.#windows.restart(), this.#budget.bytes);
    return this.#trial;
  }
}
