import { LRUCache } from 'lru-cache';
import type { PolicyStore, PolicyStoreOptions } from './policy-store.js';

/** Anything but `undefined`. The types of lru-cache leave out `null`, its code does not. */
type Stored = string | number | boolean | bigint | symbol | object;

/** The least recently used leave first: lru-cache as it is. */
export class LruStore<V> implements PolicyStore<V> {
  readonly #options: PolicyStoreOptions<V>;
  #entries: LRUCache<string, Stored>;

  constructor(options: PolicyStoreOptions<V>) {
    this.#options = options;
    this.#entries = this.#make(options.max);
  }

  get(key: string): V | undefined {
    return this.#entries.get(key) as V | undefined;
  }

  peek(key: string): V | undefined {
    return this.#entries.peek(key) as V | undefined;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  set(key: string, value: V, size = 1): void {
    const { maxBytes, onEvict } = this.#options;
    if (maxBytes === undefined) {
      this.#entries.set(key, value as Stored);
      return;
    }
    // lru-cache keeps the size it knows when the value is the same object, though that may have grown.
    if (size > maxBytes || this.#entries.peek(key) === value) this.#entries.delete(key);
    if (size <= maxBytes) this.#entries.set(key, value as Stored, { size });
    else onEvict?.(key, value, 'rejected');
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** lru-cache cannot change its bounds, so all entries move to another one. */
  resize(max: number): void {
    const before = this.#entries;
    this.#entries = this.#make(max);
    // Oldest first, so that the order of use survives and those that leave are heard of.
    for (const key of before.rkeys()) {
      const { value, size } = before.info(key)!;
      this.set(key, value as V, size);
    }
  }

  keys(limit = Infinity): string[] {
    const keys: string[] = [];
    for (const key of this.#entries.keys()) {
      if (keys.length >= limit) break;
      keys.push(key);
    }
    return keys;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get max(): number {
    return this.#entries.max;
  }

  #make(max: number): LRUCache<string, Stored> {
    const { maxBytes, onEvict } = this.#options;
    return new LRUCache({
      max,
      ...(maxBytes !== undefined && { maxSize: maxBytes }),
      ...(onEvict !== undefined && {
        // Not `dispose`: it runs while the entry is half removed, and the listener may use the store.
        disposeAfter: (value: Stored, key: string, reason: string) => {
          if (reason === 'evict') onEvict(key, value as V, 'capacity');
        },
      }),
    });
  }
}
