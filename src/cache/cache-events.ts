import type { Cancel } from '../clock.js';
import { checkFunction } from '../checks.js';
import { InvalidOptionError } from '../errors.js';
import { noticeOnce } from '../telemetry/notice.js';

/** What can be listened to, and what a listener is told. Keys are told, values never. */
export interface CacheEventDetails {
  readonly delete: { readonly key: string };
  readonly clear: Readonly<Record<string, never>>;
  readonly invalidate: { readonly tags: readonly string[] };
  /** A tier failed, or a refresh in the background did. The caller saw a miss or the stale value. */
  readonly error: { readonly operation: string; readonly key?: string; readonly error: unknown };
}

/** What a cache tells its listeners of. */
export type CacheEvent = keyof CacheEventDetails;
/** Hears of one kind of event. What it throws is said once and goes no further. */
export type CacheListener<E extends CacheEvent> = (details: CacheEventDetails[E]) => void;

const EVENTS: readonly CacheEvent[] = ['delete', 'clear', 'invalidate', 'error'];

/** A listener that throws is said once and disturbs nobody. */
export class CacheEvents {
  readonly #listeners = new Map<CacheEvent, Set<CacheListener<never>>>();

  on<E extends CacheEvent>(event: E, listener: CacheListener<E>): Cancel {
    if (!EVENTS.includes(event)) throw new InvalidOptionError('event', `one of ${EVENTS.join(', ')}`, event);
    checkFunction('listener', listener);
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<E extends CacheEvent>(event: E, details: CacheEventDetails[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        (listener as CacheListener<E>)(details);
      } catch (error) {
        noticeOnce(`listener ${event}`, `a listener of the cache event "${event}" failed: ${String(error)}`);
      }
    }
  }
}
