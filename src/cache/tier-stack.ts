import { coarseNow, type Clock } from '../clock.js';
import { noticeOnce } from '../telemetry/notice.js';
import type { CacheMetrics, TierOperation } from './cache-metrics.js';
import type { Lifetime } from './entry-options.js';
import type { MemoryCache } from './memory-cache.js';
import type { MemoryEntry, Outcome } from './memory-entry.js';
import { Tags, type TagMarks } from './tags.js';
import type { CacheTier, EntryToKeep, TagVersions, TierChange, TierEntry, TierLock } from './tier.js';

/** What is written: a value, how long it lives, and what it depends on. */
export interface Write {
  readonly value: unknown;
  readonly outcome?: Outcome;
  readonly lifetime: Lifetime;
  readonly marks: TagMarks | undefined;
  readonly loadSeconds?: number | undefined;
  readonly skipsMemory?: boolean;
  readonly skipsSecondary?: boolean;
}

/** Readers of a key share its fence until a writer takes it down: what they read before must not be kept after. */
interface Fence {
  users: number;
}

const NOT_HERE = Promise.resolve(undefined);

/** The memory tier and the one below as one: reads fill upwards, writes go to both, a failing tier reads as a miss. */
export class TierStack {
  readonly memory: MemoryCache;
  readonly secondary: CacheTier | undefined;
  readonly tags: Tags;
  readonly now: () => number;
  readonly #name: string;
  readonly #metrics: CacheMetrics;
  readonly #fences = new Map<string, Fence>();
  readonly #onError: (operation: TierOperation, error: unknown) => void;
  readonly #stopListening: (() => void) | undefined;

  constructor(
    name: string,
    memory: MemoryCache,
    secondary: CacheTier | undefined,
    metrics: CacheMetrics,
    clock: Clock,
    onError: (operation: TierOperation, error: unknown) => void,
  ) {
    this.#name = name;
    this.memory = memory;
    this.secondary = secondary;
    this.#metrics = metrics;
    this.now = coarseNow(clock);
    this.#onError = onError;
    const store = secondary?.tagStore;
    this.tags = new Tags(store && ((call) => this.guarded('tags', () => call(store))));
    this.#stopListening = secondary?.onChange?.((change) => this.#forget(change));
  }

  /** The memory tier's entry if it may be served without asking anybody: the way of every hit. */
  fresh(key: string): MemoryEntry | undefined {
    const entry = this.memory.lookUp(key);
    if (entry === undefined || !(entry.freshUntil === Infinity || entry.freshUntil > this.now()))
      return undefined;
    return entry.tags === undefined || this.tags.isCurrent(entry.tags) ? this.memory.used(entry) : undefined;
  }

  /** The memory tier's entry, stale or not, unless one of its tags was invalidated. */
  peek(key: string): MemoryEntry | undefined {
    const entry = this.memory.find(key);
    const isInvalid = entry?.tags !== undefined && !this.tags.isCurrent(entry.tags);
    return isInvalid ? undefined : entry;
  }

  isFresh({ freshUntil }: MemoryEntry): boolean {
    return freshUntil === Infinity || freshUntil > this.now();
  }

  /** The entry of the tier below, stale or not, kept in memory for the time it has left; `null` when the tier failed. */
  readBelow(key: string, memoryTtl?: number): Promise<MemoryEntry | undefined | null> {
    if (this.secondary === undefined) return NOT_HERE;
    const fence = this.enter(key);
    // No async function: what a hit waits for is one promise, not three.
    return askTier(this.secondary, key).then(
      (entry) => this.#take(key, entry, fence, memoryTtl),
      (error: unknown) => {
        this.leave(key, fence);
        this.#noteFailure('get', error);
        return null;
      },
    );
  }

