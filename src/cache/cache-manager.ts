import { checkFunction, checkText, withDefaults } from '../checks.js';
import { systemClock, type Cancel } from '../clock.js';
import { InvalidOptionError } from '../errors.js';
import { instrumentsOf } from '../telemetry/instruments.js';
import { CacheEvents, type CacheEvent, type CacheListener } from './cache-events.js';
import { CACHE_MANAGER_OPTIONS, type CacheManagerOptions } from './cache-manager-options.js';
import { managerStats, type CacheManagerStats } from './cache-manager-stats.js';
import { CacheMetrics } from './cache-metrics.js';
import { cachedDecorator, type CachedDecorator, type CachedOptions } from './cached-function.js';
import {
  checkDefaults,
  checkLoadOptions,
  checkSetOptions,
  checkTags,
  isSkipped,
  lifetimeOf,
  seconds,
  type CacheDefaults,
  type LoadOptions,
  type SetEntryOptions,
} from './entry-options.js';
import { isWorthRefreshing } from './early-refresh.js';
import { Loader } from './loader.js';
import type { Factory } from './producer.js';
import { loadMany, type BatchFactory } from './load-many.js';
import { checkKey, MemoryCache } from './memory-cache.js';
import { promiseOf, type MemoryEntry } from './memory-entry.js';
import { NamespacedCache } from './namespaced-cache.js';
import type { TagMarks } from './tags.js';
import { TierStack } from './tier-stack.js';
import { checkTier } from './tier.js';

const MANAGER_DEFAULTS = { name: 'default', clock: systemClock } as const;
const NO_OPTIONS = Object.freeze({});
const DONE = Promise.resolve();

/**
 * A cache of one or two tiers. They are asked in order; what is found below is kept above for the time it has left.
 *
 * A tier that fails reads as a miss and is counted (`perf.cache.tier.errors`); errors of loaders pass unchanged.
 */
export class CacheManager {
  readonly name: string;
  readonly #tiers: TierStack;
  readonly #defaults: CacheDefaults;
  readonly #metrics: CacheMetrics;
  readonly #events = new CacheEvents();
  readonly #loader: Loader;

