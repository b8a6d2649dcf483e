import { LRUCache } from 'lru-cache';
import { checkPositiveInteger, checkText, withDefaults } from '../checks.js';
import { systemClock, type Clock } from '../clock.js';
import { toBytes, toSeconds, type ByteSize, type Duration } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { estimateBytes } from './estimate-bytes.js';
import { reportLookups, reportTier, type LookupCounters } from './tier-metrics.js';
import {
  statsOf,
  type CacheTier,
  type EntryToKeep,
  type TierCounts,
  type TierEntry,
  type TierStats,
} from './tier.js';

export interface MemoryCacheOptions {
  /** Entries it may hold; the least recently used leave first. More than 0. @default 1000 */
  readonly maxSize?: number;
  /** Bytes its values may hold, by estimate; measuring each value costs time on `set`. Default: no such limit. */
  readonly maxBytes?: ByteSize;
  /** Lifetime of entries that are set without one. Default: they do not expire. */
  readonly defaultTtl?: Duration;
  /**
   * Reports lookups, entries and evictions under this name. A cache inside a CacheManager is reported by the manager,
   * named or not.
   */
  readonly name?: string;
  readonly clock?: Clock;
}

/** For one `set`. */
export interface SetOptions {
  /** Lifetime of this entry instead of the default. */
  readonly ttl?: Duration;
}

/** Anything but `undefined`. The types of lru-cache leave out `null`, its code does not. */
type Stored = string | number | boolean | bigint | symbol | object;

const MEMORY_DEFAULTS = { maxSize: 1000, clock: systemClock } as const;
const SAMPLED_ENTRIES = 100;

/**
 * Keeps values in this process, at most `maxSize` of them, on lru-cache. Values are kept by reference: change one and
 * the cached one has changed. Calls answer at once; JavaScript runs them one after another, so nothing needs a lock.
 */
export class MemoryCache implements CacheTier {
  readonly kind = 'memory';
  readonly traits = { answersAtOnce: true, canFail: false, isShared: false } as const;
  readonly #clock: Clock;
  readonly #maxBytes: number | undefined;
  readonly #defaultTtlMs: number | undefined;
  #store: LRUCache<string, Stored>;
  #counters: LookupCounters | undefined;
  #stopReporting: (() => void) | undefined;
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  #expirations = 0;

  constructor(options?: MemoryCacheOptions) {
    const known = ['maxSize', 'maxBytes', 'defaultTtl', 'name', 'clock'] as const;
    const { maxSize, maxBytes, defaultTtl, name, clock } = withDefaults(
      'MemoryCache',
      MEMORY_DEFAULTS,
      options,
      known,
    );
    checkPositiveInteger('maxSize', maxSize);
    this.#clock = clock;
    this.#maxBytes = maxBytes === undefined ? undefined : toBytes('maxBytes', maxBytes);
    const ttl =
      defaultTtl === undefined ? Infinity : toSeconds('defaultTtl', defaultTtl, { allowInfinity: true });
    this.#defaultTtlMs = toMilliseconds(ttl);
    this.#store = this.#makeStore(maxSize);
    if (name === undefined) return;
    this.#counters = reportLookups(checkText('name', name), this.kind);
    this.#stopReporting = reportTier(name, this);
  }

  /** The value, or `undefined` when it is not here or its time is over. */
  get<T = unknown>(key: string): T | undefined {
    const value = this.#store.get(key);
    if (value === undefined) {
      this.#misses += 1;
      this.#counters?.miss.add(1);
      return undefined;
    }
    this.#hits += 1;
    this.#counters?.hit.add(1);
    return value as T;
  }

  /** Keeps a value. `undefined` means "nothing": it deletes the entry. */
  set(key: string, value: unknown, options?: SetOptions): void {
    checkKey(key);
    const ttl = options?.ttl;
    const ttlMs =
      ttl === undefined ? this.#defaultTtlMs : toMilliseconds(toSeconds('ttl', ttl, { allowInfinity: true }));
    this.#put(key, value, ttlMs);
  }

