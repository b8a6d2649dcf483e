import { checkBoolean, checkText, withDefaults } from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import { toSeconds, type Duration } from '../../duration.js';
import { instrumentsOf, type MeterProvider } from '../../telemetry/instruments.js';
import { checkKey } from '../memory-cache.js';
import { toSerializer, type SerializerName } from '../serializer/built-in.js';
import type { Serializer } from '../serializer/serializer.js';
import {
  statsOf,
  type CacheTier,
  type EntryToKeep,
  type TagStore,
  type TierCounts,
  type TierEntry,
  type TierStats,
} from '../tier.js';
import { openEntry, sealEntry } from './keyv-entry.js';
import { KeyvLink } from './keyv-link.js';
import { RemoteMetrics } from '../remote-metrics.js';
import { portOf, UNREADABLE, type KeyvLike, type KeyvWrite } from './keyv-port.js';
import { KeyvRepairs } from './keyv-repairs.js';
import { KeyvTags } from './keyv-tags.js';

/** The store of Keyv, and how long it is waited for. */
export interface KeyvTierOptions {
  /**
   * A Keyv of version 5 or 6, one of its storage adapters, or a Map. Give the tier one of its own, or a namespace of its
   * own: `clear()` removes everything in it.
   */
  readonly store: KeyvLike;
  /** Opens every key in the store. @default 'cache/' */
  readonly prefix?: string;
  /** Lifetime of entries that are set without one. Default: they do not expire. */
  readonly defaultTtl?: Duration;
  /** How long a read may take before it counts as failed. @default 0.1 */
  readonly readTimeout?: Duration;
  /** How long a write may take before it counts as failed. @default 1 */
  readonly writeTimeout?: Duration;
  /** How values become text. Entries written under another serializer are misses. @default 'json' */
  readonly serializer?: SerializerName | Serializer;
  /** True: `close()` disconnects the store. @default false */
  readonly ownsStore?: boolean;
  /** Value of the attribute `perf.cache.name`. Default: the name of the cache manager it belongs to. */
  readonly name?: string;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

const KEYV_DEFAULTS = {
  prefix: 'cache/',
  readTimeout: 0.1,
  writeTimeout: 1,
  serializer: 'json',
  ownsStore: false,
  clock: systemClock,
} as const;

const KNOWN = [
  'store',
  'prefix',
  'defaultTtl',
  'readTimeout',
  'writeTimeout',
  'serializer',
  'ownsStore',
  'name',
  'meterProvider',
  'clock',
] as const;

/** Three thousand years; stores refuse times beyond the integers they count in. */
const FOR_EVER_MS = 1e14;

/** Repairs under way at the same time. */
const REPAIRS_AT_ONCE = 50;

/**
 * Keeps values in any store of Keyv. Every call ends within its timeout: when the store is gone, hangs or is slow, one call
 * notices and the others fail at once until it is back, with a `TierError` that a cache manager turns into a miss. What a
 * failed write was to replace is not read here any more, and removed when the store is back.
 *
 * Keyv has no locks and tells of no changes, so this tier does not either: `lockLoads` has no effect, and what another
 * process wrote is seen when the entry in memory ends.
 */
export class KeyvTier implements CacheTier {
  readonly kind = 'custom';
  readonly traits: CacheTier['traits'];
  readonly tagStore: TagStore;
  readonly #prefix: string;
  readonly #defaultTtl: number;
  readonly #serializer: Serializer;
  readonly #ownsStore: boolean;
  readonly #clock: Clock;
  readonly #metrics: RemoteMetrics;
  readonly #isNamed: boolean;
  readonly #link: KeyvLink;
  readonly #repairs = new KeyvRepairs();
  #repairing: Promise<void> | undefined;
  #hits = 0;
  #misses = 0;
  #expirations = 0;

