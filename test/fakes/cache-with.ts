import { CacheManager } from '../../src/cache/cache-manager.js';
import type { CacheManagerOptions } from '../../src/cache/cache-manager-options.js';
import { MemoryCache } from '../../src/cache/memory-cache.js';
import { FakeClock } from './fake-clock.js';

let names = 0;

/** Loaders that count and can be held up. */
export class Loads {
  count = 0;
  readonly stales: unknown[] = [];

  returning<T>(value: T) {
    return ({ stale }: { readonly stale?: unknown } = {}): T => {
      this.count += 1;
      this.stales.push(stale);
      return value;
    };
  }

  failing(error: Error) {
    return (): never => {
      this.count += 1;
      throw error;
    };
  }

  /** One that ends when it is told to. */
  held<T>() {
    let finish!: (value: T) => void;
    let fail!: (error: Error) => void;
    let begin!: () => void;
    const result = new Promise<T>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const load = (): Promise<T> => {
      this.count += 1;
      begin();
      return result;
    };
    return { load, finish, fail, begun };
  }
}

/** A cache of its own name on a clock that moves by hand. */
export function cacheWith(options: CacheManagerOptions & { readonly ttl?: number } = {}) {
  const clock = new FakeClock();
  const { ttl, ...rest } = options;
  const cache = new CacheManager({
    primary: new MemoryCache({ clock }),
    name: `cache-with-${names++}`,
    clock,
    ...(ttl !== undefined && { defaultTtl: ttl }),
    ...rest,
  });
  return { cache, clock, loads: new Loads() };
}

/** Lets promises that are settled run on. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