  /** True when a `get` would find something; counts nothing and leaves the order of use as it is. */
  has(key: string): boolean {
    return this.#store.has(key);
  }

  delete(key: string): boolean {
    return this.#store.delete(key);
  }

  clear(): void {
    this.#store.clear();
  }

  /** Keys of the entries whose time is not over, the most recently used first. */
  keys(): string[] {
    return [...this.#store.keys()];
  }

  get size(): number {
    return this.#store.size;
  }

  get maxSize(): number {
    return this.#store.max;
  }

  /** Changes how many entries it may hold; the least recently used leave when it shrinks. Takes time by its size. */
  resize(maxSize: number): void {
    checkPositiveInteger('maxSize', maxSize);
    const before = this.#store;
    this.#store = this.#makeStore(maxSize);
    // lru-cache cannot change its bounds. Oldest first, so that the order of use survives.
    for (const [key, value] of [...before.entries()].toReversed()) {
      const left = before.getRemainingTTL(key);
      this.#put(key, value, left === Infinity ? undefined : Math.max(1, Math.round(left)));
    }
  }

  getEntry(key: string): TierEntry | undefined {
    const value = this.get(key);
    return value === undefined
      ? undefined
      : { value, ttl: this.#store.getRemainingTTL(key) / 1000, grace: 0 };
  }

  setEntry(key: string, { value, ttl }: EntryToKeep): void {
    this.#put(key, value, ttl === undefined ? this.#defaultTtlMs : toMilliseconds(ttl));
  }

  counts(): TierCounts {
    return {
      hits: this.#hits,
      misses: this.#misses,
      size: this.#store.size,
      maxSize: this.#store.max,
      evictions: this.#evictions,
      expirations: this.#expirations,
    };
  }

  stats(): TierStats {
    const memoryUsage = this.#maxBytes === undefined ? this.#estimatedBytes() : this.#store.calculatedSize;
    return statsOf(this.counts(), memoryUsage);
  }

  /** Leaves reporting to the cache manager it now belongs to. */
  leaveReporting(): void {
    this.#stopReporting?.();
    this.#counters = undefined;
  }

  #put(key: string, value: unknown, ttlMs: number | undefined): void {
    if (value === undefined) this.#store.delete(key);
    else this.#store.set(key, value as Stored, ttlMs === undefined ? { ttl: 0 } : { ttl: ttlMs });
  }

  #makeStore(maxSize: number): LRUCache<string, Stored> {
    const clock = this.#clock;
    const bounded =
      this.#maxBytes === undefined
        ? {}
        : {
            maxSize: this.#maxBytes,
            sizeCalculation: (value: unknown, key: string) =>
              Math.max(1, estimateBytes(value) + estimateBytes(key)),
          };
    return new LRUCache({
      max: maxSize,
      ...bounded,
      ttl: this.#defaultTtlMs ?? 0,
      perf: { now: () => clock.now() },
      // lru-cache reads its clock at most once a millisecond, by a real timer: right only for the real clock.
      ttlResolution: clock === systemClock ? 1 : 0,
      dispose: (_value, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
        else if (reason === 'expire') this.#expirations += 1;
      },
    });
  }

  /** From a sample: looking at every value would take as long as there are values. */
  #estimatedBytes(): number {
    let [bytes, sampled] = [0, 0];
    for (const [key, value] of this.#store.entries()) {
      bytes += estimateBytes(key) + estimateBytes(value);
      sampled += 1;
      if (sampled === SAMPLED_ENTRIES) break;
    }
    return sampled === 0 ? 0 : Math.round((bytes / sampled) * this.#store.size);
  }
}

export function checkKey(key: unknown): string {
  if (typeof key !== 'string') throw new InvalidOptionError('cache key', 'a text', key);
  return key;
}

/** lru-cache counts in whole milliseconds; 0 would mean "for ever". */
function toMilliseconds(seconds: number): number | undefined {
  return Number.isFinite(seconds) ? Math.max(1, Math.round(seconds * 1000)) : undefined;
}
