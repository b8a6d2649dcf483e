import type { Cancel, Clock } from '../clock.js';

export interface Deadline {
  /** Seconds it may take. More than 0. */
  readonly seconds: number;
  /** What it rejects with when time is up. */
  readonly expired: () => Error;
  /** Told when it settles after all, too late for whoever waited: a sign of life. */
  readonly late?: () => void;
}

interface Waiting {
  readonly until: number;
  readonly giveUp: () => void;
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
  readonly #waiting = new Set<Waiting>();
  #stop: Cancel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles as `promise` does, or rejects when its time is up; what was begun goes on. */
  within<T>(promise: Promise<T>, deadline: Deadline): Promise<T> {
    return new Promise<T>((resolve, reject) => this.settle(promise, deadline, resolve, reject));
  }

  /** As {@link Deadlines.within}, for callers that can do without one more promise. One of the two is called, once. */
  settle<T>(
    promise: Promise<T>,
    { seconds, expired, late }: Deadline,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): void {
    let [hasSettled, isOver] = [false, false];
    const giveUp = () => {
      if (hasSettled) return;
      isOver = true;
      reject(expired());
    };
    const waiting = { until: this.#clock.now() + seconds * 1000, giveUp };
    this.#waiting.add(waiting);
    this.#stop ??= this.#clock.every(STEP_MS, () => this.#look());
    const end = (): boolean => {
      hasSettled = true;
      this.#waiting.delete(waiting);
      if (isOver) late?.();
      return !isOver;
    };
    promise.then(
      (value) => {
        if (end()) resolve(value);
      },
      (error: unknown) => {
        if (end()) reject(error);
      },
    );
  }

  /** Ends all waits now, where something else has shown that no answer will come. */
  expireAll(): void {
    for (const { giveUp } of this.#waiting) setImmediate(giveUp);
    this.#waiting.clear();
  }

  #look(): void {
    const now = this.#clock.now();
    for (const waiting of this.#waiting) {
      if (waiting.until > now) continue;
      this.#waiting.delete(waiting);
      setImmediate(waiting.giveUp);
    }
    if (this.#waiting.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }
}
