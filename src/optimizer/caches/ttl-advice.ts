import type { Look, OptimizerAction, Proposal } from '../action.js';
import { asPercent } from '../figures.js';
import type { CacheObservation } from '../observation.js';

export interface TtlSignal extends CacheObservation {
  /** Length of the interval. */
  readonly seconds: number;
}

/** Fewer entries that left say nothing. */
const MIN_LEAVING = 100;
/** Of the entries that leave: if fewer end by their time, that time decides nothing. */
const RARELY_EXPIRED = 0.01;

/**
 * Says where the ttl decides nothing, as entries leave long before to make room. It never changes a ttl: how old a value
 * may be is not the optimizer's to know. Caches whose ttl does decide are left out.
 */
export class TtlAdvice implements OptimizerAction<TtlSignal> {
  readonly name = 'ttl_advice';
  readonly resource = 'cache';
  readonly mode = 'advise';

  observe({ observation: { caches, seconds } }: Look): readonly TtlSignal[] {
    return caches.map((cache) => ({ ...cache, seconds })).filter(isTtlIdle);
  }

  propose(signal: TtlSignal): Proposal {
    return adviseTtl(signal);
  }
}

export function isTtlIdle({ evictions, expirations, seconds }: TtlSignal): boolean {
  const leaving = evictions + expirations;
  return seconds > 0 && leaving >= MIN_LEAVING && expirations <= RARELY_EXPIRED * leaving;
}

/** Pure. */
export function adviseTtl({ name, evictions, expirations, entries, seconds }: TtlSignal): Proposal {
  // Little's law: as many entries as there are, divided by how many leave in a second.
  const evictionAge = entries / (evictions / seconds);
  const share = asPercent(expirations / (evictions + expirations));
  return {
    target: name,
    reason: 'ttl_never_reached',
    explanation: `entries of cache "${name}" leave to make room after ${evictionAge.toFixed(1)} s in the mean; ${share} end by their ttl, so a longer one changes nothing`,
    numbers: { evictionAge, evictions, expirations },
  };
}
