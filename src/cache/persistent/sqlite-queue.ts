import type { Clock } from '../../clock.js';
import type { Awaitable } from '../tier.js';
import { isBusy, SqliteFailure } from './sqlite-error.js';

/** One try in this time until the patience is at its end; the event loop is free in between. */
const RETRY_MS = 20;
const PATIENCE_MS = 5000;
/** A database that stays locked must not fill the memory with what waits for it. */
const MAX_WAITING = 1000;

interface Waiting {
  readonly act: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (cause: unknown) => void;
  readonly deadline: number;
}

/**
 * Does things at once, in the order asked. When another process holds the lock, what is asked waits for it without
 * blocking this one, and so does all that is asked after it.
 */
export class BusyQueue {
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A promise only when it has to wait. @throws what `act` does, and SQLITE_BUSY after 5 s. */
  run<T>(act: () => T): Awaitable<T> {
    if (this.#waiting.length === 0) {
      try {
        return act();
      } catch (cause) {
        if (!isBusy(cause)) throw cause;
      }
    }
    return this.#wait(act);
  }

  #wait<T>(act: () => T): Promise<T> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new SqliteFailure('SQLITE_BUSY', `${MAX_WAITING} others wait for the locked database`);
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ act, resolve, reject, deadline: this.#clock.now() + PATIENCE_MS });
      if (this.#waiting.length === 1) this.#tryLater();
    });
  }

  #tryLater(): void {
    this.#clock.after(RETRY_MS, () => this.#try());
  }

  #try(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      try {
        next.resolve(next.act() as never);
      } catch (cause) {
        if (isBusy(cause)) {
          this.#rejectOverdue(cause);
          break;
        }
        next.reject(cause);
      }
      this.#waiting.shift();
    }
    if (this.#waiting.length > 0) this.#tryLater();
  }

  /** Not one more try for each: every one would block the event loop again. */
  #rejectOverdue(cause: unknown): void {
    const now = this.#clock.now();
    while (this.#waiting[0] !== undefined && this.#waiting[0].deadline <= now)
      this.#waiting.shift()?.reject(cause);
  }
}
