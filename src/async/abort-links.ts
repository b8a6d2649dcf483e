import type { Cancel } from '../clock.js';

/**
 * Calls `act` once if the signal is aborted before the returned function is called. `signal` is not aborted yet.
 *
 * However many wait for one signal, it has one listener: an EventTarget walks through all it has on each add and each
 * remove, so that ten thousand calls under way with one signal of the process would cost milliseconds each. With the
 * last one gone the listener goes too. `AbortSignal.any` would leave something behind on every call.
 */
export function onAbort(signal: AbortSignal, act: () => void): Cancel {
  let links = linksOf.get(signal);
  if (links === undefined) linksOf.set(signal, (links = new AbortLinks(signal)));
  return links.add(act);
}

const linksOf = new WeakMap<AbortSignal, AbortLinks>();

class AbortLinks {
  readonly #signal: AbortSignal;
  readonly #acts = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(act: () => void): Cancel {
    if (this.#acts.size === 0) this.#signal.addEventListener('abort', this.#actAll, { once: true });
    this.#acts.add(act);
    return () => {
      if (this.#acts.delete(act) && this.#acts.size === 0)
        this.#signal.removeEventListener('abort', this.#actAll);
    };
  }

  readonly #actAll = (): void => {
    // Whoever leaves meanwhile is not called any more.
    for (const act of this.#acts) {
      this.#acts.delete(act);
      act();
    }
  };
}
