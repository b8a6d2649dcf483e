import type { TagMarks } from './tags.js';

/** What a kept entry stands for. */
export type Outcome = 'value' | 'undefined' | 'error';

/** An entry of the memory tier. Times are milliseconds of the monotonic clock. */
export interface MemoryEntry {
  readonly value: unknown;
  /** A loader's `undefined` and its errors are kept on request, in memory only. */
  readonly outcome: Outcome;
  readonly freshUntil: number;
  /** End of its grace: from then on it is not here. */
  readonly keptUntil: number;
  /** Length of its freshness; decides how early it is worth refreshing. */
  readonly lifetime: number;
  readonly loadMs: number;
  readonly tags: TagMarks | undefined;
  /** After a failed refresh nobody tries again before this time. */
  retryAt: number;
}
