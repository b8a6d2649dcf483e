import type { ByteSize } from '../../duration.js';
import type { CacheCurve } from '../curve/cache-curve.js';

/** One cache of a shared budget, as it is now. Sums count since the cache was made; to read them costs nothing. */
export interface BudgetShare {
  readonly name: string;
  /** A pinned cache loses nothing to others. */
  readonly isPinned: boolean;
  /** Bytes its entries take, by estimate. */
  readonly bytes: number;
  readonly entries: number;
  readonly lookups: number;
  readonly misses: number;
  /** Entries that left so that another one, of any cache, had room in the budget. */
  readonly evictions: number;
  /** Values that were loaded for it, and the seconds that took. */
  readonly loads: number;
  readonly loadSeconds: number;
  /** What bringing a missing entry back cost lately, in seconds; `undefined` while nobody said. */
  readonly missSeconds: number | undefined;
  /** What it would hit at other sizes, if it draws a curve. */
  readonly curve: CacheCurve | undefined;
}

/** What is needed of a budget to watch it and to change its size. */
export interface AdjustableBudget {
  readonly name: string;
  readonly maxBytes: number;
  /** `setMaxBytes` goes no lower: twice what pinned caches may hold. */
  readonly minBytes: number;
  /** Bytes in use; above `maxBytes` only while a shrink is under way. */
  readonly bytes: number;
  readonly shares: readonly BudgetShare[];
  /**
   * Changes the size and returns what is in force, which is `minBytes` at least. Growing is free. What is too much
   * leaves in slices, so that the event loop is held up for a millisecond or two at a time.
   */
  setMaxBytes(maxBytes: ByteSize): number;
}
