import { noticeOnce } from '../../telemetry/notice.js';
import type { PoolEntry } from './pool-entry.js';
import type { PoolMetrics } from './pool-metrics.js';

/** A lease held for so long may have been forgotten. */
const WATCH_AFTER_MS = 10_000;

interface Watched {
  readonly entry: PoolEntry<unknown>;
  readonly serial: number;
}

/**
 * Finds leases that are held for too long, and those that were forgotten.
 *
 * A lease that the garbage collector finds was never released: it is counted, and its place stays taken, as somebody may
 * have kept the resource alone. Watching for that costs more than a whole acquire, so only leases that have been held for
 * a while are watched; until then their entry holds them.
 */
export class LeaseWatch {
  readonly #what: string;
  readonly #warnMs: number;
  readonly #watchMs: number;
  readonly #metrics: PoolMetrics;
  readonly #registry: FinalizationRegistry<Watched>;
  #leaked = 0;

  constructor(what: string, warnMs: number, metrics: PoolMetrics) {
    this.#what = what;
    this.#warnMs = warnMs;
    this.#watchMs = Math.min(warnMs, WATCH_AFTER_MS);
    this.#metrics = metrics;
    this.#registry = new FinalizationRegistry((watched) => this.#collected(watched));
  }

  /** Leases that were found to be forgotten. */
  get leaked(): number {
    return this.#leaked;
  }

  look(entries: Iterable<PoolEntry<unknown>>, now: number): void {
    for (const entry of entries) {
      if (entry.state !== 'leased') continue;
      const heldMs = now - entry.since;
      if (heldMs >= this.#warnMs && !entry.isReported) {
        entry.isReported = true;
        this.#say(entry, `a resource has been leased for ${Math.round(heldMs / 1000)} s`);
      }
      if (heldMs < this.#watchMs || entry.lease === undefined) continue;
      this.#registry.register(entry.lease, { entry, serial: entry.serial });
      entry.lease = undefined;
    }
  }

  #collected({ entry, serial }: Watched): void {
    if (entry.serial !== serial) return;
    this.#leaked += 1;
    this.#metrics.leaked();
    this.#say(entry, 'a lease was forgotten without being released, so that its resource is lost');
  }

  #say({ trace }: PoolEntry<unknown>, problem: string): void {
    const place = placeOf(trace?.stack);
    const where = place === '' ? '; leaseWarn tells where it is acquired' : `; it was acquired\n${place}`;
    noticeOnce(
      `${this.#what} ${problem.replace(/\d+ s$/, '')} ${place}`,
      `${this.#what}: ${problem}${where}`,
    );
  }
}

/** The frames of a stack. */
export function placeOf(stack: string | undefined): string {
  return stack === undefined ? '' : stack.slice(stack.indexOf('\n') + 1);
}
