import { cachedDecorator, type CachedOptions } from '../cache/cached-function.js';
import type { DualDecorator } from '../dual-decorator.js';
import { activeCache } from './active.js';

/** Keeps the results of a function or method in the default cache; see `CacheManager.cache`. */
export function cached(options?: CachedOptions): DualDecorator {
  return cachedDecorator(activeCache, options);
}
