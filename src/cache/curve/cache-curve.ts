/** What sizes are counted in: bytes where the cache has a bound of bytes, entries where it has one of entries only. */
export type CurveUnit = 'bytes' | 'entries';

/** What a cache of one size would hit. */
export interface CurvePoint {
  readonly size: number;
  readonly hitRatio: number;
}

/** A moment of a curve, to ask later what happened since. */
export interface CurveMark {
  readonly lookups: number;
}

/** Lookups between a mark and now, and what caches of other sizes had made of the very same ones. */
export interface CurveWindow {
  readonly lookups: number;
  /** Predicted misses of a cache of this size. */
  missesAt(size: number): number;
}

/**
 * How often a cache would hit if it was larger or smaller, on the lookups it really gets. It is estimated from a sample
 * of the keys, for a cache that drops what was used least recently: other policies do better or worse than it says. It
 * knows sizes up to eight times what the cache holds. Where hits are many and nothing is missed that was still good, it
 * looks at one hit in six and takes the others to be like them.
 */
export interface CacheCurve {
  readonly unit: CurveUnit;
  /** Lookups it has seen. */
  readonly lookups: number;
  /** Which share of the keys is followed now, from 0 to 1. With 1 the curve is exact, to 3 % of a size. */
  readonly sampledShare: number;
  /** Bytes it takes itself; more for a while when it begins a new sample. */
  readonly byteLength: number;
  /** The hit ratio, from 0 to 1, a cache of this size would have had lately; 0 without lookups. Some microseconds. */
  hitRatioAt(size: number): number;
  /** So many points of it, at equal distances up to the size beyond which nothing more is won. */
  points(count: number): CurvePoint[];
  /** Marks this moment; costs a copy of 16 KB. */
  mark(): CurveMark;
  /** What happened since a mark of this curve. */
  since(mark: CurveMark): CurveWindow;
}
