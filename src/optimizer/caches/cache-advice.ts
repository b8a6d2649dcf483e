import type { Look, OptimizerAction, Proposal } from '../action.js';
import { asPercent } from '../figures.js';
import type { CacheObservation } from '../observation.js';

/** Fewer lookups say nothing about a cache. */
const MIN_LOOKUPS = 1000;
/** Below this a cache that has no room is worth enlarging. */
const LOW_HIT_RATIO = 0.8;
/** Below this a cache with room to spare does not get the same keys again. */
const USELESS_HIT_RATIO = 0.2;
/** A cache this full evicts for every new entry. */
const FULL = 0.95;

/** Says what would help a cache, by what it did since the last look. */
export class CacheAdvice implements OptimizerAction<CacheObservation> {
  readonly name = 'cache_advice';
  readonly resource = 'cache';
  readonly mode = 'advise';

  observe({ observation }: Look): readonly CacheObservation[] {
    return observation.caches;
  }

  propose(cache: CacheObservation): Proposal {
    return adviseCache(cache);
  }
}

/** Pure. */
export function adviseCache(cache: CacheObservation): Proposal {
  const { name, lookups, hitRatio, evictions, entries, limit } = cache;
  const state = `cache "${name}" answered ${asPercent(hitRatio)} of ${lookups} lookups`;
  const proposal = { target: name, numbers: { lookups, hitRatio, evictions, entries, limit } };
  if (lookups < MIN_LOOKUPS) {
    const explanation = `${state}: too few to judge (under ${MIN_LOOKUPS})`;
    return { ...proposal, reason: 'too_few_lookups', explanation };
  }
  // Without a limit of entries a budget decides, of which `whatIf` knows more.
  const isFull = limit > 0 && entries >= FULL * limit;
  if (hitRatio < LOW_HIT_RATIO && evictions > 0 && isFull) {
    return {
      ...proposal,
      reason: 'full_and_missing',
      explanation: `${state} while evicting ${evictions} entries to make room`,
      recommendation: `Raise maxSize of cache "${name}" (now ${limit}): it is full and misses`,
    };
  }
  if (hitRatio < USELESS_HIT_RATIO && evictions === 0) {
    return {
      ...proposal,
      reason: 'rarely_asked_again',
      explanation: `${state} though it has room`,
      recommendation: `Review keys and ttl of cache "${name}": the same key is rarely asked for twice`,
    };
  }
  return { ...proposal, reason: 'within_limits', explanation: `${state}; nothing would help for certain` };
}