  /** @throws {InvalidOptionError} for options that make no sense; a store that cannot be reached is no reason. */
  constructor(options: KeyvTierOptions) {
    const given = withDefaults('KeyvTier', KEYV_DEFAULTS, options, KNOWN);
    const { clock, defaultTtl } = given;
    const port = portOf(given.store);
    const prefix = checkText('prefix', given.prefix);
    const readTimeout = toSeconds('readTimeout', given.readTimeout);
    const writeTimeout = toSeconds('writeTimeout', given.writeTimeout);
    const { name } = given;
    const instruments = instrumentsOf(given.meterProvider);
    const shownName = name === undefined ? 'default' : checkText('name', name);
    const metrics = new RemoteMetrics(shownName, this.kind, instruments);
    this.#isNamed = name !== undefined;
    this.traits = { answersAtOnce: false, canFail: true, isShared: port.isShared };
    // No colon before the key: Keyv 5 takes a key that opens with its namespace and a colon for one it made itself.
    this.#prefix = `${prefix}key/`;
    this.#defaultTtl =
      defaultTtl === undefined ? Infinity : toSeconds('defaultTtl', defaultTtl, { allowInfinity: true });
    this.#serializer = toSerializer('serializer', given.serializer);
    this.#ownsStore = checkBoolean('ownsStore', given.ownsStore);
    this.#clock = clock;
    this.#metrics = metrics;
    const onUp = () => void this.#repair();
    const probeKey = `${prefix}probe`;
    this.#link = new KeyvLink({ port, probeKey, readTimeout, writeTimeout, clock, metrics, onUp });
    this.tagStore = new KeyvTags(this.#link, this.#repairs, `${prefix}tag/`);
    metrics.watch({ link: this.#link, pending: this.#repairs });
  }

  async getEntry(key: string): Promise<TierEntry | undefined> {
    return (await this.getEntries([key])).get(key);
  }

  async getEntries(keys: readonly string[]): Promise<ReadonlyMap<string, TierEntry>> {
    const asked = keys.filter((key) => !this.#repairs.isWrong(this.#prefix + checkKey(key)));
    const storeKeys = asked.map((key) => this.#prefix + key);
    const texts = asked.length === 0 ? [] : await this.#link.read('get', (port) => port.read(storeKeys));
    const found = new Map<string, TierEntry>();
    asked.forEach((key, i) => {
      const entry = this.#open(texts[i]);
      if (entry !== undefined) found.set(key, entry);
    });
    this.#hits += found.size;
    this.#misses += keys.length - found.size;
    return found;
  }

  async setEntry(key: string, entry: EntryToKeep): Promise<void> {
    await this.setEntries(new Map([[key, entry]]));
  }

  async setEntries(entries: ReadonlyMap<string, EntryToKeep>): Promise<void> {
    const now = this.#clock.wallNow();
    const writes = [...entries].map(([key, entry]): KeyvWrite => {
      const { ttl = this.#defaultTtl, grace } = entry;
      const text = sealEntry(entry, ttl, now, this.#serializer);
      const ms = Math.max(1, Math.ceil((ttl + grace) * 1000));
      const ttlMs = ms < FOR_EVER_MS ? ms : undefined;
      return { key: this.#prefix + checkKey(key), text, ttlMs };
    });
    await this.#change(
      writes.map(({ key }) => key),
      () => this.#link.write('set', (port) => port.write(writes)),
    );
  }

  async delete(key: string): Promise<boolean> {
    return (await this.deleteMany([key])) > 0;
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const storeKeys = keys.map((key) => this.#prefix + checkKey(key));
    // One by one and at the same time: Keyv does not say how many of several keys it had.
    const deleted = await this.#change(storeKeys, () =>
      this.#link.write('delete', (port) => Promise.all(storeKeys.map((key) => port.delete(key)))),
    );
    return deleted.filter(Boolean).length;
  }

  /** The store's own `clear()`: removes everything in its namespace, versions of tags too. */
  async clear(): Promise<void> {
    try {
      await this.#link.write('clear', (port) => port.clear());
      this.#repairs.doneAll();
    } catch (error) {
      this.#repairs.rememberAll();
      throw error;
    }
  }

  /** @internal */
  belongTo(cacheName: string): void {
    if (!this.#isNamed) this.#metrics.rename(cacheName);
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
    return statsOf(this.counts(), 0);
  }

  /** Ends all calls; disconnects the store only when the tier owns it. Writes that were not made good are forgotten. */
  async close(): Promise<void> {
    await this.#link.close(this.#ownsStore);
    this.#metrics.stop();
  }

  #open(found: unknown): TierEntry | undefined {
    if (found === undefined || found === null) return undefined;
    const entry =
      found === UNREADABLE ? 'damaged' : openEntry(found, this.#clock.wallNow(), this.#serializer);
    if (typeof entry === 'string') {
      this.#metrics.countUnusable(entry);
      return undefined;
    }
    if (entry.ttl + entry.grace > 0) return entry;
    this.#expirations += 1;
    return undefined;
  }

  /** Until a failed change is made good, nobody reads what it was to replace. */
  async #change<R>(storeKeys: readonly string[], change: () => Promise<R>): Promise<R> {
    try {
      const result = await change();
      for (const key of storeKeys) this.#repairs.forget(key);
      return result;
    } catch (error) {
      for (const key of storeKeys) this.#repairs.remember(key);
      if (this.#link.isUp) void this.#repair();
      throw error;
    }
  }

  /** Runs once at a time. What fails again is done when the store is back once more. */
  async #repair(): Promise<void> {
    this.#repairing ??= this.#repairAll()
      .catch(() => {})
      .finally(() => (this.#repairing = undefined));
    await this.#repairing;
  }

  async #repairAll(): Promise<void> {
    if (this.#repairs.isEverythingWrong) {
      await this.#link.write('repair', (port) => port.clear());
      this.#repairs.doneAll();
    }
    const todo = this.#repairs.list();
    for (let i = 0; i < todo.length; i += REPAIRS_AT_ONCE) {
      await Promise.allSettled(todo.slice(i, i + REPAIRS_AT_ONCE).map((each) => this.#repairOne(...each)));
      if (!this.#link.isUp) return;
    }
  }

  async #repairOne(key: string, text: string | undefined): Promise<void> {
    await this.#link.write('repair', async (port) => {
      if (text === undefined) await port.delete(key);
      else await port.write([{ key, text, ttlMs: undefined }]);
    });
    this.#repairs.done(key, text);
    this.#metrics.countRepairs(1);
  }
}
