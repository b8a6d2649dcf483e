import type { Evaluation, OptimizerAction, Proposal } from '../action.js';
import type { ActionMode } from '../decision.js';
import { asMb, asMs, asPercent } from '../figures.js';
import type { SteeredBudget, SteeredBudgets } from './steered-budgets.js';
import { CHANGED_AGAIN, MIN_WINDOWS, notMeasured } from '../verdict.js';
import type { CostTrial } from './cost-trial.js';
import { costPerLookup } from './what-if.js';

/** How much memory the caches of a budget should have when there is no pressure. */
export interface BudgetSizeChange {
  readonly target: string;
  readonly fromBytes: number;
  readonly toBytes: number;
}

export interface BudgetSizeSignal {
  readonly target: string;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly minBytes: number;
  readonly mostBytes: number;
  /** Windows of traffic that are measured without a change; `Infinity` where none will be made. */
  readonly windows: number;
  /** Less than it should have, for want of memory: then it is not made larger. */
  readonly isSqueezed: boolean;
  /** Seconds of loading for each lookup with half, all and twice the memory of today. */
  readonly costs: { readonly half: number; readonly same: number; readonly double: number } | undefined;
  /** What a step to `stepDown` or `stepUp` of the size would do to that, relative. */
  readonly steps: { readonly down: number; readonly up: number } | undefined;
}

/** At most so much at once. */
const STEP = 0.25;
/** Twice the memory pays if it saves this share of what misses cost. */
const WORTH_MORE = 0.1;
/** Half the memory is enough if it costs no more than this share. */
const WORTH_LESS = 0.02;
const FULL = 0.95;

/**
 * Says, by the curves, whether the caches of a budget would do well with less memory or better with more, and in `auto`
 * moves it there step by step.
 */
export class BudgetAction implements OptimizerAction<BudgetSizeSignal, BudgetSizeChange> {
  readonly name = 'cache_budget';
  readonly resource = 'cache';
  readonly mode: ActionMode;
  readonly #budgets: SteeredBudgets;
  readonly #trials = new WeakMap<BudgetSizeChange, CostTrial>();

  constructor(mode: ActionMode, budgets: SteeredBudgets) {
    this.mode = mode;
    this.#budgets = budgets;
  }

  observe(): BudgetSizeSignal[] {
    return this.#budgets.all.map(({ budget, minBytes, mostBytes, wantedBytes, traffic }) => {
      const { name: target, bytes, maxBytes, shares } = budget;
      const [half, same, double, down, up] = [0.5, 1, 2, 1 - STEP, 1 + STEP].map((factor) =>
        costPerLookup(shares, factor),
      );
      const isKnown = half !== undefined && same !== undefined && double !== undefined && same > 0;
      return {
        target,
        bytes,
        maxBytes,
        minBytes,
        mostBytes,
        windows: this.mode === 'auto' ? traffic.windowsBefore : Infinity,
        isSqueezed: maxBytes < wantedBytes,
        costs: isKnown ? { half, same, double } : undefined,
        steps: isKnown ? { down: down! / same - 1, up: up! / same - 1 } : undefined,
      };
    });
  }

  propose(signal: BudgetSizeSignal): Proposal<BudgetSizeChange> {
    return proposeSize(signal);
  }

  apply(change: BudgetSizeChange): void {
    const steered = this.#budgets.find(change.target);
    if (steered === undefined) return;
    this.#trials.set(change, steered.traffic.startTrial());
    steered.setWanted(change.toBytes);
  }

  settingOf({ toBytes }: BudgetSizeChange): number {
    return toBytes;
  }

  evaluate(change: BudgetSizeChange): Evaluation | undefined {
    return evaluateCost(this.#budgets.find(change.target), this.#trials.get(change));
  }

  rollback({ target, fromBytes }: BudgetSizeChange): number {
    const steered = this.#budgets.find(target);
    steered?.traffic.startTrial();
    steered?.setWanted(fromBytes);
    return fromBytes;
  }
}

