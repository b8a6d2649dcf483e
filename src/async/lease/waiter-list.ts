import type { Waiter } from './wait-queue.js';

/** Waiters in the order they came. */
export class WaiterList {
  first: Waiter | undefined;
  last: Waiter | undefined;
  size = 0;

  push(waiter: Waiter): void {
    waiter.previous = this.last;
    if (this.last === undefined) this.first = waiter;
    else this.last.next = waiter;
    this.last = waiter;
    this.size += 1;
  }

  remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    waiter.previous = waiter.next = undefined;
    this.size -= 1;
  }
}
