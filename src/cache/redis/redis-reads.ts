import type { TierEntry } from '../tier.js';
import type { Envelope } from './envelope.js';
import type { PendingWrites } from './pending-writes.js';
import { ReadBatches } from './read-batch.js';
import type { RecentKeys } from './recent-keys.js';
import type { RedisLink } from './redis-link.js';
import type { RemoteMetrics } from '../remote-metrics.js';

export interface RedisReadsOptions {
  readonly link: RedisLink;
  readonly envelope: Envelope;
  /** Writes that hide what Redis has. */
  readonly pending: PendingWrites;
  /** Keys that other programs changed and that were not read since. */
  readonly touched: RecentKeys;
  readonly metrics: RemoteMetrics;
}

/** Reads entries by their keys in Redis, and counts them. No async functions on the way of a hit: each costs. */
export class RedisReads {
  readonly #options: RedisReadsOptions;
  readonly #batches: ReadBatches;
  hits = 0;
  misses = 0;
  expirations = 0;

  constructor(options: RedisReadsOptions) {
    this.#options = options;
    this.#batches = new ReadBatches(options.link, 'get');
  }

  read(redisKey: string): Promise<TierEntry | undefined> {
    if (this.#isPending(redisKey)) return Promise.resolve(this.#openPending(redisKey));
    if (this.#options.touched.take(redisKey)) return this.#readTouched(redisKey);
    return this.#batches.read(redisKey, this.#open);
  }

  /** The value of an entry that is fresh. */
  readFresh(redisKey: string): Promise<unknown> {
    if (this.#isPending(redisKey)) return Promise.resolve(freshValue(this.#openPending(redisKey)));
    if (this.#options.touched.take(redisKey)) return this.#readTouched(redisKey).then(freshValue);
    return this.#batches.read(redisKey, this.#openFresh);
  }

  /** The entries in the order of the keys. */
  async readMany(redisKeys: readonly string[]): Promise<readonly (TierEntry | undefined)[]> {
    const { touched } = this.#options;
    const times = new Map<string, Promise<number>>();
    for (const key of redisKeys) if (touched.take(key)) times.set(key, this.#timeLeft(key));
    const replies = await this.#batches.readMany(redisKeys);
    const found = redisKeys.map((key, i) => this.#open(key, replies[i]!));
    if (times.size === 0) return found;
    return Promise.all(
      found.map(async (entry, i) => entry && endingIn(entry, (await times.get(redisKeys[i]!)) ?? Infinity)),
    );
  }

  /** Redis tells of an expiry up to a tenth of a second late, so the time others gave an entry is asked for. */
  async #readTouched(redisKey: string): Promise<TierEntry | undefined> {
    const left = this.#timeLeft(redisKey);
    const entry = await this.#batches.read(redisKey, this.#open);
    return entry && endingIn(entry, await left);
  }

  /** Seconds until Redis removes a key, `Infinity` when it does not or cannot be asked. */
  async #timeLeft(redisKey: string): Promise<number> {
    try {
      const left = await this.#options.link.read('get', (client) => client.pttl(redisKey));
      return left < 0 ? Infinity : left / 1000;
    } catch {
      return Infinity;
    }
  }

  #isPending(redisKey: string): boolean {
    const { isEmpty, isEverythingWrong } = this.#options.pending;
    return !isEmpty && (isEverythingWrong || this.#options.pending.failedFor(redisKey) !== undefined);
  }

  // Functions, not methods: a batch calls them for each of its readers.
  readonly #open = (redisKey: string, data: Buffer | null, now?: number): TierEntry | undefined =>
    this.#count(this.#isPending(redisKey) ? this.#pendingEntry(redisKey) : this.#openSent(data, now));

  readonly #openFresh = (redisKey: string, data: Buffer | null, now?: number): unknown =>
    freshValue(this.#open(redisKey, data, now));

  #openPending(redisKey: string): TierEntry | undefined {
    return this.#count(this.#pendingEntry(redisKey));
  }

  #count(entry: TierEntry | undefined): TierEntry | undefined {
    if (entry !== undefined && entry.ttl + entry.grace > 0) {
      this.hits += 1;
      return entry;
    }
    this.misses += 1;
    if (entry !== undefined) this.expirations += 1;
    return undefined;
  }

  #openSent(data: Buffer | null, now?: number): TierEntry | undefined {
    if (data === null) return undefined;
    const { envelope, link, metrics } = this.#options;
    const entry = envelope.open(data, link.serverClock.now(now));
    if (typeof entry !== 'string') return entry;
    metrics.countUnusable(entry);
    return undefined;
  }

  #pendingEntry(redisKey: string): TierEntry | undefined {
    const { envelope, link, pending } = this.#options;
    const write = pending.failedFor(redisKey);
    if (write?.intent.kind !== 'set') return undefined;
    return envelope.reopen(write.intent.entry, (link.clock.now() - write.at) / 1000);
  }
}

function freshValue(entry: TierEntry | undefined): unknown {
  return entry !== undefined && entry.ttl > 0 ? entry.value : undefined;
}

/** The entry, over in so many seconds at the latest. */
function endingIn(entry: TierEntry, seconds: number): TierEntry {
  if (seconds >= entry.ttl + entry.grace) return entry;
  const ttl = Math.min(entry.ttl, seconds);
  return { ...entry, ttl, grace: seconds - ttl };
}
