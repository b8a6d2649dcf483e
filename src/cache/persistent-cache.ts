import type { Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import { InvalidOptionError, TierError } from '../errors.js';
import {
  isOver,
  type DamagedEntry,
  type EncodedEntry,
  type EntryHeader,
  type FoundEntry,
  type ListedEntry,
  type PersistentEngine,
} from './persistent/engine.js';
import { inspected, type InspectedEntry } from './persistent/inspected-entry.js';
import { openPersistent, type PersistentCacheOptions } from './persistent/options.js';
import { attempt, failure } from './persistent/tier-failure.js';
import { jsonSerializer } from './serializer/json.js';
import { UnserializableError, type Serializer } from './serializer/serializer.js';
import {
  statsOf,
  type Awaitable,
  type CacheTier,
  type EntryToKeep,
  type TagStore,
  type TierCounts,
  type TierEntry,
  type TierLock,
  type TierStats,
} from './tier.js';

export type { InspectedEntry } from './persistent/inspected-entry.js';
export type { PersistentCacheOptions } from './persistent/options.js';

/** For one `set`. */
export interface PersistentSetOptions {
  /** Lifetime of this entry instead of the default. */
  readonly ttl?: Duration;
}

/**
 * Keeps values in a folder, where they survive the process and where all processes of the machine share them. Killed at
 * any moment, it never serves half a value: whatever is damaged, foreign or of another format is a miss, and removed.
 *
 * Small entries are read and written at once, without a promise; longer ones are left to a thread.
 */
export class PersistentCache implements CacheTier {
  readonly kind = 'persistent';
  readonly traits = { answersAtOnce: false, canFail: true, isShared: true } as const;
  readonly cacheDir: string;
  readonly tagStore: TagStore;
  readonly #engine: PersistentEngine;
  readonly #serializer: Serializer;
  readonly #clock: Clock;
  readonly #defaultTtl: number;
  #hits = 0;
  #misses = 0;
  #expirations = 0;
  #damaged = 0;

  /** @throws {InvalidOptionError} when the folder cannot be made or written to. */
  constructor(options?: PersistentCacheOptions) {
    const { cacheDir, clock, serializer, defaultTtl, engine } = openPersistent(options);
    this.cacheDir = cacheDir;
    this.#clock = clock;
    this.#serializer = serializer;
    this.#defaultTtl = defaultTtl;
    this.#engine = engine;
    const { tagStore } = engine;
    this.tagStore = {
      readVersions: (tags) => attempt('reading tags', () => tagStore.readVersions(tags)),
      invalidate: (tags) => attempt('invalidating tags', () => tagStore.invalidate(tags)),
    };
  }

  async get<T = unknown>(key: string): Promise<T | undefined> {
    const entry = await this.getEntry(key);
    return entry === undefined || entry.ttl <= 0 ? undefined : (entry.value as T);
  }

  /** Keeps a value. @throws {TierError} when the serializer cannot carry it or the disk refuses it. */
  async set(key: string, value: unknown, options?: PersistentSetOptions): Promise<void> {
    const ttl =
      options?.ttl === undefined ? undefined : toSeconds('ttl', options.ttl, { allowInfinity: true });
    if (value === undefined) await this.delete(key);
    else await this.setEntry(key, { value, grace: 0, ...(ttl !== undefined && { ttl }) });
  }

  getEntry(key: string): Awaitable<TierEntry | undefined> {
    checkKey(key);
    try {
      const found = this.#engine.read(key);
      if (!(found instanceof Promise)) return this.#take(key, found);
      return found.then(
        (later) => this.#take(key, later),
        (cause: unknown) => this.#failRead(cause),
      );
    } catch (cause) {
      return this.#failRead(cause);
    }
  }

  async getEntries(keys: readonly string[]): Promise<ReadonlyMap<string, TierEntry>> {
    const found = new Map<string, TierEntry>();
    for (const key of keys) {
      const entry = await this.getEntry(key);
      if (entry !== undefined) found.set(key, entry);
    }
    return found;
  }

  setEntry(key: string, entry: EntryToKeep): Awaitable<void> {
    const { header, body } = this.#encoded(key, entry);
    return attempt('writing', () => this.#engine.write(header, body));
  }

  /** Several at once, which is faster with the engine `sqlite`. When one cannot be carried, none is written. */
  async setEntries(entries: ReadonlyMap<string, EntryToKeep>): Promise<void> {
    const encoded = Array.from(entries, ([key, entry]) => this.#encoded(key, entry));
    await attempt('writing', () => this.#engine.writeAll(encoded));
  }

  #encoded(key: string, entry: EntryToKeep): EncodedEntry {
    checkKey(key);
    const body = this.#encode(entry.value);
    const { ttl = this.#defaultTtl, grace, tags, loadSeconds } = entry;
    const header: EntryHeader = {
      key,
      serializer: this.#serializer.name,
      writtenAt: this.#clock.wallNow(),
      ...(Number.isFinite(ttl) && { ttl }),
      ...(grace > 0 && { grace: Math.min(grace, Number.MAX_SAFE_INTEGER) }),
      ...(tags !== undefined && { tags }),
      ...(loadSeconds !== undefined && { loadSeconds }),
    };
    return { header, body };
  }

  /** True when a `get` would find something fresh; counts nothing. */
  async has(key: string): Promise<boolean> {
    try {
      const { header } = (await this.#engine.read(checkKey(key))) ?? {};
      return header?.key === key && !isOver({ ...header, grace: 0 }, this.#clock.wallNow());
    } catch {
      return false;
    }
  }

  delete(key: string): Awaitable<boolean> {
    return attempt('deleting', () => this.#engine.remove(checkKey(key)));
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    let deleted = 0;
    for (const key of keys) if (await this.delete(key)) deleted += 1;
    return deleted;
  }

  /** Removes all entries in one step; the room they took is freed in the background. */
  clear(): Awaitable<void> {
    return attempt('clearing', () => this.#engine.clear());
  }

  lock(key: string, seconds: number): TierLock | undefined {
    return this.#engine.lock(checkKey(key), seconds);
  }

  /** Keys of the entries that are not over, in no order. Reads every entry. */
  async *keys(): AsyncGenerator<string, void> {
    for await (const { header } of this.#entries()) yield header.key;
  }

  /** All entries that are not over, in no order, one after the other: for people and programs that look. */
  async *inspect(): AsyncGenerator<InspectedEntry, void> {
    for await (const { header, body, bytes } of this.#entries()) {
      const isReadable = header.serializer === this.#serializer.name;
      yield inspected(header, bytes, isReadable ? this.#decode(body) : undefined);
    }
  }

  counts(): TierCounts {
    const { evictions, expirations } = this.#engine.counts;
    return {
      hits: this.#hits,
      misses: this.#misses,
      size: undefined,
      maxSize: Infinity,
      evictions,
      expirations: this.#expirations + expirations,
    };
  }

  /**
   * Entries found damaged, foreign or of another format or serializer, each of them a miss too; and databases of the
   * engine `sqlite` that were, and were replaced by an empty one.
   */
  get damaged(): number {
    return this.#damaged + this.#engine.counts.damaged;
  }

  stats(): TierStats {
    return statsOf(this.counts(), 0);
  }

  /** Ends the work in the background. The entries stay; it may still be used, but no longer looks after its room. */
  close(): Promise<void> {
    return this.#engine.close();
  }

  #take(key: string, found: FoundEntry | DamagedEntry | undefined): TierEntry | undefined {
    if (found === undefined) {
      this.#misses += 1;
      return undefined;
    }
    if (found.header === undefined) return this.#takeDamaged(key, found);
    const { header } = found;
    if (header.key !== key || header.serializer !== this.#serializer.name)
      return this.#takeDamaged(key, found);
    const { ttl, grace = 0, tags, loadSeconds } = header;
    const left = ttl === undefined ? Infinity : ttl - this.#ageOf(header);
    if (left + grace <= 0) {
      this.#misses += 1;
      this.#expirations += 1;
      this.#engine.discard(key, found.stamp);
      return undefined;
    }
    const value = this.#decode(found.body, found.isBorrowed);
    if (value === undefined) return this.#takeDamaged(key, found);
    this.#hits += 1;
    return {
      value,
      ttl: left,
      grace,
      ...(tags !== undefined && { tags }),
      ...(loadSeconds !== undefined && { loadSeconds }),
    };
  }

  #takeDamaged(key: string, { stamp }: { readonly stamp: number }): undefined {
    this.#misses += 1;
    this.#damaged += 1;
    this.#engine.discard(key, stamp);
    return undefined;
  }

  /** Seconds. When the clock went back, an entry from the future counts as written now at the latest. */
  #ageOf({ key, writtenAt }: EntryHeader): number {
    const now = this.#clock.wallNow();
    return (now - (writtenAt > now ? this.#engine.settle(key, now) : writtenAt)) / 1000;
  }

  #failRead(cause: unknown): never {
    this.#misses += 1;
    throw failure('reading', cause);
  }

  #encode(value: unknown): string | Uint8Array {
    try {
      return this.#serializer.encode(value);
    } catch (cause) {
      const reason =
        cause instanceof UnserializableError
          ? cause.message
          : `${this.#serializer.name} cannot carry the value`;
      throw new TierError('persistent', reason, { cause });
    }
  }

  #decode(body: Buffer | string, isBorrowed = false): unknown {
    try {
      const isJson = this.#serializer === jsonSerializer;
      if (typeof body === 'string')
        return isJson ? (JSON.parse(body) as unknown) : this.#serializer.decode(Buffer.from(body));
      // A decoder may keep what it is given; JSON does not.
      return this.#serializer.decode(isBorrowed && !isJson ? Buffer.from(body) : body);
    } catch {
      return undefined;
    }
  }

  async *#entries(): AsyncGenerator<ListedEntry, void> {
    try {
      for await (const entry of this.#engine.entries()) {
        if (!isOver(entry.header, this.#clock.wallNow())) yield entry;
      }
    } catch (cause) {
      throw failure('listing', cause);
    }
  }
}

function checkKey(key: unknown): string {
  if (typeof key !== 'string') throw new InvalidOptionError('cache key', 'a text', key);
  return key;
}
