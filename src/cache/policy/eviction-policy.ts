import { LruStore } from './lru-store.js';
import type { PolicyStore, PolicyStoreOptions } from './policy-store.js';
import { TinyLfuStore } from './tiny-lfu-store.js';

export const EVICTION_POLICIES = ['lru', 'tinylfu'] as const;

/**
 * Who leaves a full cache. `lru`: what was not used for longest, known to everybody and the cheapest. `tinylfu`: what
 * is asked for least often, as far as that gives more hits than `lru` here: it watches, and behaves like `lru` as long
 * as it sees no gain.
 */
export type EvictionPolicy = (typeof EVICTION_POLICIES)[number];

export function makePolicyStore<V>(policy: EvictionPolicy, options: PolicyStoreOptions<V>): PolicyStore<V> {
  return policy === 'tinylfu' ? new TinyLfuStore(options) : new LruStore(options);
}
