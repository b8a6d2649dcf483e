import type { Cancel } from '../../clock.js';
import { InvalidOptionError } from '../../errors.js';
import { noticeOnce } from '../../telemetry/notice.js';

/** Something with entries that can be done without: a Map, a Set, a cache. `clear` is preferred. */
export type ClearableCache =
  { clear(): unknown; readonly size?: unknown } | { keys(): Iterable<unknown>; delete(key: never): unknown };

/** Caches of the application that are emptied under pressure, and that may be garbage collected any time before. */
export class WeakCaches {
  readonly #references = new Set<WeakRef<ClearableCache>>();

  /** Those that still exist. */
  get size(): number {
    return this.#alive().length;
  }

  /** Holds the cache weakly: whoever made it decides how long it lives. */
  add(cache: ClearableCache): Cancel {
    if (!isClearable(cache)) {
      throw new InvalidOptionError('cache', 'an object with clear(), or with keys() and delete()', cache);
    }
    const reference = new WeakRef(cache);
    this.#references.add(reference);
    return () => void this.#references.delete(reference);
  }

  /** Empties them; returns how many entries left, of those that tell. One that fails is said once. */
  clear(): number {
    let removed = 0;
    for (const cache of this.#alive()) {
      try {
        removed += empty(cache);
      } catch (error) {
        noticeOnce('weak cache', `a registered cache could not be emptied: ${String(error)}`);
      }
    }
    return removed;
  }

  #alive(): ClearableCache[] {
    const alive: ClearableCache[] = [];
    for (const reference of this.#references) {
      const cache = reference.deref();
      if (cache === undefined) this.#references.delete(reference);
      else alive.push(cache);
    }
    return alive;
  }
}

function isClearable(cache: unknown): cache is ClearableCache {
  if (typeof cache !== 'object' || cache === null) return false;
  const is = (name: string) => typeof (cache as Record<string, unknown>)[name] === 'function';
  return is('clear') || (is('keys') && is('delete'));
}

function empty(cache: ClearableCache): number {
  if ('clear' in cache) {
    const { size } = cache;
    const result = cache.clear();
    if (result instanceof Promise) result.catch(noteFailure);
    return typeof size === 'number' ? size : 0;
  }
  const keys = [...cache.keys()] as never[];
  for (const key of keys) cache.delete(key);
  return keys.length;
}

function noteFailure(error: unknown): void {
  noticeOnce('weak cache', `a registered cache could not be emptied: ${String(error)}`);
}
