import { currentDeadline } from './time-scope.js';

/** What work is told by a policy. */
export interface PolicyContext {
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal;
}

/**
 * The signal for one call: the given one, else that of the deadline around, else one that is never aborted. It is made
 * when somebody asks for it, see time-scope.ts.
 */
export class CallSignal implements PolicyContext {
  readonly #given: AbortSignal | undefined;
  readonly #deadline = currentDeadline();
  #own: AbortController | undefined;

  constructor(given: AbortSignal | undefined) {
    this.#given = given;
  }

  get signal(): AbortSignal {
    return this.ending ?? (this.#own ??= new AbortController()).signal;
  }

  /** The signal, where there is one that can be aborted. */
  get ending(): AbortSignal | undefined {
    return this.#given ?? this.#deadline?.signal;
  }
}
