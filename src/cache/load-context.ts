import { InvalidUseError } from '../errors.js';
import type { Duration } from '../duration.js';
import { checkTags } from './entry-options.js';

/** What a loader is told, and what it may decide. */
export interface LoadContext<T = unknown> {
  readonly key: string;
  /** Aborted when nobody waits for the value any more. */
  readonly signal: AbortSignal;
  /** The value kept from before, if it is stale and still there. */
  readonly stale: T | undefined;
  /** The stale value once more: return it when the origin says that nothing has changed. */
  unchanged(): T;
  /** Decides, now that the value is known, how it is kept. */
  keep(options: KeepOptions): void;
}

/** How the value just loaded is kept; wins over the options of the call. */
export interface KeepOptions {
  readonly ttl?: Duration;
  readonly grace?: Duration;
  /** In addition to those of the call. */
  readonly tags?: readonly string[];
  /** False: it is returned and not kept. */
  readonly isKept?: boolean;
}

export class Loading<T> implements LoadContext<T> {
  readonly key: string;
  readonly stale: T | undefined;
  decided: KeepOptions = {};
  #controller: AbortController | undefined;
  #isAborted = false;

  constructor(key: string, stale: T | undefined) {
    this.key = key;
    this.stale = stale;
  }

  /** Made when asked for: most loaders do not. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort();
    return this.#controller.signal;
  }

  // Bound, because loaders take the context apart: `({ keep, signal }) => ...`.
  readonly unchanged = (): T => {
    if (this.stale === undefined)
      throw new InvalidUseError(`loading "${this.key}": there is no earlier value to keep`);
    return this.stale;
  };

  readonly keep = (options: KeepOptions): void => {
    if (options.tags !== undefined) checkTags(options.tags);
    this.decided = { ...this.decided, ...options };
  };

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}
