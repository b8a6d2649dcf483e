import type { Cancel } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import { instrumentsOf } from '../telemetry/instruments.js';
import { checkKey, type SetOptions } from './memory-cache.js';
import { Envelope } from './redis/envelope.js';
import type { Intent } from './redis/pending-writes.js';
import { RedisChanges, type ChangeListener } from './redis/redis-changes.js';
import { RedisLink } from './redis/redis-link.js';
import { lockKey } from './redis/redis-lock.js';
import { RemoteMetrics } from './remote-metrics.js';
import { checkRedisOptions, type RedisCacheOptions } from './redis/redis-options.js';
import { RedisReads } from './redis/redis-reads.js';
import { RedisTags } from './redis/redis-tags.js';
import { RedisWrites } from './redis/redis-writes.js';
import { scanEntries } from './redis/scan-entries.js';
import {
  statsOf,
  type CacheTier,
  type EntryToKeep,
  type TagStore,
  type TierCounts,
  type TierEntry,
  type TierLock,
  type TierStats,
} from './tier.js';

export type { RedisCacheOptions } from './redis/redis-options.js';

/**
 * Keeps values in Redis, where other processes see them. Every call ends within its timeout: when Redis is gone, hangs or
 * is slow, one call notices and the others fail at once until it is back, with a `TierError` that a cache manager turns
 * into a miss. Writes that failed are remembered and made good; until then nobody here reads what they were to replace.
 *
 * It connects when it is made, and its connection keeps the process alive until `close()`.
 */
export class RedisCache implements CacheTier {
  readonly kind = 'redis';
  readonly traits = { answersAtOnce: false, canFail: true, isShared: true } as const;
  readonly tagStore: TagStore;
  readonly #entryPrefix: string;
  readonly #lockPrefix: string;
  readonly #defaultTtl: number;
  readonly #metrics: RemoteMetrics;
  readonly #isNamed: boolean;
  readonly #envelope: Envelope;
  readonly #link: RedisLink;
  readonly #reads: RedisReads;
  readonly #writes: RedisWrites;
  readonly #changes: RedisChanges;

  /** @throws {InvalidOptionError} for options that make no sense; a Redis that cannot be reached is no reason. */
  constructor(options: RedisCacheOptions) {
    const settings = checkRedisOptions(options);
    const { prefix, serializer, compressAbove, name } = settings;
    this.#entryPrefix = `${prefix}key:`;
    this.#lockPrefix = `${prefix}lock:`;
    const keys = { entries: this.#entryPrefix, tags: `${prefix}tag:`, bus: `${prefix}changes` };
    this.#defaultTtl = settings.defaultTtl;
    this.#envelope = new Envelope(serializer, compressAbove);
    const metrics = new RemoteMetrics(name ?? 'default', this.kind, instrumentsOf(settings.meterProvider));
    this.#metrics = metrics;
    this.#isNamed = name !== undefined;

    this.#link = new RedisLink({ ...settings, metrics });
    this.#changes = new RedisChanges(this.#link, keys, metrics);
    this.#writes = new RedisWrites(this.#link, this.#envelope, this.#entryPrefix, {
      written: (written) => this.#changes.announce(written),
      repaired: (count) => metrics.countRepairs(count),
    });
    const { pending } = this.#writes;
    const { touched } = this.#changes;
    this.#reads = new RedisReads({ link: this.#link, envelope: this.#envelope, pending, touched, metrics });
    this.tagStore = new RedisTags(this.#link, this.#writes, keys.tags);
    metrics.watch({ link: this.#link, pending });
  }

  /** Waits for the first connection; never needed, but a start is a good time to hear of a wrong password. */
  ready(timeout: Duration = 5): Promise<void> {
    return this.#link.ready(toSeconds('timeout', timeout));
  }

  /** The value, or `undefined` when it is not here or its freshness is over. @throws {TierError} */
  get<T = unknown>(key: string): Promise<T | undefined> {
    try {
      return this.#reads.readFresh(this.#entryPrefix + checkKey(key)) as Promise<T | undefined>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Keeps a value; `undefined` deletes. @throws {TierError} */
  async set(key: string, value: unknown, options?: SetOptions): Promise<void> {
    const ttl =
      options?.ttl === undefined ? undefined : toSeconds('ttl', options.ttl, { allowInfinity: true });
    if (value === undefined) await this.delete(key);
    else await this.setEntry(key, { value, grace: 0, ...(ttl !== undefined && { ttl }) });
  }

  getEntry(key: string): Promise<TierEntry | undefined> {
    try {
      return this.#reads.read(this.#entryPrefix + checkKey(key));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getEntries(keys: readonly string[]): Promise<ReadonlyMap<string, TierEntry>> {
    const found = await this.#reads.readMany(keys.map((key) => this.#entryPrefix + checkKey(key)));
    const entries = new Map<string, TierEntry>();
    for (const [i, key] of keys.entries()) if (found[i] !== undefined) entries.set(key, found[i]);
    return entries;
  }

  async setEntry(key: string, entry: EntryToKeep): Promise<void> {
    await this.setEntries(new Map([[key, entry]]));
  }

  async setEntries(entries: ReadonlyMap<string, EntryToKeep>): Promise<void> {
    const intents = new Map<string, Intent>();
    for (const [key, entry] of entries) {
      const encoded = this.#envelope.encode(entry, this.#defaultTtl);
      intents.set(this.#entryPrefix + checkKey(key), { kind: 'set', entry: encoded });
    }
    await this.#writes.write('set', intents);
  }

  async delete(key: string): Promise<boolean> {
    return (await this.deleteMany([key])) > 0;
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const intents = new Map(
      keys.map((key) => [this.#entryPrefix + checkKey(key), { kind: 'delete' } as const]),
    );
    const answers = await this.#writes.write('delete', intents);
    return answers.reduce<number>((sum, answer) => sum + Number(answer), 0);
  }

  /**
   * Removes the entries under the prefix by SCAN and UNLINK; versions of tags stay. Redis serves others meanwhile. What
   * is written during it may be removed too.
   */
  async clear(): Promise<void> {
    await this.#writes.clear();
    this.#changes.announce('everything');
  }

  /**
   * Keys of the entries in Redis, in no order, by SCAN: one may come twice, and what is written meanwhile may be left
   * out. Takes time by the number of keys in the database. @throws {TierError}
   */
  async *keys(): AsyncGenerator<string, void> {
    for await (const { keys } of scanEntries(this.#link, 'keys', this.#entryPrefix)) {
      for (const key of keys) yield key.slice(this.#entryPrefix.length);
    }
  }

  /** @throws {TierError} when Redis cannot say who has the lock. */
  lock(key: string, seconds: number): Promise<TierLock | undefined> {
    return lockKey(this.#link, this.#lockPrefix + checkKey(key), seconds);
  }

  onChange(listener: ChangeListener): Cancel {
    return this.#changes.subscribe(listener);
  }

  /** @internal */
  belongTo(cacheName: string): void {
    if (!this.#isNamed) this.#metrics.rename(cacheName);
  }

  counts(): TierCounts {
    const { hits, misses, expirations } = this.#reads;
    return { hits, misses, size: undefined, maxSize: Infinity, evictions: 0, expirations };
  }

  stats(): TierStats {
    return statsOf(this.counts(), this.#writes.pending.bytes);
  }

  /** Lets writes under way end, then closes what it opened. Writes that failed and were not made good are forgotten. */
  async close(): Promise<void> {
    this.#changes.stop();
    this.#writes.stop();
    await this.#link.close();
    this.#metrics.stop();
  }
}
