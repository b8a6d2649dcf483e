import { checkFunction, withDefaults } from '../../checks.js';
import { InvalidUseError } from '../../errors.js';
import type { CacheManager } from '../cache-manager.js';
import { NamespacedCache, namespacePrefix } from '../namespaced-cache.js';
import { checkTier, type CacheTier } from '../tier.js';
import { ManagerNamespace } from './manager-namespace.js';
import { TierNamespace, type KeyvNamespace, type ListKeys } from './tier-namespace.js';

/** What a `KeyvStore` takes besides its cache. */
export interface KeyvStoreOptions {
  /**
   * Lists the keys of the cache, for `keyv.iterator()`. Default: the `keys()` of the cache, where it has one: all tiers
   * here do, CacheManager does not.
   */
  readonly keys?: ListKeys;
}

/** An entry as Keyv hands it over. `ttl`: milliseconds. */
export interface KeyvStoreEntry {
  readonly key: string;
  readonly value: unknown;
  readonly ttl?: number | undefined;
}

/** Hears what the cache could not do. */
export type KeyvErrorListener = (error: unknown) => void;

const LISTED_AT_ONCE = 100;

/**
 * A CacheManager or any tier as a storage adapter: `new Keyv({ store: new KeyvStore(cache) })`. For Keyv 5, and for Keyv 6,
 * which takes it for an adapter of Keyv 5. One store serves one Keyv: Keyv tells its store the namespace.
 *
 * Entries live in a namespace of the cache, with and without one of Keyv's, and `clear()` leaves everything else alone.
 * A failed read is told by the event `error` and reads as a miss; a failed write rejects, and Keyv tells it.
 */
export class KeyvStore {
  /** Set by Keyv. */
  namespace: string | undefined = undefined;
  // To Keyv 5 only stores of a dialect it knows by name can be iterated.
  readonly opts: Record<string, unknown> = { dialect: 'redis', url: '' };
  readonly #cache: CacheManager | CacheTier;
  readonly #listKeys: ListKeys | undefined;
  readonly #listeners = new Set<KeyvErrorListener>();

  /** @throws {InvalidOptionError} for something that is neither. */
  constructor(cache: CacheManager | CacheTier, options?: KeyvStoreOptions) {
    if (!isManager(cache)) checkTier('cache', cache);
    const { keys } = withDefaults('KeyvStore', {}, options, ['keys']);
    this.#cache = cache;
    this.#listKeys = keys === undefined ? ownKeys(cache) : checkFunction('keys', keys);
    if (isManager(cache)) cache.on('error', ({ error }) => this.#tell(error));
  }

  async get(key: string): Promise<unknown> {
    return (await this.#read([key])).get(key);
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const found = await this.#read(keys);
    return keys.map((key) => found.get(key));
  }

  async has(key: string): Promise<boolean> {
    return (await this.#read([key])).has(key);
  }

  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    const found = await this.#read(keys);
    return keys.map((key) => found.has(key));
  }

  /** @param ttl milliseconds. Without one the entry lives for as long as the cache keeps entries by default. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    await this.setMany([{ key, value, ttl }]);
    return true;
  }

  async setMany(entries: readonly KeyvStoreEntry[]): Promise<boolean[]> {
    const namespace = this.#current();
    const over = entries.filter(isOver);
    if (over.length > 0) await namespace.deleteMany(over.map(({ key }) => key));
    const living = entries.filter((entry) => !isOver(entry));
    await namespace.setMany(
      living.map(({ key, value, ttl }) => ({ key, value, ttl: ttl === undefined ? undefined : ttl / 1000 })),
    );
    return entries.map(() => true);
  }

  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** True when any of them was there. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    return (await this.#current().deleteMany(keys)) > 0;
  }

  /** Removes what is in the namespace, and nothing else. */
  async clear(): Promise<void> {
    await this.#current().clear();
  }

  /** Keys as Keyv gave them, with what it had kept. @throws {InvalidUseError} for a cache that cannot list its keys. */
  async *iterator(namespace = this.namespace): AsyncGenerator<[string, unknown], void> {
    if (this.#listKeys === undefined) {
      throw new InvalidUseError('this cache cannot list its keys: give the KeyvStore the option `keys`');
    }
    const prefix = namespacePrefix(namespace ?? '');
    const part = this.#part(namespace);
    let batch: string[] = [];
    for await (const key of this.#listKeys()) {
      if (!key.startsWith(prefix)) continue;
      batch.push(key.slice(prefix.length));
      if (batch.length < LISTED_AT_ONCE) continue;
      yield* await part.getMany(batch);
      batch = [];
    }
    yield* await part.getMany(batch);
  }

  /** Closes the cache, as other adapters close their connection. */
  async disconnect(): Promise<void> {
    await this.#cache.close?.();
  }

  /** The only event is `error`. */
  on(event: string, listener: KeyvErrorListener): this {
    if (event === 'error') this.#listeners.add(listener);
    return this;
  }

  off(event: string, listener: KeyvErrorListener): this {
    if (event === 'error') this.#listeners.delete(listener);
    return this;
  }

  async #read(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    try {
      return await this.#current().getMany(keys);
    } catch (error) {
      this.#tell(error);
      return new Map();
    }
  }

  #current(): KeyvNamespace {
    return this.#part(this.namespace);
  }

  #part(namespace: string | undefined): KeyvNamespace {
    const cache = this.#cache;
    // Without a namespace they are in the one of no name, which nobody else can have.
    const name = namespace ?? '';
    if (isManager(cache)) return new ManagerNamespace(new NamespacedCache(cache, name));
    return new TierNamespace(cache, namespacePrefix(name), this.#listKeys);
  }

  #tell(error: unknown): void {
    for (const listener of this.#listeners) listener(error);
  }
}

function isOver({ ttl }: KeyvStoreEntry): boolean {
  return ttl !== undefined && ttl <= 0;
}

function isManager(cache: CacheManager | CacheTier): cache is CacheManager {
  return typeof (cache as Partial<CacheManager> | null)?.namespace === 'function';
}

function ownKeys(cache: CacheManager | CacheTier): ListKeys | undefined {
  const { keys } = cache as { readonly keys?: ListKeys };
  return typeof keys === 'function' ? () => keys.call(cache) : undefined;
}
