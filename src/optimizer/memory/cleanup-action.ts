import type { Look, OptimizerAction, Proposal } from '../action.js';
import type { SteeredBudgets } from '../budget/steered-budgets.js';
import { PROCESS, type ActionMode, type Numbers } from '../decision.js';
import { asMb, asPercent } from '../figures.js';
import type { Cleanups } from './cleanups.js';
import { pressuresOf, type MemoryPressure } from './memory-readings.js';
import type { WeakCaches } from './weak-caches.js';

export interface CleanupSignal {
  readonly pressures: readonly MemoryPressure[];
  /** Pressure from which something is done, 0 to 1. */
  readonly threshold: number;
  /** Registered cleanups and caches. */
  readonly registered: number;
  /** Whether a budget can still give up memory by itself. */
  readonly hasBudgetLeft: boolean;
}

/** Everything that is registered is asked to free memory. */
export interface CleanupChange {
  readonly registered: number;
}

/**
 * Runs what the application registered to free memory with, under pressure and when no budget can give any up: emptying
 * caches costs more than making them smaller.
 */
export class CleanupAction implements OptimizerAction<CleanupSignal, CleanupChange> {
  readonly name = 'cleanup';
  readonly resource = 'memory';
  readonly mode: ActionMode;
  readonly #cleanups: Cleanups;
  readonly #weak: WeakCaches;
  readonly #budgets: SteeredBudgets;

  constructor(mode: ActionMode, cleanups: Cleanups, weak: WeakCaches, budgets: SteeredBudgets) {
    this.mode = mode;
    this.#cleanups = cleanups;
    this.#weak = weak;
    this.#budgets = budgets;
  }

  observe({ observation, thresholds }: Look): CleanupSignal[] {
    const hasBudgetLeft = this.#budgets.all.some(({ budget, minBytes }) => budget.bytes > minBytes);
    return [
      {
        pressures: pressuresOf(observation.memory),
        threshold: thresholds.memoryThreshold,
        registered: this.#cleanups.size + this.#weak.size,
        hasBudgetLeft,
      },
    ];
  }

  propose(signal: CleanupSignal): Proposal<CleanupChange> {
    return proposeCleanup(signal);
  }

  async apply(): Promise<Numbers> {
    const cleared = this.#weak.clear();
    return { removedEntries: cleared + (await this.#cleanups.run()) };
  }
}

/** Pure. */
export function proposeCleanup(signal: CleanupSignal): Proposal<CleanupChange> {
  const { pressures, threshold, registered, hasBudgetLeft } = signal;
  const numbers = Object.fromEntries(pressures.map(({ source, share }) => [`${source}Share`, share]));
  const [worst] = pressures;
  if (worst === undefined) {
    return { target: PROCESS, reason: 'not_measured', explanation: 'memory is not measured', numbers };
  }
  const state = `${NAMES[worst.source]} at ${asPercent(worst.share)} of ${asMb(worst.limitBytes)}`;
  if (worst.share < threshold) {
    const explanation = `${state} is under ${asPercent(threshold)}`;
    return { target: PROCESS, reason: 'within_limits', explanation, numbers };
  }
  const explanation = `${state} has reached ${asPercent(threshold)}`;
  const proposal = { target: PROCESS, reason: worst.source, explanation, numbers };
  if (hasBudgetLeft) {
    const first = `${explanation}; a budget can still give up memory, which costs less`;
    return { ...proposal, reason: 'budget_first', explanation: first };
  }
  if (registered > 0) return { ...proposal, change: { registered } };
  return { ...proposal, recommendation: RECOMMENDATIONS[worst.source] };
}

const NAMES: Readonly<Record<MemoryPressure['source'], string>> = {
  heap: 'the live heap',
  container: 'the container',
  machine: 'the machine',
};

const RECOMMENDATIONS: Readonly<Record<MemoryPressure['source'], string>> = {
  heap: 'Put the largest caches into one CacheBudget, register cleanups, or raise --max-old-space-size if the machine has room',
  container: 'Raise the memory limit of the container, or put the largest caches into one CacheBudget',
  machine: 'The machine is short of memory outside this heap: look at other processes, buffers and limits',
};
