import type { Cluster, Redis } from 'ioredis';
import { checkText, withDefaults } from '../checks.js';
import { systemClock, type Cancel, type Clock } from '../clock.js';
import { toBytes, toSeconds, type ByteSize, type Duration } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { instrumentsOf, type MeterProvider } from '../telemetry/instruments.js';
import { checkKey, type SetOptions } from './memory-cache.js';
import { Envelope } from './redis/envelope.js';
import type { Intent, PendingWrites } from './redis/pending-writes.js';
import { ReadBatches } from './redis/read-batch.js';
import { RedisChanges, type ChangeListener } from './redis/redis-changes.js';
import { checkClient, checkUrl, makeClient } from './redis/redis-client.js';
import { RedisLink } from './redis/redis-link.js';
import { lockKey } from './redis/redis-lock.js';
import { RedisMetrics } from './redis/redis-metrics.js';
import { RedisTags } from './redis/redis-tags.js';
import { RedisWrites } from './redis/redis-writes.js';
import { toSerializer, type SerializerName } from './serializer/built-in.js';
import type { Serializer } from './serializer/serializer.js';
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

export interface RedisCacheOptions {
  /** Where Redis is: `redis://user:password@host:6379/0`, or `rediss://` for TLS. This or `client` is needed. */
  readonly url?: string;
  /**
   * A connection of ioredis instead, `Redis` or `Cluster`. It is never closed here. Listening for changes sets up client
   * tracking on it, so it must not serve a second RedisCache.
   */
  readonly client?: Redis | Cluster;
  /** Opens every key in Redis. Caches with the same prefix share their entries. @default 'cache:' */
  readonly prefix?: string;
  /** Lifetime of entries that are set without one. Default: they do not expire. */
  readonly defaultTtl?: Duration;
  /** How long a read may take before it counts as failed. @default 0.1 */
  readonly readTimeout?: Duration;
  /** How long a write may take before it counts as failed. @default 1 */
  readonly writeTimeout?: Duration;
  /** How values become bytes. Entries written under another serializer are misses. @default 'json' */
  readonly serializer?: SerializerName | Serializer;
  /** Values from this size on are compressed, which takes this process' time. Default: never. */
  readonly compressAbove?: ByteSize;
  /** Value of the attribute `perf.cache.name`: that of the cache manager it belongs to. @default 'default' */
  readonly name?: string;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

const REDIS_DEFAULTS = {
  prefix: 'cache:',
  readTimeout: 0.1,
  writeTimeout: 1,
  serializer: 'json',
  name: 'default',
  clock: systemClock,
} as const;

const KNOWN = [
  'url',
  'client',
  'prefix',
  'defaultTtl',
  'readTimeout',
  'writeTimeout',
  'serializer',
  'compressAbove',
  'name',
  'meterProvider',
  'clock',
] as const;

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
  readonly #metrics: RedisMetrics;
  readonly #envelope: Envelope;
  readonly #link: RedisLink;
  readonly #reads: ReadBatches;
  readonly #writes: RedisWrites;
  readonly #pending: PendingWrites;
  readonly #changes: RedisChanges;
  #hits = 0;
  #misses = 0;
  #expirations = 0;

