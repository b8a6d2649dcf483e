import type { Clock } from '../clock.js';
import type { CacheMetrics } from './cache-metrics.js';
import { isSkipped, memoryTtlOf, seconds, type CacheDefaults, type LoadOptions } from './entry-options.js';
import { Loading } from './load-context.js';
import type { MemoryEntry } from './memory-entry.js';
import { Producer, type Factory } from './producer.js';
import type { TierStack } from './tier-stack.js';
import { runWithin, withoutDeadline } from '../async/time-scope.js';

interface Flight {
  readonly entry: Promise<MemoryEntry>;
  /** The entry's value, or its error: one promise for all who wait without limits. */
  readonly value: Promise<unknown>;
  readonly loading: Loading<unknown>;
  waiters: number;
}

/** After a failed refresh the stale value is served for so long before the next try. */
const RETRY_MS = 1000;

/**
 * Brings values that are missing or stale. One run per key: `#flights` are runs somebody waits for because there is
 * nothing to serve, `#refreshes` run beside a stale entry that is served meanwhile.
 */
export class Loader {
  readonly #tiers: TierStack;
  readonly #metrics: CacheMetrics;
  readonly #defaults: CacheDefaults;
  readonly #producer: Producer;
  readonly #clock: Clock;
  readonly #onError: (key: string, error: unknown) => void;
  readonly #flights = new Map<string, Flight>();
  readonly #refreshes = new Map<string, Promise<MemoryEntry>>();

  constructor(
    tiers: TierStack,
    metrics: CacheMetrics,
    defaults: CacheDefaults,
    lockSeconds: number | undefined,
    clock: Clock,
    onError: (key: string, error: unknown) => void,
  ) {
    this.#tiers = tiers;
    this.#metrics = metrics;
    this.#defaults = defaults;
    this.#producer = new Producer(tiers, metrics, defaults, lockSeconds, clock);
    this.#clock = clock;
    this.#onError = onError;
  }

