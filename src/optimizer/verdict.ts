// Did a change help? Traffic never stands still, so a cost before and a cost after differ even when nothing was changed:
// such a comparison claims a gain every second time. Here the old setting is evaluated on the same traffic instead, by a
// model (the sampled curves of the caches). Per window that gives ln(real cost / cost the old setting would have had).
//
// The model is off by some percent, but by about the same in each window: the difference between the windows after the
// change and those before it leaves the change alone (difference in differences). A t-interval over the windows says how
// sure that is. It is asked once, after a fixed number of windows: who looks until it is significant finds something.
// Windows that are like their neighbours, as where traffic becomes another one halfway, count as fewer than they are.
//
// When it is blind. Traffic of another kind that comes at the same moment as the change looks like an effect of it, as far
// as the caches do better or worse with it than the model of them. Just after a start caches still learn what is popular,
// which the model does not: verdicts then are some percent too good.

import { studentT95 } from './student-t.js';

/** What a change turned out to do, by the same lookups before and after it. */
export type VerdictKind = 'improved' | 'worse' | 'no measurable change' | 'not measured';

/** What a change did. Percentages never come without their interval. */
export interface Verdict {
  readonly kind: VerdictKind;
  /** For people. */
  readonly explanation: string;
  /** How much less misses cost than the old setting would have cost on the same traffic; below 0: more. */
  readonly improvementPercent?: number;
  /** 95 % interval of it. */
  readonly improvementInterval?: readonly [low: number, high: number];
  /** How much smaller the live heap was at the next major collections; below 0: larger. Absent: not measured. */
  readonly freedBytes?: number;
  /** The same as a share of what the live heap was. */
  readonly freedShare?: number;
}

/** Relative change of a cost with its 95 % interval: -0.05 is 5 % less. */
export interface Effect {
  readonly change: number;
  readonly low: number;
  readonly high: number;
}

/** On each side: with fewer, the interval says nothing. */
export const MIN_WINDOWS = 3;
/** However alike neighbours are, so many windows count as independent of each other. */
const MIN_INDEPENDENT = 1.5;
const MAX_LIKENESS = 0.9;

/**
 * The effect by `ln(real / predicted for the old setting)` of windows before and after (Welch). `undefined` when there
 * are too few.
 */
export function effectOf(before: readonly number[], after: readonly number[]): Effect | undefined {
  if (before.length < MIN_WINDOWS || after.length < MIN_WINDOWS) return undefined;
  const [left, right] = [meanOf(before), meanOf(after)];
  const error = left.squaredError + right.squaredError;
  const degrees =
    error === 0
      ? before.length + after.length - 2
      : error ** 2 / (left.squaredError ** 2 / left.degrees + right.squaredError ** 2 / right.degrees);
  const difference = right.mean - left.mean;
  const reach = studentT95(degrees) * Math.sqrt(error);
  return {
    change: Math.exp(difference) - 1,
    low: Math.exp(difference - reach) - 1,
    high: Math.exp(difference + reach) - 1,
  };
}

/** Why a change that is followed by another one has no verdict. */
export const CHANGED_AGAIN = 'it was changed again before enough was measured';

export function notMeasured(explanation: string): Verdict {
  return { kind: 'not measured', explanation };
}

export function verdictOf(effect: Effect | undefined, tooFew: string): Verdict {
  if (effect === undefined) return notMeasured(tooFew);
  const improvementPercent = -100 * effect.change;
  const improvementInterval = [-100 * effect.high, -100 * effect.low] as const;
  const kind = kindOf(effect);
  const range = improvementInterval.map((end) => end.toFixed(1)).join(' to ');
  const explanation =
    kind === 'no measurable change'
      ? `misses cost the same as before the change would have (${range} % less)`
      : `misses cost ${Math.abs(improvementPercent).toFixed(1)} % ${kind === 'improved' ? 'less' : 'more'} than before the change would have (${range} % less)`;
  return { kind, explanation, improvementPercent, improvementInterval };
}

function kindOf({ low, high }: Effect): VerdictKind {
  if (high < 0) return 'improved';
  return low > 0 ? 'worse' : 'no measurable change';
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean of windows in their order, and how sure it is. */
function meanOf(values: readonly number[]): {
  readonly mean: number;
  readonly squaredError: number;
  readonly degrees: number;
} {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const products = values
    .slice(1)
    .reduce((sum, value, i) => sum + (value - centre) * (values[i]! - centre), 0);
  const likeness = squares === 0 ? 0 : Math.min(MAX_LIKENESS, Math.max(0, products / squares));
  const independent = Math.max(MIN_INDEPENDENT, (values.length * (1 - likeness)) / (1 + likeness));
  const variance = squares / (values.length - 1);
  return { mean: centre, squaredError: variance / independent, degrees: independent - 1 };
}
