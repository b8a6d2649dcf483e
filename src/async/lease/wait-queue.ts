/** Somebody who waits for a slot. Made by those that use the kernel; the queue links them without a list of its own. */
export abstract class Waiter {
  /** The higher, the sooner. */
  readonly priority: number;
  /** Milliseconds of the monotonic clock; set when it begins to wait. */
  arrivedAt = 0;
  /** Neighbours in the queue that holds it. */
  previous: Waiter | undefined;
  next: Waiter | undefined;
  isQueued = false;

  constructor(priority: number) {
    this.priority = priority;
  }

  /**
   * A slot is his from now on, until the kernel is told that it is free again. `now`: the monotonic time in milliseconds.
   * Must not throw.
   */
  abstract admit(now: number): void;
  /** He gets no slot. Must not throw. */
  abstract refuse(error: Error): void;
}

/** In which order those that wait get their slots. Every method takes the same time however many wait. */
export interface WaitQueue {
  readonly size: number;
  /** Of the one who came first, in milliseconds of the monotonic clock; `undefined` when nobody waits. */
  readonly oldestArrival: number | undefined;
  push(waiter: Waiter): void;
  /** Whose turn it is. He does not wait any more. */
  shift(): Waiter | undefined;
  /** The one who came last among the most urgent. He does not wait any more. */
  pop(): Waiter | undefined;
  remove(waiter: Waiter): void;
  /** The one who came first, without taking him out. */
  oldest(): Waiter | undefined;
}