  /** The entry of a key that is not fresh in memory; `stale` is what memory has of it. */
  async load<T>(
    key: string,
    factory: Factory<T>,
    options: LoadOptions<T>,
    stale: MemoryEntry | undefined,
  ): Promise<MemoryEntry> {
    if (stale !== undefined) return this.#staleOrRefreshed(key, factory, options, stale);
    let flight = this.#flights.get(key);
    if (flight === undefined) flight = this.#start(key, factory, options);
    else this.#metrics.countMiss();
    const limit = options.hardTimeout ?? this.#defaults.hardTimeout;
    const { signal } = options;
    // A caller without limits waits to the end, so it is never counted out and the load never aborted under it.
    flight.waiters += 1;
    if (limit === undefined && signal === undefined) return flight.entry;
    try {
      const ms = limit === undefined ? Infinity : seconds('hardTimeout', limit) * 1000;
      return await runWithin(flight.entry, { ms, clock: this.#clock, signal, what: `loading "${key}"` });
    } finally {
      flight.waiters -= 1;
      if (flight.waiters === 0 && signal?.aborted === true) flight.loading.abort();
    }
  }

  /** Refreshes in the background; whoever started it is not told how it went. */
  refresh<T>(key: string, factory: Factory<T>, options: LoadOptions<T>, present: MemoryEntry): void {
    this.#refresh(key, factory, options, present)?.catch(() => {});
  }

  /** The value of a run under way, for callers without limits of their own: a crowd costs one promise. */
  joinValue(key: string, options: LoadOptions<never>): Promise<unknown> | undefined {
    const flight = this.#flights.get(key);
    if (flight === undefined || options.signal !== undefined || options.hardTimeout !== undefined)
      return undefined;
    if (this.#defaults.hardTimeout !== undefined) return undefined;
    flight.waiters += 1;
    this.#metrics.countMiss();
    return flight.value;
  }

  /** Registers a run for a key that somebody else does, so that others join it. */
  join(key: string, entry: Promise<MemoryEntry>): void {
    const flight: Flight = { entry, value: valueOf(entry), loading: new Loading(key, undefined), waiters: 1 };
    this.#flights.set(key, flight);
    entry.then(
      () => this.#land(key, flight),
      () => this.#land(key, flight),
    );
  }

  /** The run for a key that is under way. */
  running(key: string): Promise<MemoryEntry> | undefined {
    return this.#flights.get(key)?.entry;
  }

  /** Calls that wait for a value. */
  get waiters(): number {
    let count = 0;
    for (const flight of this.#flights.values()) count += flight.waiters;
    return count;
  }

  /** Resolves when nothing runs any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([
      ...[...this.#flights.values()].map(({ entry }) => entry),
      ...this.#refreshes.values(),
    ]);
  }

  #start<T>(key: string, factory: Factory<T>, options: LoadOptions<T>): Flight {
    const loading = new Loading<T>(key, undefined);
    let begin: (entry: Promise<MemoryEntry>) => void;
    const entry = new Promise<MemoryEntry>((resolve) => (begin = resolve));
    const flight: Flight = { entry, value: valueOf(entry), loading, waiters: 0 };
    // Before the factory runs, which may be at once: what it asks for itself must find this run.
    this.#flights.set(key, flight);
    const land = () => this.#land(key, flight);
    flight.entry.then(land, land);
    // Others may join it, so it does not end with the deadline of the one that came first.
    begin!(withoutDeadline(() => this.#find(key, factory, options, loading)));
    return flight;
  }

  #land(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }

  /** From the tier below, or else from the loader. */
  async #find<T>(
    key: string,
    factory: Factory<T>,
    options: LoadOptions<T>,
    loading: Loading<T>,
  ): Promise<MemoryEntry> {
    let below: MemoryEntry | undefined | null;
    if (this.#tiers.secondary !== undefined && !isSkipped(options, 'secondary')) {
      below = await this.#tiers.readBelow(key, this.#memoryTtl(options));
      if (below && this.#tiers.isFresh(below)) {
        this.#metrics.countSecondaryHit();
        return below;
      }
      if (below) return this.#staleOrRefreshed(key, factory, options, below);
    }
    this.#metrics.countMiss(below === null ? 'failed' : 'all');
    return this.#producer.produce(key, factory, options, loading);
  }

  /** The refreshed entry if it comes within the soft timeout, else the stale one. */
  async #staleOrRefreshed<T>(
    key: string,
    factory: Factory<T>,
    options: LoadOptions<T>,
    stale: MemoryEntry,
  ): Promise<MemoryEntry> {
    const refresh = this.#refresh(key, factory, options, stale);
    const soft = options.softTimeout ?? this.#defaults.softTimeout ?? 0;
    if (refresh === undefined || soft === 0) {
      refresh?.catch(() => {});
      this.#metrics.countStale();
      return stale;
    }
    try {
      const ms = seconds('softTimeout', soft) * 1000;
      return await runWithin(refresh, { ms, clock: this.#clock, what: `refreshing "${key}"` });
    } catch {
      this.#metrics.countStale();
      return stale;
    }
  }

  /** The refresh under way, or a new one; `undefined` shortly after one has failed. */
  #refresh<T>(
    key: string,
    factory: Factory<T>,
    options: LoadOptions<T>,
    present: MemoryEntry,
  ): Promise<MemoryEntry> | undefined {
    const running = this.#refreshes.get(key);
    if (running !== undefined) return running;
    if (present.retryAt > this.#tiers.now()) return undefined;
    const refresh = withoutDeadline(() => this.#renew(key, factory, options, present))
      .catch((error: unknown) => {
        present.retryAt = this.#tiers.now() + RETRY_MS;
        this.#onError(key, error);
        throw error;
      })
      .finally(() => this.#refreshes.delete(key));
    this.#refreshes.set(key, refresh);
    return refresh;
  }

  async #renew<T>(
    key: string,
    factory: Factory<T>,
    options: LoadOptions<T>,
    present: MemoryEntry,
  ): Promise<MemoryEntry> {
    // Another process may have refreshed it; an entry that is fresh here is refreshed ahead, which is its point.
    if (!this.#tiers.isFresh(present) && !isSkipped(options, 'secondary')) {
      const below = await this.#tiers.readBelow(key, this.#memoryTtl(options));
      if (below && this.#tiers.isFresh(below)) return below;
    }
    return this.#producer.produce(key, factory, options, new Loading<T>(key, present.value as T));
  }

  #memoryTtl(options: LoadOptions<never>): number | undefined {
    return memoryTtlOf(options, this.#defaults);
  }
}

/** Whoever asks for it hears of a failure; that nobody does is no unhandled rejection. */
function valueOf(entry: Promise<MemoryEntry>): Promise<unknown> {
  const value = entry.then(({ value: found, outcome }) => {
    if (outcome === 'error') throw found;
    return found;
  });
  value.catch(() => {});
  return value;
}
