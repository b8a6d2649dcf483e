import type { MemoryEntry } from './memory-entry.js';

/**
 * Whether an entry that is still fresh is worth loading anew: after a share of its lifetime, or by chance that grows
 * towards its end with the time loading takes (XFetch with beta 1: now - loadMs * ln(random) >= end).
 */
export function isWorthRefreshing(
  { freshUntil, lifetime, loadMs }: MemoryEntry,
  ahead: number | 'probabilistic',
  now: number,
  random: () => number = Math.random,
): boolean {
  if (freshUntil === Infinity) return false;
  if (ahead === 'probabilistic') return now - loadMs * Math.log(random()) >= freshUntil;
  return now >= freshUntil - lifetime * (1 - ahead);
}
