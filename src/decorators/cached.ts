import { cachedDecorator, type CachedDecorator, type CachedOptions } from '../cache/cached-function.js';
import { activeCache } from './active.js';

/** Keeps the results of a function or method in the default cache; see `CacheManager.cache`. */
export function cached(options?: CachedOptions): CachedDecorator {
  return cachedDecorator(activeCache, options);
}
