import type { Clock } from '../../clock.js';
import type { Evaluation, Look, OptimizerAction, Proposal } from '../action.js';
import { evaluateCost } from '../budget/budget-action.js';
import type { CostTrial } from '../budget/cost-trial.js';
import type { SteeredBudget, SteeredBudgets } from '../budget/steered-budgets.js';
import type { ActionMode } from '../decision.js';
import { asMb } from '../figures.js';
import { CHANGED_AGAIN, notMeasured, type Verdict } from '../verdict.js';
import { ALARM, govern, type BudgetChange, type GovernorSignal } from './govern.js';
import type { HeapSource, HeapState } from './heap-watch.js';
import { pressuresOf } from './memory-readings.js';

/** What was so at the moment of a change. */
interface Before {
  readonly at: number;
  readonly majors: number | undefined;
  readonly liveBytes: number | undefined;
  readonly gcShare: number | undefined;
  readonly trial: CostTrial;
  /** At the first major collection after it. */
  freedBytes: number | undefined;
}

/** Alone between two changes that need not wait: at most four times a minute. */
const WINDOW_SECONDS = 15;
/** So long a new live set is waited for when the heap is nearly full, in milliseconds. */
const ALARM_PATIENCE_MS = 5000;
/** After growing: pressure that comes later has other reasons. */
const GROWTH_TRIAL_MS = 60_000;
/** Less of this share of what it was, and the time collections take has not fallen. */
const GC_RELIEF = 0.8;

/** Keeps the caches of the registered budgets within the memory the process has: see `govern`. */
export class MemoryGovernor implements OptimizerAction<GovernorSignal, BudgetChange> {
  readonly name = 'memory_governor';
  readonly resource = 'memory';
  readonly windowSeconds = WINDOW_SECONDS;
  readonly waitsForVerdict = false;
  readonly mode: ActionMode;
  readonly #budgets: SteeredBudgets;
  readonly #heap: HeapSource;
  readonly #highWater: number;
  readonly #clock: Clock;
  readonly #before = new Map<string, Before>();

  constructor(mode: ActionMode, highWater: number, budgets: SteeredBudgets, heap: HeapSource, clock: Clock) {
    this.mode = mode;
    this.#highWater = highWater;
    this.#budgets = budgets;
    this.#heap = heap;
    this.#clock = clock;
  }

  observe({ observation, thresholds, now }: Look): GovernorSignal[] {
    const all = this.#budgets.all;
    const heap = this.#heap.read();
    const allBytes = all.reduce((sum, { budget }) => sum + budget.bytes, 0);
    return all.map(({ budget, minBytes, wantedBytes }) => ({
      target: budget.name,
      bytes: budget.bytes,
      maxBytes: budget.maxBytes,
      minBytes,
      wantedBytes,
      allBytes,
      pressures: pressuresOf(observation.memory),
      alarmBytes: heap.usedBytes > ALARM * heap.limitBytes ? heap.usedBytes : undefined,
      stallShare: observation.memory.stallShare,
      gcShare: heap.majorShare,
      isFresh: this.#isFresh(budget.name, heap, now),
      highWater: Math.min(this.#highWater, thresholds.memoryThreshold),
    }));
  }

  propose(signal: GovernorSignal): Proposal<BudgetChange> {
    return govern(signal);
  }

  apply({ target, toBytes }: BudgetChange): void {
    this.#set(target, toBytes);
  }

  settingOf({ toBytes }: BudgetChange): number {
    return toBytes;
  }

  /**
   * A shrink is judged by the live set at the next major collection, and by what it costs. Growth that leads above the
   * mark is undone; so is less memory that neither made collections rarer nor was free.
   */
  evaluate(change: BudgetChange, look: Look): Evaluation | undefined {
    const steered = this.#budgets.find(change.target);
    const before = this.#before.get(change.target);
    if (steered === undefined || before === undefined) return { verdict: notMeasured('the budget is gone') };
    if (change.kind !== 'grow') this.#noteFreed(before, steered);
    else if (look.now - before.at < GROWTH_TRIAL_MS && this.#isAboveMark(change.target, look)) {
      const explanation = `growing to ${asMb(change.toBytes)} led above the high-water mark`;
      return { verdict: notMeasured(explanation), rollBack: { reason: 'pressure', explanation } };
    }
    const cost = evaluateCost(steered, before.trial);
    if (cost === undefined) return undefined;
    const verdict = withFreed(cost.verdict, before);
    const isUndone = cost.rollBack !== undefined && change.kind === 'trim' && !this.#isRelieved(before);
    return isUndone ? { ...cost, verdict } : { verdict };
  }

  /** What the memory did is known early, what it cost only after some windows. */
  conclude({ target }: BudgetChange): Verdict {
    const before = this.#before.get(target);
    const verdict = notMeasured(CHANGED_AGAIN);
    return before === undefined ? verdict : withFreed(verdict, before);
  }

  rollback({ target, fromBytes }: BudgetChange): number {
    this.#set(target, fromBytes);
    return fromBytes;
  }

  #set(target: string, bytes: number): void {
    const steered = this.#budgets.find(target);
    if (steered === undefined) return;
    const { majors, liveBytes, majorShare } = this.#heap.read();
    this.#before.set(target, {
      at: this.#clock.now(),
      majors,
      liveBytes,
      gcShare: majorShare,
      trial: steered.traffic.startTrial(),
      freedBytes: undefined,
    });
    steered.budget.setMaxBytes(bytes);
  }

  /** Where nobody watches the heap, time has to do. */
  #isFresh(target: string, { majors, usedBytes, limitBytes }: HeapState, now: number): boolean {
    const before = this.#before.get(target);
    if (before === undefined) return true;
    const age = now - before.at;
    if (majors === undefined || before.majors === undefined) return age >= 1000 * WINDOW_SECONDS;
    if (majors > before.majors) return true;
    return usedBytes > ALARM * limitBytes && age >= ALARM_PATIENCE_MS;
  }

  #noteFreed(before: Before, { budget }: SteeredBudget): void {
    const { majors, liveBytes } = this.#heap.read();
    const isNew = majors !== undefined && before.majors !== undefined && majors > before.majors;
    const isDone = budget.bytes <= budget.maxBytes;
    if (before.freedBytes !== undefined || !isNew || !isDone) return;
    if (before.liveBytes !== undefined && liveBytes !== undefined)
      before.freedBytes = before.liveBytes - liveBytes;
  }

  #isAboveMark(target: string, look: Look): boolean {
    const signal = this.observe(look).find((known) => known.target === target);
    if (signal === undefined || !signal.isFresh) return false;
    return signal.pressures.some(({ source, share }) => source === 'heap' && share > signal.highWater);
  }

  #isRelieved({ gcShare }: Before): boolean {
    const { majorShare } = this.#heap.read();
    if (gcShare === undefined || majorShare === undefined) return true;
    return majorShare < GC_RELIEF * gcShare;
  }
}

function withFreed(verdict: Verdict, { freedBytes, liveBytes }: Before): Verdict {
  if (freedBytes === undefined || liveBytes === undefined) return verdict;
  const now = `the live heap went from ${asMb(liveBytes)} to ${asMb(liveBytes - freedBytes)}`;
  const freedShare = freedBytes / liveBytes;
  return { ...verdict, freedBytes, freedShare, explanation: `${now}; ${verdict.explanation}` };
}
