import { placeOf } from './lease-watch.js';
import type { PoolEntry } from './pool-entry.js';

/** Resources and requests of a pool now. */
export interface PoolStats {
  /** Resources there are: idle, leased, validating or closing. It is `created` less `destroyed`. */
  readonly size: number;
  readonly idle: number;
  readonly leased: number;
  readonly validating: number;
  /** Being destroyed. */
  readonly closing: number;
  /** Being made. */
  readonly creating: number;
  /** Requests that wait. */
  readonly pending: number;
  readonly maxSize: number;
  readonly minSize: number;
  /** Requests that may have a place at the same time; below `maxSize` only where the limit adapts. */
  readonly limit: number;
  /** Seconds; 0 when nothing is leased. */
  readonly oldestLease: number;
  /** Since the pool was made. */
  readonly created: number;
  readonly destroyed: number;
  readonly timeouts: number;
  /** Leases that were forgotten without being released, as far as the garbage collector has found them. */
  readonly leaked: number;
}

/** A lease nobody released before the pool closed. */
export interface AbandonedLease {
  /** Seconds. */
  readonly heldFor: number;
  /** Where it was acquired, with `leaseWarn` only. */
  readonly acquiredAt: string | undefined;
}

/** What was left when a pool was closed. */
export interface PoolCloseReport {
  /** Leases that were not released in time; their resources were destroyed all the same. The oldest comes first. */
  readonly abandoned: readonly AbandonedLease[];
}

type Entries = Iterable<PoolEntry<unknown>>;

export function oldestLease(entries: Entries): PoolEntry<unknown> | undefined {
  let oldest: PoolEntry<unknown> | undefined;
  for (const entry of entries) {
    if (entry.state === 'leased' && (oldest === undefined || entry.since < oldest.since)) oldest = entry;
  }
  return oldest;
}

export function leasesOf(entries: Entries, now: number): AbandonedLease[] {
  return [...entries]
    .filter(({ state }) => state === 'leased')
    .toSorted((a, b) => a.since - b.since)
    .map(({ since, trace }) => ({
      heldFor: (now - since) / 1000,
      acquiredAt: trace === undefined ? undefined : placeOf(trace.stack),
    }));
}

/** Why somebody got nothing: who has it all, who else waits, and whether the factory is at fault. */
export function describeShortage(
  stats: PoolStats,
  failures: number,
  oldest: AbandonedLease | undefined,
): string {
  const { leased, maxSize, creating, pending } = stats;
  const parts = [`${leased} of ${maxSize} leased`];
  if (oldest !== undefined) parts.push(`the oldest for ${oldest.heldFor.toFixed(1)} s`);
  if (creating > 0) parts.push(`${creating} being made`);
  if (pending > 0) parts.push(`${pending} more waiting`);
  if (failures > 0) parts.push(`failures of the factory in a row: ${failures}, see the cause`);
  const place = oldest?.acquiredAt === undefined ? '' : `\nThe oldest was acquired\n${oldest.acquiredAt}`;
  return parts.join(', ') + place;
}
