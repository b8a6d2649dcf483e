import type { Cancel } from '../clock.js';
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

/** For each tag of an entry the tag's version from before its value was loaded. Versions are compared, never ordered. */
export type TagVersions = Readonly<Record<string, string>>;

interface EntryBase {
  /** Never `undefined`; `null` is a value. */
  readonly value: unknown;
  /** Seconds after the end of its freshness in which the entry may still be served, stale. 0: not at all. */
  readonly grace: number;
  readonly tags?: TagVersions | undefined;
  /** Seconds it took to load the value; decides how early it is worth refreshing. */
  readonly loadSeconds?: number | undefined;
}

/** An entry as a tier finds it. */
export interface TierEntry extends EntryBase {
  /** Seconds of freshness left, negative once it is stale; `Infinity` when it does not expire. */
  readonly ttl: number;
}

/** An entry to be kept: for `ttl` seconds fresh and `grace` seconds more. */
export interface EntryToKeep extends EntryBase {
  /** Absent: for as long as the tier keeps entries by default. */
  readonly ttl?: number | undefined;
}

/** What a tier counted; costs nothing to ask. */
export interface TierCounts {
  readonly hits: number;
  readonly misses: number;
  /** Entries held; `undefined` where counting them would take its time. */
  readonly size: number | undefined;
  /** Entries the tier may hold; `Infinity` without a limit. */
  readonly maxSize: number;
  /** Bytes the tier may take. Absent without a limit. */
  readonly maxBytes?: number | undefined;
  /** Entries that left to make room. */
  readonly evictions: number;
  /** Of these, entries that left a budget other caches share. Absent without one. */
  readonly budgetEvictions?: number | undefined;
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

export type Awaitable<T> = T | Promise<T>;

/**
 * Versions of tags, where they outlive the process or are shared. To invalidate a tag is one write, whatever the number
 * of entries: they carry the version they were loaded under.
 */
export interface TagStore {
  /** The versions in force, in the order asked; the empty text for a tag that was never invalidated. */
  readVersions(tags: readonly string[]): Awaitable<readonly string[]>;
  /** Gives each tag a version it never had, and tells them in the order asked. */
  invalidate(tags: readonly string[]): Awaitable<readonly string[]>;
}

/** What somebody else changed in a shared tier. */
export type TierChange =
  | { readonly keys: readonly string[] }
  | { readonly tags: readonly string[] }
  /** Everything may have changed: entries were cleared, or messages about changes were missed. */
  | 'everything';

/** The right to load a key alone, among all processes that share the tier. */
export interface TierLock {
  release(): Awaitable<void>;
}

/** What a cache manager needs of a storage. `undefined` means "not here"; a failure throws or rejects. */
export interface CacheTier {
  readonly kind: TierKind;
  readonly traits: TierTraits;
  /** Entries that are over, grace included, are not here. */
  getEntry(key: string): Awaitable<TierEntry | undefined>;
  /** Several at once, where that is cheaper than one by one. Keys that are not here are left out. */
  getEntries?(keys: readonly string[]): Awaitable<ReadonlyMap<string, TierEntry>>;
  /** @throws when the tier cannot carry the value; the entry it had stays. */
  setEntry(key: string, entry: EntryToKeep): Awaitable<void>;
  setEntries?(entries: ReadonlyMap<string, EntryToKeep>): Awaitable<void>;
  /** True when there was something to delete. */
  delete(key: string): Awaitable<boolean>;
  deleteMany?(keys: readonly string[]): Awaitable<number>;
  clear(): Awaitable<void>;
  counts(): TierCounts;
  stats(): TierStats;
  /** Bytes of this process' memory in use, by estimate. Asked at each collection, so it must cost next to nothing. */
  usage?(): number;
  /** Told once by the cache manager that takes it: its name, for metrics. */
  belongTo?(cacheName: string): void;
  close?(): Awaitable<void>;
  /** Where versions of tags are kept, if the tier can. */
  readonly tagStore?: TagStore;
  /** Tells what others changed, for as long as it is not cancelled. */
  onChange?(listener: (change: TierChange) => void): Cancel;
  /** The lock, or `undefined` while somebody else has it. It ends by itself after `seconds`. */
  lock?(key: string, seconds: number): Awaitable<TierLock | undefined>;
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
