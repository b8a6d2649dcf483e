import type { Evaluation, OptimizerAction, Proposal } from '../action.js';
import type { Reason } from '../decision.js';
import { asMb, asMs, asPercent } from '../figures.js';
import { CHANGED_AGAIN, notMeasured, type Verdict } from '../verdict.js';
import { SharesTrial } from './shares-trial.js';
import { missCostIn, sizeOf, type SteerableBudget, type SteeredCache } from './steerable-budget.js';
import type { SteeredBudgets } from './steered-budgets.js';

/** One cache of a budget, as it was when its share was last told, and now. Shares from 0 to 1. */
export interface CacheMove {
  readonly name: string;
  /** Of what all caches of the budget hold. */
  readonly fromShare: number;
  readonly toShare: number;
  /** Of the lookups of all caches of the budget, in the time before and since. */
  readonly fromLookups: number;
  readonly toLookups: number;
  /** What a miss costs; `undefined` while nobody measured one. */
  readonly fromMissSeconds: number | undefined;
  readonly toMissSeconds: number | undefined;
}

export interface SharesSignal {
  readonly target: string;
  /** In use by all its caches. */
  readonly bytes: number;
  /** Nobody has to give anything up in a budget that is not. */
  readonly isFull: boolean;
  readonly moves: readonly CacheMove[];
  /** What a lookup costs with the shares of before and with those of now, by the curves; `undefined` without them. */
  readonly costs: { readonly before: number; readonly now: number } | undefined;
}

export interface SharesChange {
  readonly target: string;
}

/** What was so when it was last told. */
interface Told {
  readonly shares: ReadonlyMap<string, number>;
  readonly lookups: ReadonlyMap<string, number>;
  readonly lookupShares: ReadonlyMap<string, number>;
  readonly missSeconds: ReadonlyMap<string, number | undefined>;
}

/** Of the memory in use: less than this moves all the time. */
const MOVED = 0.05;
const FULL = 0.9;
/** How much more a miss must cost, or be asked for, to be the reason. */
const NOTABLE = 1.15;

/**
 * Tells when memory has moved between the caches of a budget, and why. The budget moves it with every entry that leaves,
 * by what misses cost; nothing is changed from here.
 */
export class SharesAction implements OptimizerAction<SharesSignal, SharesChange> {
  readonly name = 'cache_shares';
  readonly resource = 'cache';
  readonly mode = 'auto';
  readonly waitsForVerdict = false;
  readonly #budgets: SteeredBudgets;
  readonly #told = new WeakMap<SteerableBudget, Told>();
  readonly #trials = new WeakMap<SharesChange, SharesTrial>();

  constructor(budgets: SteeredBudgets) {
    this.#budgets = budgets;
  }