  /** @throws {InvalidOptionError} for options that make no sense; a Redis that cannot be reached is no reason. */
  constructor(options: RedisCacheOptions) {
    const given = withDefaults('RedisCache', REDIS_DEFAULTS, options, KNOWN);
    const { url, client, clock, defaultTtl, compressAbove } = given;
    if ((url === undefined) === (client === undefined)) {
      const actual = url === undefined ? 'neither' : 'both';
      throw new InvalidOptionError('url or client', 'given, one of the two', actual);
    }
    const connect = client === undefined ? this.#connectorTo(checkUrl(url)) : () => checkClient(client);
    if (client !== undefined) checkClient(client);
    const prefix = checkText('prefix', given.prefix);
    this.#entryPrefix = `${prefix}key:`;
    this.#lockPrefix = `${prefix}lock:`;
    const keys = { entries: this.#entryPrefix, tags: `${prefix}tag:`, bus: `${prefix}changes` };
    this.#defaultTtl =
      defaultTtl === undefined ? Infinity : toSeconds('defaultTtl', defaultTtl, { allowInfinity: true });
    const readTimeout = toSeconds('readTimeout', given.readTimeout);
    const writeTimeout = toSeconds('writeTimeout', given.writeTimeout);
    const limit = compressAbove === undefined ? Infinity : toBytes('compressAbove', compressAbove);
    this.#envelope = new Envelope(toSerializer('serializer', given.serializer), limit);
    const metrics = new RedisMetrics(checkText('name', given.name), instrumentsOf(given.meterProvider));
    this.#metrics = metrics;

    const isOwn = client === undefined;
    this.#link = new RedisLink({ connect, isOwn, readTimeout, writeTimeout, clock, metrics });
    this.#reads = new ReadBatches(this.#link, 'get');
    this.#changes = new RedisChanges(this.#link, keys);
    this.#writes = new RedisWrites(this.#link, this.#envelope, this.#entryPrefix, (written) =>
      this.#changes.announce(written),
    );
    this.#pending = this.#writes.pending;
    this.tagStore = new RedisTags(this.#link, this.#writes, keys.tags);
    metrics.watch(this.#link, this.#pending);
  }

  /** Waits for the first connection; never needed, but a start is a good time to hear of a wrong password. */
  ready(timeout: Duration = 5): Promise<void> {
    return this.#link.ready(toSeconds('timeout', timeout));
  }

  /** The value, or `undefined` when it is not here or its freshness is over. @throws {TierError} */
  async get<T = unknown>(key: string): Promise<T | undefined> {
    const entry = await this.getEntry(key);
    return entry !== undefined && entry.ttl > 0 ? (entry.value as T) : undefined;
  }

  /** Keeps a value; `undefined` deletes. @throws {TierError} */
  async set(key: string, value: unknown, options?: SetOptions): Promise<void> {
    const ttl =
      options?.ttl === undefined ? undefined : toSeconds('ttl', options.ttl, { allowInfinity: true });
    if (value === undefined) await this.delete(key);
    else await this.setEntry(key, { value, grace: 0, ...(ttl !== undefined && { ttl }) });
  }

  async getEntry(key: string): Promise<TierEntry | undefined> {
    const redisKey = this.#entryPrefix + checkKey(key);
    const data = this.#isPending(redisKey) ? null : await this.#reads.read(redisKey);
    return this.#open(redisKey, data);
  }

  async getEntries(keys: readonly string[]): Promise<ReadonlyMap<string, TierEntry>> {
    const redisKeys = keys.map((key) => this.#entryPrefix + checkKey(key));
    const replies = await this.#reads.readMany(redisKeys);
    const found = new Map<string, TierEntry>();
    keys.forEach((key, i) => {
      const entry = this.#open(redisKeys[i]!, replies[i]!);
      if (entry !== undefined) found.set(key, entry);
    });
    return found;
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

  /** @throws {TierError} when Redis cannot say who has the lock. */
  lock(key: string, seconds: number): Promise<TierLock | undefined> {
    return lockKey(this.#link, this.#lockPrefix + checkKey(key), seconds);
  }

  onChange(listener: ChangeListener): Cancel {
    return this.#changes.subscribe(listener);
  }

  counts(): TierCounts {
    return {
      hits: this.#hits,
      misses: this.#misses,
      size: undefined,
      maxSize: Infinity,
      evictions: 0,
      expirations: this.#expirations,
    };
  }

  stats(): TierStats {
    return statsOf(this.counts(), this.#pending.bytes);
  }

  /** Lets writes under way end, then closes what it opened. Writes that failed and were not made good are forgotten. */
  async close(): Promise<void> {
    this.#changes.stop();
    this.#writes.stop();
    await this.#link.close();
    this.#metrics.stop();
  }

  #connectorTo(url: string) {
    return () => makeClient(url);
  }

  #isPending(redisKey: string): boolean {
    const { isEmpty, isEverythingWrong } = this.#pending;
    return !isEmpty && (isEverythingWrong || this.#pending.failedFor(redisKey) !== undefined);
  }

  #open(redisKey: string, data: Buffer | null): TierEntry | undefined {
    const entry = this.#isPending(redisKey) ? this.#openPending(redisKey) : this.#openSent(data);
    if (entry !== undefined && entry.ttl + entry.grace > 0) {
      this.#hits += 1;
      return entry;
    }
    this.#misses += 1;
    if (entry !== undefined) this.#expirations += 1;
    return undefined;
  }

  #openSent(data: Buffer | null): TierEntry | undefined {
    if (data === null) return undefined;
    const entry = this.#envelope.open(data, this.#link.serverClock.now());
    if (typeof entry !== 'string') return entry;
    this.#metrics.countUnusable(entry);
    return undefined;
  }

  #openPending(redisKey: string): TierEntry | undefined {
    const write = this.#pending.failedFor(redisKey);
    if (write?.intent.kind !== 'set') return undefined;
    return this.#envelope.reopen(write.intent.entry, (this.#link.clock.now() - write.at) / 1000);
  }
}
