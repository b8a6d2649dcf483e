import type { Cancel, Clock } from '../clock.js';

export interface Deadline {
  /** Seconds it may take. More than 0. */
  readonly seconds: number;
  /** What it rejects with when time is up. */
  readonly expired: () => Error;
  /** Told when it settles after all, too late for whoever waited: a sign of life. */
  readonly late?: () => void;
}

/** Somebody who waits for a promise. One object a call and no closures: this is a part of every call of a tier. */
export abstract class TimedWait<T> {
  /** Milliseconds of the monotonic clock. */
  startedAt = 0;
  until = 0;
  /** @internal Its place among those that wait. */
  place = -1;
  #state: 'waiting' | 'settled' | 'expired' = 'waiting';

  /** One of the first three is called, once; the last one when something comes after all. */
  protected abstract onValue(value: T): void;
  protected abstract onError(error: unknown): void;
  protected abstract onExpired(): void;
  protected abstract onLate(): void;

  settle(isFulfilled: boolean, result: unknown): void {
    const wasExpired = this.#state === 'expired';
    this.#state = 'settled';
    if (wasExpired) this.onLate();
    else if (isFulfilled) this.onValue(result as T);
    else this.onError(result);
  }

  giveUp(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'expired';
    this.onExpired();
  }
}

class PromisedWait<T> extends TimedWait<T> {
  readonly #deadline: Deadline;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;

  constructor(deadline: Deadline, resolve: (value: T) => void, reject: (error: unknown) => void) {
    super();
    this.#deadline = deadline;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  protected override onValue(value: T): void {
    this.#resolve(value);
  }

  protected override onError(error: unknown): void {
    this.#reject(error);
  }

  protected override onExpired(): void {
    this.#reject(this.#deadline.expired());
  }

  protected override onLate(): void {
    this.#deadline.late?.();
  }
}

/** How late a deadline may be noticed. */
const STEP_MS = 5;

/**
 * Deadlines of many short calls. They share one timer, which runs while anybody waits: a timer for each call would cost
 * a third of a round trip to a server on the same machine.
 *
 * Time that this process was busy does not count against the other side: before giving up, the event loop gets one turn
 * to deliver an answer that has arrived already.
 */
export class Deadlines {
  readonly #clock: Clock;
  /** In no order, each knows its place: as a Set it would cost more than the rest of a deadline. */
  readonly #waiting: TimedWait<unknown>[] = [];
  #stop: Cancel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles as `promise` does, or rejects when its time is up; what was begun goes on. */
  within<T>(promise: Promise<T>, deadline: Deadline): Promise<T> {
    return new Promise<T>((resolve, reject) =>
      this.watch(promise, new PromisedWait(deadline, resolve, reject), deadline.seconds),
    );
  }

  /** Tells `wait` what becomes of the promise, or that its time of so many seconds is up. */
  watch<T>(promise: Promise<T>, wait: TimedWait<T>, seconds: number): void {
    wait.startedAt = this.#clock.now();
    wait.until = wait.startedAt + seconds * 1000;
    wait.place = this.#waiting.push(wait) - 1;
    this.#stop ??= this.#clock.every(STEP_MS, () => this.#look());
    promise.then(
      (value) => {
        this.#remove(wait);
        wait.settle(true, value);
      },
      (error: unknown) => {
        this.#remove(wait);
        wait.settle(false, error);
      },
    );
  }

  /** Ends all waits now, where something else has shown that no answer will come. */
  expireAll(): void {
    for (const wait of this.#waiting.splice(0)) {
      wait.place = -1;
      setImmediate(() => wait.giveUp());
    }
  }

  #look(): void {
    const now = this.#clock.now();
    for (const wait of this.#waiting.filter(({ until }) => until <= now)) {
      this.#remove(wait);
      setImmediate(() => wait.giveUp());
    }
    if (this.#waiting.length > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #remove<T>(wait: TimedWait<T>): void {
    const { place } = wait;
    if (place < 0) return;
    wait.place = -1;
    const last = this.#waiting.pop()!;
    if (last === (wait as unknown)) return;
    this.#waiting[place] = last;
    last.place = place;
  }
}