  /** The first time a budget is full is what later times are compared with. */
  observe(): SharesSignal[] {
    const shared = this.#budgets.all.filter(({ budget }) => budget.shares.length > 1);
    return shared.map(({ budget }) => {
      const isFull = budget.bytes >= FULL * budget.maxBytes;
      if (isFull && !this.#told.has(budget)) this.#told.set(budget, toldOf(budget, undefined));
      const told = this.#told.get(budget);
      return {
        target: budget.name,
        bytes: budget.bytes,
        isFull,
        moves: told === undefined ? [] : movesOf(budget, told),
        costs: told === undefined ? undefined : costsOf(budget, told),
      };
    });
  }

  propose(signal: SharesSignal): Proposal<SharesChange> {
    return tellShares(signal);
  }

  /** The budget has done it: what is left is to know that it has been said, and to look what comes of it. */
  apply(change: SharesChange): void {
    const budget = this.#budgets.find(change.target)?.budget;
    if (budget === undefined) return;
    const before = this.#told.get(budget);
    this.#told.set(budget, toldOf(budget, before));
    const hasCurves = budget.shares.every(({ curve }) => curve !== undefined);
    if (before !== undefined && hasCurves) this.#trials.set(change, new SharesTrial(budget, before.shares));
  }

  /** The old shares are the model's: there is nothing to go back to. */
  evaluate(change: SharesChange): Evaluation | undefined {
    const trial = this.#trials.get(change);
    if (trial === undefined) return { verdict: notMeasured('not all caches of the budget have a curve') };
    trial.look();
    return trial.isComplete ? { verdict: trial.verdict() } : undefined;
  }

  conclude(change: SharesChange): Verdict {
    return this.#trials.get(change)?.verdict() ?? notMeasured(CHANGED_AGAIN);
  }
}

/** Pure. */
export function tellShares({ target, bytes, isFull, moves, costs }: SharesSignal): Proposal<SharesChange> {
  const numbers = Object.fromEntries(
    moves.map(({ name, toShare }) => [`${name}.bytes`, Math.round(toShare * bytes)]),
  );
  const rest = { target, numbers };
  if (!isFull) {
    const explanation = `budget "${target}" is not full: no cache has to give anything up`;
    return { ...rest, reason: 'room', explanation };
  }
  const [most] = moves.toSorted((a, b) => gainOf(b) - gainOf(a));
  if (most === undefined || gainOf(most) < MOVED) {
    const explanation = `no cache has won ${asPercent(MOVED)} of budget "${target}" since that was last told`;
    return { ...rest, reason: 'balanced', explanation };
  }
  const [least] = moves.toSorted((a, b) => gainOf(a) - gainOf(b));
  const [reason, why] = reasonFor(most, least!);
  const effect = costs === undefined ? undefined : costs.now / costs.before - 1;
  const explanation =
    `"${most.name}" has ${asMb(most.toShare * bytes)} instead of ${asMb(most.fromShare * bytes)}, ` +
    `taken from ${losersOf(moves, bytes)}: ${why}${effect === undefined ? '' : `; ${effectText(effect)}`}`;
  const change = { target };
  return { ...rest, reason, explanation, change, ...(effect !== undefined && { predictedEffect: effect }) };
}

function gainOf({ fromShare, toShare }: CacheMove): number {
  return toShare - fromShare;
}

function reasonFor(winner: CacheMove, loser: CacheMove): [Reason, string] {
  const { fromLookups, toLookups } = winner;
  if (costGrowth(winner) > NOTABLE) return ['costs_more', `a miss of it costs ${missText(winner)}`];
  if (costGrowth(loser) < 1 / NOTABLE)
    return ['costs_less', `a miss of "${loser.name}" costs ${missText(loser)}`];
  if (toLookups > NOTABLE * fromLookups)
    return [
      'asked_more',
      `${asPercent(toLookups)} of the lookups are for it, ${asPercent(fromLookups)} before`,
    ];
  return ['worth_more', 'for their size its entries save more than those that left'];
}

/** How many times what it was before a miss costs; 1 where nobody measured it. */
function costGrowth({ fromMissSeconds, toMissSeconds }: CacheMove): number {
  return fromMissSeconds && toMissSeconds !== undefined ? toMissSeconds / fromMissSeconds : 1;
}

function missText({ fromMissSeconds = 0, toMissSeconds = 0 }: CacheMove): string {
  return `${asMs(toMissSeconds)} now, ${asMs(fromMissSeconds)} before`;
}

function losersOf(moves: readonly CacheMove[], bytes: number): string {
  const losers = moves.filter((move) => gainOf(move) < 0).toSorted((a, b) => gainOf(a) - gainOf(b));
  return losers.map((move) => `"${move.name}" (${asMb(-gainOf(move) * bytes)})`).join(', ');
}

function effectText(effect: number): string {
  const direction = effect < 0 ? 'less' : 'more';
  return `by the curves misses cost ${asPercent(Math.abs(effect))} ${direction} than with the shares of before`;
}

function toldOf({ shares }: SteerableBudget, before: Told | undefined): Told {
  return {
    shares: shareOf(shares, ({ bytes }) => bytes),
    lookups: new Map(shares.map(({ name, lookups }) => [name, lookups])),
    lookupShares: shareOf(shares, ({ name, lookups }) => lookups - (before?.lookups.get(name) ?? 0)),
    missSeconds: new Map(shares.map(({ name, missSeconds }) => [name, missSeconds])),
  };
}

function movesOf({ shares }: SteerableBudget, told: Told): CacheMove[] {
  const now = shareOf(shares, ({ bytes }) => bytes);
  const lookups = shareOf(shares, (cache) => cache.lookups - (told.lookups.get(cache.name) ?? 0));
  return shares.map(({ name, missSeconds }) => ({
    name,
    fromShare: told.shares.get(name) ?? 0,
    toShare: now.get(name)!,
    fromLookups: told.lookupShares.get(name) ?? 0,
    toLookups: lookups.get(name)!,
    fromMissSeconds: told.missSeconds.get(name),
    toMissSeconds: missSeconds,
  }));
}

function shareOf(
  caches: readonly SteeredCache[],
  amount: (cache: SteeredCache) => number,
): Map<string, number> {
  const all = caches.reduce((sum, cache) => sum + amount(cache), 0);
  return new Map(caches.map((cache) => [cache.name, all === 0 ? 0 : amount(cache) / all]));
}

/** On the lookups of late, all that are known with the same bytes in all. */
function costsOf({ shares, bytes }: SteerableBudget, told: Told): SharesSignal['costs'] {
  if (
    bytes === 0 ||
    shares.some(({ curve, missSeconds }) => curve === undefined || missSeconds === undefined)
  )
    return undefined;
  const missCostOf = missCostIn(shares);
  const costWith = (factorOf: (cache: SteeredCache) => number): number =>
    shares.reduce((sum, cache) => {
      const hitRatio = cache.curve!.hitRatioAt(factorOf(cache) * sizeOf(cache));
      return sum + cache.lookups * (1 - hitRatio) * missCostOf(cache);
    }, 0);
  const before = costWith((cache) =>
    cache.bytes === 0 ? 1 : ((told.shares.get(cache.name) ?? 0) * bytes) / cache.bytes,
  );
  return before === 0 ? undefined : { before, now: costWith(() => 1) };
}
