import type { WHAT_IF_SIZES } from '../../telemetry/optimizer-catalogue.js';
import { asMb, asMs } from '../figures.js';
import { missCostIn, sizeOf, type SteerableBudget, type SteeredCache } from './steerable-budget.js';

/** Memory that is asked about, beside what there is. */
export type WhatIfSize = (typeof WHAT_IF_SIZES)[number];

/** What a cache would do with other memory. */
export interface WhatIfPoint {
  readonly size: WhatIfSize;
  readonly bytes: number;
  /** Of late, for a cache that drops what was used least recently: 0 to 1. */
  readonly hitRatio: number;
  /** Seconds of loading for each lookup; `undefined` while nobody measured a load. */
  readonly missCost: number | undefined;
}

/** What one cache of a budget would do with other memory. */
export interface CacheWhatIf {
  readonly name: string;
  readonly points: readonly WhatIfPoint[];
}

/** What all caches of a budget together would cost with more or less of it, each with its share of today. */
export interface BudgetWhatIf {
  readonly name: string;
  readonly maxBytes: number;
  readonly caches: readonly CacheWhatIf[];
  readonly total: readonly {
    readonly size: WhatIfSize;
    readonly bytes: number;
    /** Seconds of loading for each lookup, over all caches. */
    readonly missCost: number | undefined;
  }[];
  /** In sentences. */
  readonly advice: readonly string[];
}

const FACTORS: Readonly<Record<WhatIfSize, number>> = {
  quarter: 0.25,
  half: 0.5,
  same: 1,
  double: 2,
  fourfold: 4,
};
export const SIZES = Object.keys(FACTORS) as readonly WhatIfSize[];
/** Fewer lookups say nothing about a cache. */
const MIN_LOOKUPS = 1000;

/** By the curves of the caches: nothing is changed, and some microseconds are spent. */
export function whatIf(budget: SteerableBudget): BudgetWhatIf {
  const { name, maxBytes, bytes, shares } = budget;
  const caches = shares.flatMap(cacheWhatIf);
  const total = SIZES.map((size) => {
    const missCost = costPerLookup(shares, FACTORS[size]);
    return { size, bytes: Math.round(FACTORS[size] * bytes), missCost };
  });
  return { name, maxBytes, caches, total, advice: adviceFrom(budget) };
}

/**
 * What a lookup costs in the mean, over all caches, if they had so many times the memory of today. `undefined` where
 * nothing is known: no curve, no load measured, or too few lookups.
 */
export function costPerLookup(shares: readonly SteeredCache[], factor: number): number | undefined {
  const known = shares.filter(isKnown);
  const isMeasured = known.some(({ missSeconds }) => missSeconds !== undefined);
  if (known.length === 0 || !isMeasured) return undefined;
  const missCostOf = missCostIn(known);
  const lookups = known.reduce((sum, cache) => sum + cache.lookups, 0);
  const seconds = known.reduce(
    (sum, cache) => sum + cache.lookups * (1 - hitRatioAt(cache, factor)) * missCostOf(cache),
    0,
  );
  return seconds / lookups;
}

function cacheWhatIf(cache: SteeredCache): CacheWhatIf[] {
  if (!isKnown(cache)) return [];
  const points = SIZES.map((size) => {
    const hitRatio = hitRatioAt(cache, FACTORS[size]);
    const { missSeconds } = cache;
    return {
      size,
      bytes: Math.round(FACTORS[size] * cache.bytes),
      hitRatio,
      missCost: missSeconds === undefined ? undefined : (1 - hitRatio) * missSeconds,
    };
  });
  return [{ name: cache.name, points }];
}

function isKnown({ curve, lookups }: SteeredCache): boolean {
  return curve !== undefined && lookups >= MIN_LOOKUPS;
}

/** A pinned cache keeps what it has, whatever the budget is. */
function hitRatioAt(cache: SteeredCache, factor: number): number {
  return cache.curve!.hitRatioAt((cache.isPinned ? 1 : factor) * sizeOf(cache));
}

function adviceFrom({ bytes, shares }: SteerableBudget): string[] {
  const costs = [0.5, 1, 2].map((factor) => costPerLookup(shares, factor));
  const [half, same, double] = costs;
  if (half === undefined || same === undefined || double === undefined) return [];
  return [
    `Half the memory (${asMb(bytes / 2)}) would cost ${signed(half - same)} for each lookup, by the curves`,
    `Twice the memory (${asMb(2 * bytes)}) would cost ${signed(double - same)} for each lookup, by the curves`,
  ];
}

function signed(seconds: number): string {
  return `${seconds < 0 ? '-' : '+'}${asMs(Math.abs(seconds))}`;
}
