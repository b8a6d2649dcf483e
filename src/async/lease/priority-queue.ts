import { InvalidOptionError } from '../../errors.js';
import type { Waiter, WaitQueue } from './wait-queue.js';
import { WaiterList } from './waiter-list.js';

/** One step of priority is worth so much waiting: whoever is less urgent gets his turn all the same. */
const STEP_MS = 1000;

/** From the least to the most urgent. */
export const MIN_PRIORITY = -100;
export const MAX_PRIORITY = 100;

/** @throws {InvalidOptionError} */
export function checkPriority(value: number): number {
  if (Number.isInteger(value) && value >= MIN_PRIORITY && value <= MAX_PRIORITY) return value;
  throw new InvalidOptionError('priority', `a whole number from ${MIN_PRIORITY} to ${MAX_PRIORITY}`, value);
}

class Lane extends WaiterList {
  readonly priority: number;

  constructor(priority: number) {
    super();
    this.priority = priority;
  }

  /**
   * When its first waiter would have had to come to be served as soon without priority. All ranks age alike, so the order
   * of two waiters never changes and nothing needs to be sorted again.
   */
  get rank(): number {
    return this.first!.arrivedAt - this.priority * STEP_MS;
  }
}

/** First come, first served among equals; the more urgent before the others, but for so long only. */
export class PriorityQueue implements WaitQueue {
  readonly #lanes = new Map<number, Lane>();
  /** Those in which somebody waits: few, so that looking at all of them costs less than keeping them in order. */
  readonly #busy: Lane[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldestArrival(): number | undefined {
    return this.oldest()?.arrivedAt;
  }

  push(waiter: Waiter): void {
    let lane = this.#lanes.get(waiter.priority);
    if (lane === undefined) this.#lanes.set(waiter.priority, (lane = new Lane(waiter.priority)));
    if (lane.size === 0) this.#busy.push(lane);
    lane.push(waiter);
    waiter.isQueued = true;
    this.#size += 1;
  }

  shift(): Waiter | undefined {
    const lane = this.#nextLane();
    return lane && this.#take(lane, lane.first!);
  }

  pop(): Waiter | undefined {
    let urgent: Lane | undefined;
    for (const lane of this.#busy) if (urgent === undefined || lane.priority > urgent.priority) urgent = lane;
    return urgent && this.#take(urgent, urgent.last!);
  }

  remove(waiter: Waiter): void {
    if (waiter.isQueued) this.#take(this.#lanes.get(waiter.priority)!, waiter);
  }

  oldest(): Waiter | undefined {
    let oldest: Waiter | undefined;
    for (const { first } of this.#busy) {
      if (oldest === undefined || first!.arrivedAt < oldest.arrivedAt) oldest = first;
    }
    return oldest;
  }

  #nextLane(): Lane | undefined {
    const busy = this.#busy;
    let next = busy[0];
    if (busy.length < 2) return next;
    let rank = next!.rank;
    for (let i = 1; i < busy.length; i += 1) {
      const lane = busy[i]!;
      const other = lane.rank;
      if (other > rank || (other === rank && lane.priority < next!.priority)) continue;
      next = lane;
      rank = other;
    }
    return next;
  }

  #take(lane: Lane, waiter: Waiter): Waiter {
    lane.remove(waiter);
    waiter.isQueued = false;
    this.#size -= 1;
    if (lane.size === 0) {
      const busy = this.#busy;
      const last = busy.pop()!;
      if (last !== lane) busy[busy.indexOf(lane)] = last;
    }
    return waiter;
  }
}