  /** As `readBelow` for many keys, in one round trip where the tier can. */
  async readManyBelow(
    keys: readonly string[],
    memoryTtl?: number,
  ): Promise<Map<string, MemoryEntry | undefined | null>> {
    const { secondary } = this;
    if (secondary?.getEntries === undefined) {
      const entries = await Promise.all(keys.map((key) => this.readBelow(key, memoryTtl)));
      return new Map(keys.map((key, i) => [key, entries[i]] as const));
    }
    const fences = keys.map((key) => this.enter(key));
    try {
      const found = await this.guarded('get', async () => secondary.getEntries!(keys));
      if (found === undefined) return new Map(keys.map((key) => [key, null] as const));
      const kept = new Map<string, MemoryEntry>();
      const verified: Promise<void>[] = [];
      keys.forEach((key, i) => {
        const entry = found.get(key);
        if (entry === undefined) return;
        const fence = fences[i]!;
        if (entry.tags === undefined) kept.set(key, this.#keep(key, entry, undefined, fence, memoryTtl));
        else
          verified.push(
            this.#verify(key, entry, entry.tags, fence, memoryTtl).then((good) => {
              if (good !== undefined) kept.set(key, good);
            }),
          );
      });
      await Promise.all(verified);
      return kept;
    } finally {
      keys.forEach((key, i) => this.leave(key, fences[i]!));
    }
  }

  /** Keeps a value in the tiers; the promise is for the one below. No object is spread here: that would double the cost. */
  write(key: string, write: Write): MemoryEntry {
    this.#fences.delete(key);
    this.#metrics.countWrite();
    const { value, outcome = 'value', lifetime, marks, loadSeconds } = write;
    const { grace } = lifetime;
    const kept = this.memory.entryOf({ value, grace, loadSeconds, marks, outcome, ttl: lifetime.memoryTtl });
    // A call that leaves memory out leaves nothing older there either.
    if (write.skipsMemory === true) this.memory.delete(key);
    else this.memory.put(key, kept);
    return kept;
  }

  /** Keeps a value in the tier below; `undefined` when there is none to wait for. */
  writeBelow(key: string, write: Write): Promise<void> | undefined {
    // Undefined and errors are nothing a tier could carry.
    const isCarried = write.skipsSecondary !== true && (write.outcome ?? 'value') === 'value';
    if (this.secondary === undefined || !isCarried) return undefined;
    const { value, lifetime, marks, loadSeconds } = write;
    const tags = marks && Tags.versionsOf(marks);
    const entry: EntryToKeep = { value, grace: lifetime.grace, ttl: lifetime.ttl, tags, loadSeconds };
    return this.guarded('set', (tier) => tier.setEntry(key, entry));
  }

  /** True when any tier had it. From the slowest tier up: a read in between must not copy the old value back. */
  async delete(key: string): Promise<boolean> {
    this.#fences.delete(key);
    const wasBelow = await this.guarded('delete', (tier) => tier.delete(key));
    this.#fences.delete(key);
    return this.memory.delete(key) || wasBelow === true;
  }

  async clear(): Promise<void> {
    this.#fences.clear();
    await this.guarded('clear', (tier) => tier.clear());
    this.#fences.clear();
    this.memory.clear();
  }

  /** The right to load alone; `'taken'` while another process has it, `undefined` when there is nothing to ask. */
  async lock(key: string, seconds: number): Promise<TierLock | 'taken' | undefined> {
    const { secondary } = this;
    if (secondary?.lock === undefined) return undefined;
    // Failing to ask is no reason not to load.
    return this.guarded('lock', async () => (await secondary.lock!(key, seconds)) ?? ('taken' as const));
  }

  /** A failure is counted and read as "not here". */
  async guarded<R>(
    operation: TierOperation,
    call: (tier: CacheTier) => R | Promise<R>,
  ): Promise<R | undefined> {
    if (this.secondary === undefined) return undefined;
    try {
      return await call(this.secondary);
    } catch (error) {
      return this.#noteFailure(operation, error);
    }
  }

  enter(key: string): Fence {
    let fence = this.#fences.get(key);
    if (fence === undefined) this.#fences.set(key, (fence = { users: 0 }));
    fence.users += 1;
    return fence;
  }

  leave(key: string, fence: Fence): void {
    fence.users -= 1;
    if (fence.users === 0 && this.isOpen(key, fence)) this.#fences.delete(key);
  }

  /** Whether nobody wrote the key since the fence was put up. */
  isOpen(key: string, fence: Fence): boolean {
    return this.#fences.get(key) === fence;
  }

  async close(): Promise<void> {
    this.#stopListening?.();
    this.memory.close();
    await this.secondary?.close?.();
  }

  #noteFailure(operation: TierOperation, error: unknown): undefined {
    this.#metrics.countError(operation);
    this.#onError(operation, error);
    noticeOnce(
      `tier ${this.#name} ${operation}`,
      `cache "${this.#name}": ${operation} failed: ${String(error)}`,
    );
  }

  #take(
    key: string,
    entry: TierEntry | undefined,
    fence: Fence,
    memoryTtl: number | undefined,
  ): MemoryEntry | undefined | Promise<MemoryEntry | undefined | null> {
    if (entry?.tags !== undefined) return this.#takeTagged(key, entry, entry.tags, fence, memoryTtl);
    try {
      return entry && this.#keep(key, entry, undefined, fence, memoryTtl);
    } finally {
      this.leave(key, fence);
    }
  }

  async #takeTagged(
    key: string,
    entry: TierEntry,
    tags: TagVersions,
    fence: Fence,
    memoryTtl: number | undefined,
  ): Promise<MemoryEntry | undefined | null> {
    try {
      return await this.#verify(key, entry, tags, fence, memoryTtl);
    } catch (error) {
      this.#noteFailure('get', error);
      return null;
    } finally {
      this.leave(key, fence);
    }
  }

  /** Keeps an entry of the tier below, unless one of its tags was invalidated meanwhile. */
  async #verify(
    key: string,
    entry: TierEntry,
    tags: TagVersions,
    fence: Fence,
    memoryTtl: number | undefined,
  ): Promise<MemoryEntry | undefined> {
    const marks = await this.tags.verify(tags);
    return marks && this.#keep(key, entry, marks, fence, memoryTtl);
  }

  /** Keeps an entry of the tier below in memory for the time it has left, unless the key was written meanwhile. */
  #keep(
    key: string,
    entry: TierEntry,
    marks: TagMarks | undefined,
    fence: Fence,
    memoryTtl = Infinity,
  ): MemoryEntry {
    const { value, grace, loadSeconds = 0 } = entry;
    const ttl = Math.min(entry.ttl, memoryTtl);
    const copy = { value, grace, loadSeconds, marks, ...(ttl !== Infinity && { ttl }) };
    if (!this.isOpen(key, fence)) return this.memory.entryOf(copy);
    return this.memory.remember(key, copy);
  }

  #forget(change: TierChange): void {
    if (change === 'everything') {
      this.#fences.clear();
      this.memory.clear();
      this.tags.suspect();
    } else if ('tags' in change) {
      this.tags.suspect(change.tags);
    } else {
      for (const key of change.keys) {
        this.#fences.delete(key);
        this.memory.delete(key);
      }
    }
  }
}

function askTier(tier: CacheTier, key: string): Promise<TierEntry | undefined> {
  try {
    return Promise.resolve(tier.getEntry(key));
  } catch (error) {
    return Promise.reject(error);
  }
}
