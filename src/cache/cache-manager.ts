import { checkFunction, checkText, withDefaults } from '../checks.js';
import { systemClock, type Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import type { DualDecorator } from '../dual-decorator.js';
import { InvalidOptionError } from '../errors.js';
import { instrumentsOf, type MeterProvider } from '../telemetry/instruments.js';
import { noticeOnce } from '../telemetry/notice.js';
import { timeCall } from '../telemetry/timer.js';
import { cachedDecorator, type CachedOptions } from './cached-function.js';
import { checkKey, MemoryCache, type SetOptions } from './memory-cache.js';
import { CacheMetrics, type TierOperation } from './cache-metrics.js';
import { checkTier, statsOf, type CacheTier, type TierStats } from './tier.js';

export interface CacheManagerOptions {
  /** The tier in this process. Default: a MemoryCache with its defaults. */
  readonly primary?: MemoryCache;
  /** A tier behind it that is larger, shared or outlives the process. Default: none. */
  readonly secondary?: CacheTier;
  /** Lifetime of entries that are set without one. Default: each tier's own. */
  readonly defaultTtl?: Duration;
  /** Value of the attribute `perf.cache.name`. @default 'default' */
  readonly name?: string;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

export interface GetOrSetOptions<T = unknown> {
  /** Lifetime of the loaded value, or a function of it. Default: that of the cache. */
  readonly ttl?: Duration | ((value: T) => Duration);
}

/** The memory tier's size and losses, the lookups of all tiers together. */
export interface CacheManagerStats extends TierStats {
  readonly name: string;
  readonly primaryHits: number;
  readonly secondaryHits: number;
  readonly primary: TierStats;
  readonly secondary?: TierStats;
}

interface Fence {
  users: number;
}

const MANAGER_DEFAULTS = { name: 'default', clock: systemClock } as const;

/**
 * A cache of one or two tiers. They are asked in order; what is found below is kept above for the time it has left.
 *
 * A tier that fails reads as a miss and is counted (`perf.cache.tier.errors`); errors of loaders pass unchanged.
 */
export class CacheManager {
  readonly name: string;
  readonly #primary: MemoryCache;
  readonly #secondary: CacheTier | undefined;
  readonly #defaultTtl: number | undefined;
  readonly #flights = new Map<string, Promise<unknown>>();
  /** Keys being read or loaded; a write in the meantime takes them out, so that an older value is not kept. */
  readonly #fences = new Map<string, Fence>();
  readonly #metrics: CacheMetrics;

  constructor(options?: CacheManagerOptions) {
    const known = ['primary', 'secondary', 'defaultTtl', 'name', 'meterProvider', 'clock'] as const;
    const given = withDefaults('CacheManager', MANAGER_DEFAULTS, options, known);
    const { secondary, meterProvider, clock } = given;
    this.name = checkText('name', given.name);
    this.#primary = given.primary ?? new MemoryCache({ clock });
    if (!(this.#primary instanceof MemoryCache))
      throw new InvalidOptionError('primary', 'a MemoryCache', given.primary);
    if (secondary !== undefined) checkTier('secondary', secondary);
    this.#secondary = secondary;
    const { defaultTtl } = given;
    this.#defaultTtl = this.#secondsOf('defaultTtl', defaultTtl);

    this.#primary.leaveReporting();
    this.#metrics = new CacheMetrics(
      this.name,
      this.#primary,
      secondary,
      instrumentsOf(meterProvider),
      clock,
    );
  }

  /** What the memory tier has, without a promise. Counted as a lookup. */
  getIfPresent<T = unknown>(key: string): T | undefined {
    const value = this.#primary.get<T>(key);
    if (value === undefined) this.#metrics.countMiss('primary');
    else this.#metrics.countPrimaryHit();
    return value;
  }

  /** The value, or `undefined` when no tier has it. */
  async get<T = unknown>(key: string): Promise<T | undefined> {
    const value = this.#primary.get<T>(key);
    if (value !== undefined) {
      this.#metrics.countPrimaryHit();
      return value;
    }
    const found = await this.#getBelow(key);
    if (found === undefined) this.#metrics.countMiss();
    return found as T | undefined;
  }

  /** Keeps a value in all tiers. `undefined` means "nothing": it deletes. */
  async set(key: string, value: unknown, options?: SetOptions): Promise<void> {
    checkKey(key);
    const ttl = this.#secondsOf('ttl', options?.ttl);
    if (value === undefined) await this.delete(key);
    else await this.#put(key, value, ttl);
  }

  /** True when a `get` would find something. Counts nothing. */
  async has(key: string): Promise<boolean> {
    if (this.#primary.has(key)) return true;
    return (await this.#guarded('get', (tier) => tier.getEntry(key))) !== undefined;
  }

  /** True when any tier had it. */
  async delete(key: string): Promise<boolean> {
    this.#fences.delete(key);
    // From the slowest tier up: a read in between must not copy the old value back.
    const wasBelow = await this.#guarded('delete', (tier) => tier.delete(key));
    const wasHere = this.#primary.delete(key);
    return wasHere || wasBelow === true;
  }

  /** Removes everything from all tiers. */
  async clear(): Promise<void> {
    this.#fences.clear();
    await this.#guarded('clear', (tier) => tier.clear());
    this.#primary.clear();
  }

  /**
   * The value, loaded by `factory` when no tier has it. Calls with the same key share one run of the factory; its error
   * goes to all of them, unchanged, and nothing is kept. A loaded `undefined` is returned and not kept. A call that
   * joins a load under way counts as a miss: it waits as long.
   */
  async getOrSet<T>(key: string, factory: () => T | Promise<T>, options?: GetOrSetOptions<T>): Promise<T> {
    const value = this.#primary.get(key);
    if (value !== undefined) {
      this.#metrics.countPrimaryHit();
      return value as T;
    }
    checkKey(key);
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      checkFunction('factory', factory);
      flight = this.#load(key, factory, options).finally(() => this.#flights.delete(key));
      this.#flights.set(key, flight);
    } else this.#metrics.countMiss();
    return flight as Promise<T>;
  }

  /** A decorator that keeps the results of functions in this cache. */
  cache(options?: CachedOptions): DualDecorator {
    return cachedDecorator(() => this, options);
  }

  stats(): CacheManagerStats {
    const primary = this.#primary.stats();
    const { primaryHits, secondaryHits, misses } = this.#metrics;
    const { size, maxSize, memoryUsage, evictions, expirations } = primary;
    const hits = primaryHits + secondaryHits;
    const own = statsOf({ hits, misses, size, maxSize, evictions, expirations }, memoryUsage);
    return {
      name: this.name,
      ...own,
      primaryHits,
      secondaryHits,
      primary,
      ...(this.#secondary && { secondary: this.#secondary.stats() }),
    };
  }

  /** Changes how many entries the memory tier may hold. */
  resize(maxSize: number): void {
    this.#primary.resize(maxSize);
  }

  /** Waits for loads under way, closes the tiers and ends reporting. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#flights.values());
    this.#metrics.stopReporting();
    await this.#secondary?.close?.();
  }

  async #load<T>(key: string, factory: () => T | Promise<T>, options?: GetOrSetOptions<T>): Promise<T> {
    const found = await this.#getBelow(key);
    if (found !== undefined) return found as T;
    this.#metrics.countMiss();
    const fence = this.#enter(key);
    try {
      const value = await timeCall(this.#metrics.loads, async () => factory());
      if (value === undefined || this.#fences.get(key) !== fence) return value;
      const ttl = typeof options?.ttl === 'function' ? options.ttl(value) : options?.ttl;
      await this.#put(key, value, this.#secondsOf('ttl', ttl));
      return value;
    } finally {
      this.#leave(key, fence);
    }
  }

  async #getBelow(key: string): Promise<unknown> {
    if (this.#secondary === undefined) return undefined;
    const fence = this.#enter(key);
    try {
      const entry = await this.#guarded('get', (tier) => tier.getEntry(key));
      if (entry === undefined) return undefined;
      const { ttl, ...rest } = entry;
      const copy = Number.isFinite(ttl) ? { ...rest, ttl } : rest;
      if (this.#fences.get(key) === fence) this.#primary.setEntry(key, copy);
      this.#metrics.countSecondaryHit();
      return entry.value;
    } finally {
      this.#leave(key, fence);
    }
  }

  /** A promise only when there is a tier to wait for: without one a write costs half as much. */
  #put(key: string, value: unknown, ttl: number | undefined): Promise<void> | undefined {
    this.#fences.delete(key);
    this.#metrics.countWrite();
    const entry = { value, grace: 0, ...(ttl !== undefined && { ttl }) };
    this.#primary.setEntry(key, entry);
    if (this.#secondary === undefined) return undefined;
    return this.#guarded('set', (tier) => tier.setEntry(key, entry));
  }

  #secondsOf(option: string, ttl: Duration | undefined): number | undefined {
    return ttl === undefined ? this.#defaultTtl : toSeconds(option, ttl, { allowInfinity: true });
  }

  /** Readers of a key share its fence until a writer takes it down. */
  #enter(key: string): Fence {
    let fence = this.#fences.get(key);
    if (fence === undefined) this.#fences.set(key, (fence = { users: 0 }));
    fence.users += 1;
    return fence;
  }

  #leave(key: string, fence: Fence): void {
    fence.users -= 1;
    if (fence.users === 0 && this.#fences.get(key) === fence) this.#fences.delete(key);
  }

  async #guarded<R>(
    operation: TierOperation,
    call: (tier: CacheTier) => R | Promise<R>,
  ): Promise<R | undefined> {
    if (this.#secondary === undefined) return undefined;
    try {
      return await call(this.#secondary);
    } catch (error) {
      this.#metrics.countError(operation);
      noticeOnce(
        `tier ${this.name} ${operation}`,
        `cache "${this.name}": ${operation} failed: ${String(error)}`,
      );
      return undefined;
    }
  }
}
