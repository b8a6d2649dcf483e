import type { NamespacedCache } from '../namespaced-cache.js';
import type { KeyvNamespace, KeyvNamespaceEntry } from './tier-namespace.js';

/** A namespace of a cache manager. */
export class ManagerNamespace implements KeyvNamespace {
  readonly #cache: NamespacedCache;

  constructor(cache: NamespacedCache) {
    this.#cache = cache;
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const [only] = keys;
    if (only === undefined || keys.length > 1) return this.#cache.getMany(keys);
    const value = await this.#cache.get(only);
    return new Map(value === undefined ? [] : [[only, value]]);
  }

  async setMany(entries: readonly KeyvNamespaceEntry[]): Promise<void> {
    await Promise.all(
      entries.map(({ key, value, ttl }) => this.#cache.set(key, value, ttl === undefined ? {} : { ttl })),
    );
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    // What a clear left behind is deleted too, but does not count.
    const present = await Promise.all(keys.map((key) => this.#cache.has(key)));
    await this.#cache.deleteMany(keys);
    return present.filter(Boolean).length;
  }

  async clear(): Promise<void> {
    await this.#cache.clear();
  }
}
