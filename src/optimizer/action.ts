import type { ActionMode, ActionName, Numbers, OptimizedResource, Reason } from './decision.js';
import type { Observation } from './observation.js';
import type { Verdict } from './verdict.js';

/** Pressure from which something is done, 0 to 1. */
export interface Thresholds {
  readonly memoryThreshold: number;
  readonly cpuThreshold: number;
}

/** What all actions of one pass look at. */
export interface Look {
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
  readonly observation: Observation;
  readonly thresholds: Thresholds;
  /** Time between two passes. */
  readonly intervalSeconds: number;
}

/** What one look at one target leads to. */
export interface Proposal<Change = never> {
  readonly target: string;
  readonly reason: Reason;
  readonly explanation: string;
  readonly numbers: Numbers;
  readonly recommendation?: string;
  /** Absent: it stays as it is. */
  readonly change?: Change;
  /** It cannot wait for the cooldown. */
  readonly isUrgent?: boolean;
  /** Of the change on the cost of misses: -0.05 is 5 % less. Absent: nobody can tell. */
  readonly predictedEffect?: number;
  /** What the target is set to now, where others set it. */
  readonly setting?: number;
}

export interface Evaluation {
  readonly verdict: Verdict;
  /** Present: the change is undone, for this reason. */
  readonly rollBack?: { readonly reason: Reason; readonly explanation: string };
}

/**
 * Something the optimizer can do, or advise. Looking (`observe`) is kept apart from deciding (`propose`: pure, the same
 * signal gives the same proposal) and from acting.
 */
export interface OptimizerAction<Signal = unknown, Change = never> {
  readonly name: ActionName;
  readonly resource: OptimizedResource;
  readonly mode: ActionMode;
  /** A target is left alone for so long after a change. Default: the time between two passes. */
  readonly windowSeconds?: number;
  /** Whether a change waits until the one before has its verdict. @default true */
  readonly waitsForVerdict?: boolean;
  /** One signal for each target. */
  observe(look: Look): readonly Signal[];
  propose(signal: Signal): Proposal<Change>;
  /** Makes the change, and tells what came of it at once. Absent: it only advises. */
  apply?(change: Change, look: Look): void | Numbers | Promise<Numbers>;
  /** The value the change has set, where it is one number. */
  settingOf?(change: Change): number;
  /** Asked at each look after a change, until it answers. Absent: nothing is measured. */
  evaluate?(change: Change, look: Look): Evaluation | undefined;
  /** What can be said of a change that is followed by another one before it was evaluated. Default: not measured. */
  conclude?(change: Change): Verdict;
  /** Undoes the change; returns the value that is set again, where it is one number. */
  rollback?(change: Change, look: Look): number | void;
}
