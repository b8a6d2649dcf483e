import type { PoolEntry } from './pool-entry.js';
import type { DestroyReason } from './pool-metrics.js';
import type { PoolSettings } from './pool-options.js';

/**
 * Resources that are not in use. The one that was used last is given out first: so the others grow old, and a pool
 * becomes small again.
 */
export class IdleResources<T> {
  readonly #settings: PoolSettings<T>;
  readonly #discard: (entry: PoolEntry<T>, reason: DestroyReason) => void;
  /** The one that was used last is the last. */
  #stack: PoolEntry<T>[] = [];

  /** `discard` is told of what is idle no longer because it is to be destroyed. */
  constructor(settings: PoolSettings<T>, discard: (entry: PoolEntry<T>, reason: DestroyReason) => void) {
    this.#settings = settings;
    this.#discard = discard;
  }

  get size(): number {
    return this.#stack.length;
  }

  keep(entry: PoolEntry<T>, now: number): void {
    entry.state = 'idle';
    entry.since = now;
    this.#stack.push(entry);
  }

  /** One that can be given out at once. */
  take(now: number): PoolEntry<T> | undefined {
    const entry = this.takeAny(now);
    if (entry === undefined || !this.#needsCheck(entry, now)) return entry;
    this.#stack.push(entry);
    return undefined;
  }

  /** One that may have to be checked first. */
  takeAny(now: number): PoolEntry<T> | undefined {
    for (let entry = this.#stack.pop(); entry !== undefined; entry = this.#stack.pop()) {
      if (now < entry.expiresAt) return entry;
      this.#discard(entry, 'max_age');
    }
    return undefined;
  }

  /** Discards what is too old, and of those that have been idle for too long as many as can be spared. */
  evict(now: number, spare: number): void {
    const kept: PoolEntry<T>[] = [];
    const discarded: [PoolEntry<T>, DestroyReason][] = [];
    for (const entry of this.#stack) {
      if (now >= entry.expiresAt) discarded.push([entry, 'max_age']);
      else if (discarded.length < spare && now - entry.since >= entry.idleMs) discarded.push([entry, 'idle']);
      else kept.push(entry);
    }
    if (discarded.length === 0) return;
    this.#stack = kept;
    for (const [entry, reason] of discarded) this.#discard(entry, reason);
  }

  /** Discards so many, those that have been idle for the longest time first. */
  shrink(count: number, reason: DestroyReason): void {
    for (const entry of this.#stack.splice(0, Math.max(0, count))) this.#discard(entry, reason);
  }

  #needsCheck(entry: PoolEntry<T>, now: number): boolean {
    const { validate, validateAfterIdleMs } = this.#settings;
    return validate !== undefined && now - entry.since >= validateAfterIdleMs;
  }
}
