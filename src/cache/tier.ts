import { InvalidOptionError } from '../errors.js';

/** Which kind of storage a tier is; also the value of the attribute `perf.cache.tier`. */
export type TierKind = 'memory' | 'persistent' | 'redis' | 'custom';

/** What a tier can and cannot do; nobody asks for its class. */
export interface TierTraits {
  /** Its answers come without a promise. */
  readonly answersAtOnce: boolean;
  /** It may fail or hang: disk, network. */
  readonly canFail: boolean;
  /** Other processes see the same entries. */
  readonly isShared: boolean;
}

export interface TierEntry {
  /** Never `undefined`; `null` is a value. */
  readonly value: unknown;
  /** Seconds the entry has left; `Infinity` when it does not expire. */
  readonly ttl: number;
}

/** What a tier counted; costs nothing to ask. */
export interface TierCounts {
  readonly hits: number;
  readonly misses: number;
  /** Entries held; `undefined` where counting them would take its time. */
  readonly size: number | undefined;
  /** Entries the tier may hold; `Infinity` without a limit. */
  readonly maxSize: number;
  /** Entries that left to make room. */
  readonly evictions: number;
  /** Entries found to be over their time. */
  readonly expirations: number;
}

export interface TierStats extends TierCounts {
  readonly totalRequests: number;
  /** Hits divided by requests, 0 without requests. */
  readonly hitRatio: number;
  /** Bytes of this process' memory in use, estimated. */
  readonly memoryUsage: number;
}

type Awaitable<T> = T | Promise<T>;

/** What a cache manager needs of a storage. `undefined` means "not here"; a failure throws or rejects. */
export interface CacheTier {
  readonly kind: TierKind;
  readonly traits: TierTraits;
  getEntry(key: string): Awaitable<TierEntry | undefined>;
  /** Keeps a value for so many seconds; `Infinity` for ever, `undefined` for as long as the tier does by default. */
  setEntry(key: string, value: unknown, ttl: number | undefined): Awaitable<void>;
  /** True when there was something to delete. */
  delete(key: string): Awaitable<boolean>;
  clear(): Awaitable<void>;
  counts(): TierCounts;
  stats(): TierStats;
  close?(): Awaitable<void>;
}

export function statsOf(counts: TierCounts, memoryUsage: number): TierStats {
  const totalRequests = counts.hits + counts.misses;
  return {
    ...counts,
    totalRequests,
    hitRatio: totalRequests === 0 ? 0 : counts.hits / totalRequests,
    memoryUsage,
  };
}

const TIER_METHODS = ['getEntry', 'setEntry', 'delete', 'clear', 'counts', 'stats'] as const;

/** @throws {InvalidOptionError} for something that has not all methods of a tier. */
export function checkTier(option: string, tier: unknown): void {
  const isTier =
    typeof tier === 'object' &&
    tier !== null &&
    TIER_METHODS.every((method) => typeof (tier as Record<string, unknown>)[method] === 'function');
  if (!isTier) throw new InvalidOptionError(option, 'a cache tier', tier);
}