  constructor(options?: CacheManagerOptions) {
    const given = withDefaults('CacheManager', MANAGER_DEFAULTS, options, CACHE_MANAGER_OPTIONS);
    const {
      secondary,
      meterProvider,
      clock,
      defaultTtl,
      lockLoads,
      primary = new MemoryCache({ clock }),
    } = given;
    this.name = checkText('name', given.name);
    if (!(primary instanceof MemoryCache)) throw new InvalidOptionError('primary', 'a MemoryCache', primary);
    if (secondary !== undefined) checkTier('secondary', secondary);
    if (defaultTtl !== undefined) seconds('defaultTtl', defaultTtl);
    this.#defaults = checkDefaults({ ...options, ...(defaultTtl !== undefined && { ttl: defaultTtl }) });
    this.#metrics = new CacheMetrics(this.name, primary, secondary, instrumentsOf(meterProvider), clock);
    primary.leaveReporting(this.name, () => this.#metrics.primaryHits);
    this.#tiers = new TierStack(this.name, primary, secondary, this.#metrics, clock, (operation, error) =>
      this.#events.emit('error', { operation, error }),
    );
    secondary?.belongTo?.(this.name);
    const lockSeconds = lockLoads === undefined ? undefined : seconds('lockLoads', lockLoads);
    this.#loader = new Loader(this.#tiers, this.#metrics, this.#defaults, lockSeconds, clock, (key, error) =>
      this.#events.emit('error', { operation: 'refresh', key, error }),
    );
    this.#metrics.watchLoads(this.#loader);
  }

  /** What the memory tier has, without a promise. Counted as a lookup. */
  getIfPresent<T = unknown>(key: string): T | undefined {
    const entry = this.#tiers.fresh(key);
    if (entry !== undefined) return this.#present(entry) as T | undefined;
    this.#tiers.memory.countMiss(key);
    this.#metrics.countMiss('primary');
    return undefined;
  }

  /** The value, or `undefined` when no tier has it fresh. */
  get<T = unknown>(key: string, options?: Pick<SetEntryOptions, 'skip'>): Promise<T | undefined> {
    const entry = options === undefined ? this.#tiers.fresh(key) : undefined;
    if (entry === undefined || entry.outcome !== 'value') return this.#get<T>(key, options, entry);
    this.#metrics.countPrimaryHit();
    return promiseOf(entry) as Promise<T>;
  }

  /** Keeps a value in all tiers. `undefined` means "nothing": it deletes. */
  set(key: string, value: unknown, options: SetEntryOptions = NO_OPTIONS): Promise<void> {
    // No async function: in memory alone there is nothing to wait for, and waiting would cost as much as the rest.
    try {
      checkKey(key);
      checkSetOptions(options);
      if (value !== undefined && options.tags === undefined) return this.#put(key, value, options) ?? DONE;
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#setOrDelete(key, value, options);
  }

  /** True when a `get` would find something. Counts nothing. */
  async has(key: string): Promise<boolean> {
    const entry = this.#tiers.peek(key) ?? (await this.#tiers.readBelow(checkKey(key)));
    return entry?.outcome === 'value' && this.#tiers.isFresh(entry);
  }

  /** True when any tier had it. */
  async delete(key: string): Promise<boolean> {
    const wasThere = await this.#tiers.delete(checkKey(key));
    this.#events.emit('delete', { key });
    return wasThere;
  }

  /** Removes everything from all tiers. */
  async clear(): Promise<void> {
    await this.#tiers.clear();
    this.#events.emit('clear', {});
  }

  /**
   * The value, loaded by `factory` when no tier has it. Calls with the same key share one run of the factory; its error
   * goes to all of them, unchanged, and nothing is kept. A loaded `undefined` is returned and not kept. A call that
   * joins a load under way counts as a miss: it waits as long.
   */
  getOrSet<T>(key: string, factory: Factory<T>, options: LoadOptions<T> = NO_OPTIONS): Promise<T> {
    // No async function: a hit would pay for its bookkeeping more than for the lookup. Kept short, so that V8 inlines it.
    const entry = options.skip === undefined ? this.#tiers.fresh(key) : undefined;
    if (entry === undefined || entry.outcome !== 'value')
      return this.#joinOrLoad(key, factory, options, entry);
    this.#metrics.countPrimaryHit();
    const ahead = options.refreshAhead ?? this.#defaults.refreshAhead;
    if (ahead !== undefined && isWorthRefreshing(entry, ahead, this.#tiers.now())) {
      this.#loader.refresh(key, factory, options, entry);
    }
    return promiseOf(entry) as Promise<T>;
  }

  /** Values by key; keys that no tier has are left out. One round trip where the tier below can. */
  async getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    return loadMany<T>(this.#tiers, this.#loader, this.#metrics, keys);
  }

  /** Keeps many values with the same options. */
  async setMany(entries: Iterable<readonly [string, unknown]>, options?: SetEntryOptions): Promise<void> {
    await Promise.all([...entries].map(([key, value]) => this.set(key, value, options)));
  }

  /** How many of them any tier had. */
  async deleteMany(keys: readonly string[]): Promise<number> {
    const deleted = await Promise.all(keys.map((key) => this.delete(key)));
    return deleted.filter(Boolean).length;
  }

  /**
   * Values by key, the missing ones loaded together: `factory` gets only the keys that no tier has and nobody else is
   * loading, and returns their values by key. Keys it leaves out are left out here.
   */
  async getOrSetMany<T>(
    keys: readonly string[],
    factory: BatchFactory<T>,
    options: SetEntryOptions = NO_OPTIONS,
  ): Promise<Map<string, T>> {
    checkFunction('factory', factory);
    checkSetOptions(options);
    return loadMany<T>(this.#tiers, this.#loader, this.#metrics, keys, {
      factory,
      mark: () => this.#tiers.tags.mark(options.tags ?? []),
      lifetime: () => lifetimeOf(options, this.#defaults),
    });
  }

  /** Whatever was set or loaded with one of these tags is gone: one write per tag, for all processes of a shared tier. */
  async invalidateTags(tags: string | readonly string[]): Promise<void> {
    const names = checkTags(typeof tags === 'string' ? [tags] : tags);
    await this.#tiers.tags.invalidate(names);
    this.#events.emit('invalidate', { tags: names });
  }

  /** A part of this cache with keys of its own, which can be cleared alone at the price of one write. */
  namespace(name: string): NamespacedCache {
    return new NamespacedCache(this, checkText('namespace', name));
  }

  /** A decorator that keeps the results of functions in this cache. */
  cache(options?: CachedOptions): CachedDecorator {
    return cachedDecorator(() => this, options);
  }

  /** Listens to what happens, until cancelled. Nothing is made up for events nobody listens to. */
  on<E extends CacheEvent>(event: E, listener: CacheListener<E>): Cancel {
    return this.#events.on(event, listener);
  }

  stats(): CacheManagerStats {
    return managerStats(this.name, this.#tiers, this.#metrics);
  }

  /** Changes how many entries the memory tier may hold. */
  resize(maxSize: number): void {
    this.#tiers.memory.resize(maxSize);
  }

  /** Waits for loads under way, closes the tiers and ends reporting. */
  async close(): Promise<void> {
    await this.#loader.settled();
    this.#metrics.stopReporting();
    await this.#tiers.close();
  }

  #get<T>(
    key: string,
    options: Pick<SetEntryOptions, 'skip'> | undefined,
    found: MemoryEntry | undefined,
  ): Promise<T | undefined> {
    try {
      const isLookedUp = options === undefined || isSkipped(options, 'memory');
      const entry = isLookedUp ? found : this.#tiers.fresh(checkKey(key));
      if (entry !== undefined) return Promise.resolve(this.#present(entry) as T | undefined);
      this.#tiers.memory.countMiss(checkKey(key));
      if (isSkipped(options, 'secondary')) return Promise.resolve(this.#presentBelow<T>(undefined));
      return this.#tiers.readBelow(key).then((below) => this.#presentBelow<T>(below));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #presentBelow<T>(below: MemoryEntry | undefined | null): T | undefined {
    if (below && this.#tiers.isFresh(below)) {
      this.#metrics.countSecondaryHit();
      return below.value as T;
    }
    this.#metrics.countMiss(below === null ? 'failed' : 'all');
    return undefined;
  }

  async #setOrDelete(key: string, value: unknown, options: SetEntryOptions): Promise<void> {
    if (value === undefined) await this.delete(key);
    else await this.#put(key, value, options, await this.#tiers.tags.mark(options.tags ?? []));
  }

  /** A promise only when there is something to wait for. */
  #put(key: string, value: unknown, options: SetEntryOptions, marks?: TagMarks): Promise<void> | undefined {
    const write = {
      value,
      lifetime: lifetimeOf(options, this.#defaults),
      marks,
      skipsMemory: isSkipped(options, 'memory'),
      skipsSecondary: isSkipped(options, 'secondary'),
    };
    this.#tiers.write(key, write);
    return this.#tiers.writeBelow(key, write);
  }

  #joinOrLoad<T>(
    key: string,
    factory: Factory<T>,
    options: LoadOptions<T>,
    present: MemoryEntry | undefined,
  ): Promise<T> {
    const joined = present === undefined ? this.#loader.joinValue(key, options) : undefined;
    if (joined === undefined) return this.#getOrLoad(key, factory, options);
    this.#tiers.memory.countMiss(key);
    return joined as Promise<T>;
  }

  async #getOrLoad<T>(key: string, factory: Factory<T>, options: LoadOptions<T>): Promise<T> {
    checkKey(key);
    checkFunction('factory', factory);
    checkLoadOptions('getOrSet', options);
    const present = isSkipped(options, 'memory') ? undefined : this.#tiers.peek(key);
    if (present !== undefined && this.#tiers.isFresh(present)) {
      const value = this.#present(present);
      if (present.outcome === 'error') throw present.value;
      return value as T;
    }
    this.#tiers.memory.countMiss(key);
    const stale = present?.outcome === 'value' ? present : undefined;
    const entry = await this.#loader.load(key, factory, options, stale);
    if (entry.outcome === 'error') throw entry.value;
    return entry.value as T;
  }

  /** What a fresh entry of the memory tier says; a kept `undefined` or error is nothing to those who only look. */
  #present(entry: MemoryEntry): unknown {
    if (entry.outcome !== 'value') {
      this.#metrics.countNegative();
      return undefined;
    }
    this.#metrics.countPrimaryHit();
    return entry.value;
  }
}
