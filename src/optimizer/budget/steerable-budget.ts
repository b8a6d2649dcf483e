/**
 * Memory that several caches share and that can be made smaller and larger while they are used: what the optimizer needs
 * to know of it. A `CacheBudget` is one.
 */
export interface SteerableBudget {
  readonly name: string;
  readonly maxBytes: number;
  /** It becomes no smaller than this. */
  readonly minBytes: number;
  /** In use, by estimate; more than `maxBytes` only while it shrinks. */
  readonly bytes: number;
  readonly shares: readonly SteeredCache[];
  /** Returns what is in force now. Entries that are too much may leave a little later, in slices. */
  setMaxBytes(maxBytes: number): number;
}

/** One of the caches of a budget. Counts only grow. */
export interface SteeredCache {
  readonly name: string;
  /** Its memory does not depend on that of the others. */
  readonly isPinned: boolean;
  readonly bytes: number;
  readonly entries: number;
  readonly lookups: number;
  readonly misses: number;
  /** What a miss cost lately; `undefined` while nobody measured one. */
  readonly missSeconds: number | undefined;
  /** `undefined`: nobody asked for it, so nothing can be predicted. */
  readonly curve: MissCurve | undefined;
}

/** Hits and misses a cache would have with other memory, on the lookups it really gets. */
export interface MissCurve {
  /** What sizes are counted in. */
  readonly unit: 'bytes' | 'entries';
  /** Which share of the keys it follows, 0 to 1: what it says is as exact as it has seen of them. */
  readonly sampledShare: number;
  /** Of late, 0 to 1. */
  hitRatioAt(size: number): number;
  /** Remembers this moment. */
  mark(): CurveMark;
  /** What happened since a mark; it stays as it is. */
  since(mark: CurveMark): PredictedTraffic;
}

export interface CurveMark {
  readonly lookups: number;
}

/** The lookups since a mark, and what caches of other sizes would have missed of them. */
export interface PredictedTraffic {
  readonly lookups: number;
  /** Misses of a cache of this size on just these lookups; of one of `Infinity` those that no size helps against. */
  missesAt(size: number): number;
}

/** What a cache takes today, in what its curve counts. */
export function sizeOf({ bytes, entries, curve }: SteeredCache): number {
  return curve?.unit === 'entries' ? entries : bytes;
}

/** What a miss weighs: measured seconds, the mean of the others where there are none, 1 where nobody knows. */
export function missCostIn(shares: readonly SteeredCache[]): (cache: SteeredCache) => number {
  const known = shares.flatMap(({ missSeconds }) => missSeconds ?? []).filter((seconds) => seconds > 0);
  const mean = known.length === 0 ? 1 : known.reduce((sum, seconds) => sum + seconds, 0) / known.length;
  return ({ missSeconds }) => missSeconds ?? mean;
}
