import type { Clock } from '../clock.js';
import { timeCall } from '../telemetry/timer.js';
import type { CacheMetrics } from './cache-metrics.js';
import {
  isSkipped,
  lifetimeOf,
  memoryTtlOf,
  seconds,
  type CacheDefaults,
  type LoadOptions,
} from './entry-options.js';
import type { Loading, LoadContext } from './load-context.js';
import { passing, type MemoryEntry } from './memory-entry.js';
import type { TierStack, Write } from './tier-stack.js';
import type { TierLock } from './tier.js';

/** Loads a missing value; its context has the stale one, a signal, and says how the new one is kept. */
export type Factory<T> = (context: LoadContext<T>) => T | Promise<T>;

/** A process that waits for another one's load looks for the result after each tenth more of waiting, within bounds. */
const POLLS = 10;
const MIN_POLL_MS = 5;
const MAX_POLL_MS = 50;

/** One run of a factory, from the lock to the tiers. */
export class Producer {
  readonly #tiers: TierStack;
  readonly #metrics: CacheMetrics;
  readonly #defaults: CacheDefaults;
  readonly #lockSeconds: number | undefined;
  readonly #clock: Clock;

  constructor(
    tiers: TierStack,
    metrics: CacheMetrics,
    defaults: CacheDefaults,
    lockSeconds: number | undefined,
    clock: Clock,
  ) {
    this.#tiers = tiers;
    this.#metrics = metrics;
    this.#defaults = defaults;
    this.#lockSeconds = lockSeconds;
    this.#clock = clock;
  }

  /** Runs the factory, alone among all processes where that is asked for, and keeps what it brings. */
  async produce<T>(
    key: string,
    factory: Factory<T>,
    options: LoadOptions<T>,
    loading: Loading<T>,
  ): Promise<MemoryEntry> {
    if (this.#lockSeconds === undefined) return this.#run(key, factory, options, loading);
    const began = this.#clock.now();
    const limitMs = this.#lockSeconds * 1000;
    for (;;) {
      const lock = await this.#tiers.lock(key, this.#lockSeconds);
      if (lock !== 'taken') return this.#runLocked(lock, key, factory, options, loading);
      // Another process loads. If it fails, its lock is free before its value is here: so both are asked for.
      const waitedMs = this.#clock.now() - began;
      if (waitedMs >= limitMs) return this.#run(key, factory, options, loading);
      const pauseMs = Math.min(MAX_POLL_MS, Math.max(MIN_POLL_MS, waitedMs / POLLS));
      await new Promise<void>((resolve) => this.#clock.after(pauseMs, resolve));
      const below = await this.#tiers.readBelow(key, memoryTtlOf(options, this.#defaults));
      if (below && this.#tiers.isFresh(below)) return below;
    }
  }

  async #runLocked<T>(
    lock: TierLock | undefined,
    key: string,
    factory: Factory<T>,
    options: LoadOptions<T>,
    loading: Loading<T>,
  ): Promise<MemoryEntry> {
    try {
      // Whoever had the lock before may have stored it between our look and the lock.
      const below = lock && (await this.#tiers.readBelow(key, memoryTtlOf(options, this.#defaults)));
      if (below && this.#tiers.isFresh(below)) return below;
      return await this.#run(key, factory, options, loading);
    } finally {
      await this.#tiers.guarded('lock', () => lock?.release());
    }
  }

  async #run<T>(
    key: string,
    factory: Factory<T>,
    options: LoadOptions<T>,
    loading: Loading<T>,
  ): Promise<MemoryEntry> {
    // Before the load: what is invalidated while it runs counts against its result.
    const fence = this.#tiers.enter(key);
    const started = this.#clock.now();
    try {
      const marks = options.tags === undefined ? undefined : await this.#tiers.tags.mark(options.tags);
      const value = await timeCall(this.#metrics.loads, async () => factory(loading));
      const loadSeconds = (this.#clock.now() - started) / 1000;
      const added = loading.decided.tags;
      const all =
        added === undefined ? marks : await this.#tiers.tags.mark([...(options.tags ?? []), ...added]);
      const isCurrent = marks === undefined || this.#tiers.tags.isCurrent(marks);
      const isOurs = this.#tiers.isOpen(key, fence) && isCurrent;
      return await this.#keep(key, value, options, loading, { marks: all, loadSeconds, isOurs });
    } catch (error) {
      if (options.errorTtl !== undefined && this.#tiers.isOpen(key, fence))
        this.#keepError(key, error, options.errorTtl);
      throw error;
    } finally {
      this.#tiers.leave(key, fence);
    }
  }

  async #keep<T>(
    key: string,
    value: T,
    options: LoadOptions<T>,
    { decided }: Loading<T>,
    { marks, loadSeconds, isOurs }: { marks: MemoryEntry['tags']; loadSeconds: number; isOurs: boolean },
  ): Promise<MemoryEntry> {
    const negativeTtl = options.negativeTtl ?? this.#defaults.negativeTtl;
    const isNothing = value === undefined || value === null;
    const { ttl: _ttl, ...rest } = options;
    const chosen = decided.ttl ?? (typeof options.ttl === 'function' ? options.ttl(value) : options.ttl);
    const ttl = isNothing && negativeTtl !== undefined ? negativeTtl : chosen;
    const grace = decided.grace ?? options.grace;
    const lifetime = lifetimeOf(
      { ...rest, ...(ttl !== undefined && { ttl }), ...(grace !== undefined && { grace }) },
      this.#defaults,
    );
    const isKept =
      isOurs &&
      options.readOnly !== true &&
      decided.isKept !== false &&
      (value !== undefined || negativeTtl !== undefined);
    if (!isKept) return passing(value);
    const write: Write = {
      value,
      outcome: value === undefined ? 'undefined' : 'value',
      lifetime,
      marks,
      loadSeconds,
      skipsMemory: isSkipped(options, 'memory'),
      skipsSecondary: isSkipped(options, 'secondary'),
    };
    const kept = this.#tiers.write(key, write);
    await this.#tiers.writeBelow(key, write);
    return kept;
  }

  #keepError(key: string, error: unknown, errorTtl: NonNullable<LoadOptions['errorTtl']>): void {
    const ttl = seconds('errorTtl', errorTtl);
    const lifetime = { ttl, memoryTtl: ttl, grace: 0 };
    this.#tiers.write(key, {
      value: error,
      outcome: 'error',
      lifetime,
      marks: undefined,
      skipsSecondary: true,
    });
  }
}
