/**
 * Why an entry left: `capacity`, to make room for others. `budget`, to make room in a budget that other caches share.
 * `rejected`: others are asked for more often, or it is bigger than all the room there is. `expired`: its time was over.
 */
export type EvictReason = 'capacity' | 'budget' | 'rejected' | 'expired';

export type OnEvict<K, V> = (key: K, value: V, reason: EvictReason) => void;

export interface PolicyStoreOptions<V> {
  /** Entries it may hold. More than 0. */
  readonly max: number;
  /** What the sizes given to `set` may add up to. Default: sizes do not count. */
  readonly maxBytes?: number | undefined;
  /**
   * Called once for each entry that leaves without being asked to, after it has left; not for one that is deleted,
   * cleared or replaced. It may use the store. What it throws reaches the caller of `set` or `resize`, and the rest
   * that is too much leaves with the next `set`.
   */
  readonly onEvict?: OnEvict<string, V> | undefined;
  /**
   * Numbers from 0 to 1, 1 left out, for policies that need a secret or chance; given only to see the same twice.
   * @default Math.random
   */
  readonly random?: (() => number) | undefined;
}

/**
 * Holds entries up to a bound and decides who leaves when it is full. It knows no time: an entry that is over is one
 * like the others until somebody deletes it.
 */
export interface PolicyStore<V> {
  /** The value, which counts as a use of the entry. */
  get(key: string): V | undefined;
  /** The value, without counting as a use. */
  peek(key: string): V | undefined;
  has(key: string): boolean;
  /**
   * Keeps a value other than `undefined`, which counts as a use. `size` in bytes, at least 1 and 1 by default, matters
   * where there is a `maxBytes`; an entry bigger than that is rejected at once, and the one it should replace is gone.
   */
  set(key: string, value: V, size?: number): void;
  delete(key: string): boolean;
  clear(): void;
  /** Changes how many entries it may hold; what is too much leaves. Takes time by its size. */
  resize(max: number): void;
  /** The first `limit` keys, the most recently used first; where a policy has regions, region by region. */
  keys(limit?: number): string[];
  readonly size: number;
  /** Sizes of all entries together; 0 without `maxBytes`. */
  readonly bytes: number;
  readonly max: number;
}