/** The verdict about a change once enough was measured, and whether it should be undone. */
export function evaluateCost(
  steered: SteeredBudget | undefined,
  trial: CostTrial | undefined,
): Evaluation | undefined {
  if (steered === undefined || trial === undefined) return { verdict: notMeasured('the budget is gone') };
  const { traffic } = steered;
  // Another action has changed it since: what is measured now is no effect of this change alone.
  if (traffic.trial !== trial) return { verdict: notMeasured(CHANGED_AGAIN) };
  if (!trial.isComplete) return undefined;
  const verdict = trial.verdict();
  if (!trial.isRegretted) return { verdict };
  return { verdict, rollBack: { reason: 'worse', explanation: `undone: ${verdict.explanation}` } };
}

/** Pure. */
export function proposeSize(signal: BudgetSizeSignal): Proposal<BudgetSizeChange> {
  const { target, bytes, maxBytes, minBytes, mostBytes, costs, steps } = signal;
  const numbers = { bytes, maxBytes, ...costs };
  const rest = { target, numbers };
  if (costs === undefined || steps === undefined) {
    const explanation = 'nothing is known of other sizes: no curve, no measured load, or too few lookups';
    return { ...rest, reason: 'not_measured', explanation };
  }
  const { half, same, double } = costs;
  const saving = (same - double) / same;
  if (bytes >= FULL * maxBytes && saving >= WORTH_MORE) {
    const explanation = `twice the memory would save ${asMs(same - double)} of loading for each lookup (${asPercent(saving)})`;
    const toBytes = Math.round(Math.min(mostBytes, (1 + STEP) * maxBytes));
    const recommendation = `Give budget "${target}" up to ${asMb(2 * maxBytes)} if the process has room: ${explanation}`;
    const proposal = { ...rest, reason: 'pays', explanation, recommendation } as const;
    if (toBytes <= maxBytes || signal.isSqueezed) return proposal;
    if (signal.windows < MIN_WINDOWS) return waiting(proposal, signal.windows);
    return changing(proposal, { target, fromBytes: maxBytes, toBytes }, steps.up);
  }
  const rise = (half - same) / same;
  if (rise <= WORTH_LESS) {
    const explanation = `half the memory would cost ${asMs(half - same)} of loading for each lookup (${asPercent(rise)})`;
    const toBytes = Math.round(Math.max(minBytes, (1 - STEP) * Math.min(bytes, maxBytes)));
    const recommendation = `Take half of budget "${target}" (${asMb(bytes / 2)} of ${asMb(bytes)} in use) for something else: ${explanation}`;
    const proposal = { ...rest, reason: 'idle_memory', explanation, recommendation } as const;
    if (toBytes >= maxBytes || signal.isSqueezed) return proposal;
    if (signal.windows < MIN_WINDOWS) return waiting(proposal, signal.windows);
    return changing(proposal, { target, fromBytes: maxBytes, toBytes }, steps.down);
  }
  const explanation = `half the memory would cost ${asPercent(rise)} more, twice the memory ${asPercent(saving)} less`;
  return { ...rest, reason: 'balanced', explanation };
}

function changing(
  proposal: Proposal<BudgetSizeChange>,
  change: BudgetSizeChange,
  predictedEffect: number,
): Proposal<BudgetSizeChange> {
  const step = `${asMb(change.toBytes)} instead of ${asMb(change.fromBytes)}`;
  return { ...proposal, explanation: `${step}: ${proposal.explanation}`, change, predictedEffect };
}

/** Without knowing what it costs as it is, nobody could tell afterwards whether a change has helped. */
function waiting({ target, numbers, explanation }: Proposal, windows: number): Proposal<BudgetSizeChange> {
  const wait = `before a change ${MIN_WINDOWS} windows of traffic are measured, ${windows} so far`;
  return { target, numbers, reason: 'under_evaluation', explanation: `${explanation}; ${wait}` };
}
