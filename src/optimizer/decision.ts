import type {
  OPTIMIZER_ACTIONS,
  OPTIMIZER_OUTCOMES,
  OPTIMIZER_REASONS,
} from '../telemetry/optimizer-catalogue.js';
import type { Verdict } from './verdict.js';

/** What a pass was about. */
export type OptimizedResource = 'memory' | 'cpu' | 'cache';

/** What the optimizer decides about: see docs/optimizer.md. */
export type ActionName = (typeof OPTIMIZER_ACTIONS)[number];

/** `off`: it does not look. `advise`: it says what it would do. `auto`: it does it. */
export type ActionMode = 'off' | 'advise' | 'auto';

export const ACTION_MODES: readonly ActionMode[] = ['off', 'advise', 'auto'];

/** For what the optimizer cannot, or must not, change by itself. */
export type AdviceMode = Exclude<ActionMode, 'auto'>;

export const ADVICE_MODES: readonly AdviceMode[] = ['off', 'advise'];

/**
 * `applied`: changed. `advised`: somebody should. `held`: left alone. `rolled_back`: an earlier change was undone.
 */
export type Outcome = (typeof OPTIMIZER_OUTCOMES)[number];

/** Why an action acted, advised or held. */
export type Reason = (typeof OPTIMIZER_REASONS)[number];

/** What a decision rests on, by name; the unit closes the name. */
export type Numbers = Readonly<Record<string, number>>;

/** What was decided about a target, and why. To leave it alone is a decision too. */
export interface Decision {
  readonly action: ActionName;
  readonly resource: OptimizedResource;
  /** What it is about: the name of a budget, a cache, a limiter or a shedder, or `process`. */
  readonly target: string;
  readonly outcome: Outcome;
  readonly reason: Reason;
  /** The reason for people, with the numbers that decided. */
  readonly explanation: string;
  readonly numbers: Numbers;
  /** What to do, where there is something to do by hand. */
  readonly recommendation?: string;
}

export interface MadeDecision extends Decision {
  /** Names this decision in logs; its verdict carries it too. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly time: number;
}

/** What became of an applied decision, some windows later. */
export interface MadeVerdict extends Verdict {
  /** Of the decision. */
  readonly id: string;
  readonly action: ActionName;
  readonly resource: OptimizedResource;
  readonly target: string;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Hears of each decision and verdict when it is made. What it throws is said once and changes nothing. */
export interface DecisionListener {
  onDecision?(decision: MadeDecision): void;
  onVerdict?(verdict: MadeVerdict): void;
}

/** The target of what concerns the process as a whole. */
export const PROCESS = 'process';
