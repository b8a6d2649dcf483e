import type { LoadOptions, SetEntryOptions } from './entry-options.js';
import type { BatchFactory } from './load-many.js';
import type { Factory } from './producer.js';

/** What a namespace needs of the cache it is a part of. */
export interface WholeCache {
  getIfPresent<T>(key: string): T | undefined;
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown, options?: SetEntryOptions): Promise<void>;
  has(key: string): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  getOrSet<T>(key: string, factory: Factory<T>, options?: LoadOptions<T>): Promise<T>;
  getMany<T>(keys: readonly string[]): Promise<Map<string, T>>;
  setMany(entries: Iterable<readonly [string, unknown]>, options?: SetEntryOptions): Promise<void>;
  deleteMany(keys: readonly string[]): Promise<number>;
  getOrSetMany<T>(
    keys: readonly string[],
    factory: BatchFactory<T>,
    options?: SetEntryOptions,
  ): Promise<Map<string, T>>;
  invalidateTags(tags: string): Promise<void>;
}

/** What opens the keys of a namespace: another text for each name, and none opens with another one. */
export function namespacePrefix(name: string): string {
  return `${name.replaceAll(/[%:]/g, encodeURIComponent)}:`;
}

/**
 * A part of a cache: its keys get a prefix, and everything in it carries a tag of its own, so that clearing it is one
 * write, whatever it holds.
 */
export class NamespacedCache {
  readonly #cache: WholeCache;
  readonly #prefix: string;
  readonly #tag: string;

  constructor(cache: WholeCache, name: string) {
    this.#cache = cache;
    this.#prefix = namespacePrefix(name);
    this.#tag = `namespace ${name}`;
  }

  getIfPresent<T = unknown>(key: string): T | undefined {
    return this.#cache.getIfPresent(this.#prefix + key);
  }

  async get<T = unknown>(key: string): Promise<T | undefined> {
    return this.#cache.get(this.#prefix + key);
  }

  async set(key: string, value: unknown, options?: SetEntryOptions): Promise<void> {
    await this.#cache.set(this.#prefix + key, value, this.#tagged(options));
  }

  async has(key: string): Promise<boolean> {
    return this.#cache.has(this.#prefix + key);
  }

  async delete(key: string): Promise<boolean> {
    return this.#cache.delete(this.#prefix + key);
  }

  async getOrSet<T>(key: string, factory: Factory<T>, options?: LoadOptions<T>): Promise<T> {
    return this.#cache.getOrSet(this.#prefix + key, factory, this.#tagged(options));
  }

  async getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    return this.#withoutPrefix(await this.#cache.getMany<T>(keys.map((key) => this.#prefix + key)));
  }

  async setMany(entries: Iterable<readonly [string, unknown]>, options?: SetEntryOptions): Promise<void> {
    const prefixed = [...entries].map(([key, value]) => [this.#prefix + key, value] as const);
    await this.#cache.setMany(prefixed, this.#tagged(options));
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    return this.#cache.deleteMany(keys.map((key) => this.#prefix + key));
  }

  async getOrSetMany<T>(
    keys: readonly string[],
    factory: BatchFactory<T>,
    options?: SetEntryOptions,
  ): Promise<Map<string, T>> {
    const load = async (missing: readonly string[]): Promise<Map<string, T>> => {
      const loaded = await factory(missing.map((key) => key.slice(this.#prefix.length)));
      const entries =
        loaded instanceof Map ? [...(loaded as Map<string, T>)] : Object.entries(loaded as Record<string, T>);
      return new Map(entries.map(([key, value]) => [this.#prefix + key, value]));
    };
    const prefixed = keys.map((key) => this.#prefix + key);
    return this.#withoutPrefix(await this.#cache.getOrSetMany<T>(prefixed, load, this.#tagged(options)));
  }

  /** Removes what is in this namespace and leaves the rest: one write. */
  async clear(): Promise<void> {
    await this.#cache.invalidateTags(this.#tag);
  }

  #tagged<O extends { readonly tags?: readonly string[] }>(options: O | undefined): O {
    return { ...options, tags: [...(options?.tags ?? []), this.#tag] } as unknown as O;
  }

  #withoutPrefix<T>(values: ReadonlyMap<string, T>): Map<string, T> {
    return new Map([...values].map(([key, value]) => [key.slice(this.#prefix.length), value]));
  }
}
