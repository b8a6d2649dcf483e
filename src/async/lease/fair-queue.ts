import { PriorityQueue } from './priority-queue.js';
import type { Waiter, WaitQueue } from './wait-queue.js';

/** Milliseconds; what takes no time at all shall not count as free. */
const MIN_COST = 0.001;
/** How much one more task changes what is known of the cost. */
const WEIGHT = 0.1;
/** What a task may cost at most, in average ones: a lane never has to pass up more turns than that. */
const MAX_TURNS = 100;

/** Those of one name that wait. */
export class FairLane {
  readonly queue = new PriorityQueue();
  /** Milliseconds of a slot it has not used yet. */
  credit = 0;
  /** Neighbours among the lanes in which somebody waits. */
  previous: FairLane = this;
  next: FairLane = this;
  #cost: number | undefined;

  /** How long its tasks keep a slot, in milliseconds: a moving average, `undefined` before the first has ended. */
  get cost(): number | undefined {
    return this.#cost;
  }

  /** One of its tasks has kept a slot for so long. */
  noteCost(heldMs: number): void {
    const cost = Math.max(MIN_COST, heldMs);
    this.#cost = this.#cost === undefined ? cost : this.#cost + (cost - this.#cost) * WEIGHT;
  }
}

/** Somebody who waits in the lane of his name. */
export interface FairWaiter extends Waiter {
  readonly lane: FairLane;
}

/**
 * Deficit round robin (Shreedhar, Varghese, 1995): each name gets the same time of the slots, however many wait under it
 * and however long each takes. Within a name the more urgent come first.
 *
 * The lanes stand in a ring. With each turn a lane is given the time of an average task, and it may start tasks as long as
 * what they are expected to take is covered. What it cannot use yet it keeps, until nobody waits in it any more.
 */
export class FairQueue implements WaitQueue {
  /** Whose turn it is. */
  #turn: FairLane | undefined;
  #size = 0;
  /** What a turn is worth, in milliseconds: a moving average of what was started. */
  #quantum = MIN_COST;

  get size(): number {
    return this.#size;
  }

  get oldestArrival(): number | undefined {
    return this.oldest()?.arrivedAt;
  }

  push(waiter: FairWaiter): void {
    const { lane } = waiter;
    if (lane.queue.size === 0) this.#join(lane);
    lane.queue.push(waiter);
    this.#size += 1;
  }

  shift(): Waiter | undefined {
    const lane = this.#nextLane();
    return lane && this.#taken(lane, lane.queue.shift());
  }

  pop(): Waiter | undefined {
    const lane = this.#nextLane();
    return lane && this.#taken(lane, lane.queue.pop());
  }

  remove(waiter: FairWaiter): void {
    if (!waiter.isQueued) return;
    waiter.lane.queue.remove(waiter);
    this.#taken(waiter.lane, waiter);
  }

  oldest(): Waiter | undefined {
    let found: Waiter | undefined;
    let lane = this.#turn;
    if (lane === undefined) return undefined;
    do {
      const oldest = lane.queue.oldest();
      if (found === undefined || oldest!.arrivedAt < found.arrivedAt) found = oldest;
      lane = lane.next;
    } while (lane !== this.#turn);
    return found;
  }

  #nextLane(): FairLane | undefined {
    let lane = this.#turn;
    // Nobody to be fair to.
    if (lane === undefined || lane.next === lane) return lane;
    let cost = this.#costOf(lane);
    while (lane.credit < cost) {
      lane = lane.next;
      lane.credit += this.#quantum;
      cost = this.#costOf(lane);
    }
    lane.credit -= cost;
    this.#turn = lane;
    this.#quantum += (cost - this.#quantum) * WEIGHT;
    return lane;
  }

  #costOf({ cost }: FairLane): number {
    return cost === undefined ? this.#quantum : Math.min(cost, this.#quantum * MAX_TURNS);
  }

  /** Its turn comes after those of all others. */
  #join(lane: FairLane): void {
    const turn = this.#turn;
    if (turn === undefined) {
      this.#turn = lane;
      return;
    }
    lane.previous = turn.previous;
    lane.next = turn;
    lane.previous.next = turn.previous = lane;
  }

  #taken(lane: FairLane, waiter: Waiter | undefined): Waiter | undefined {
    this.#size -= 1;
    if (lane.queue.size > 0) return waiter;
    const { previous, next } = lane;
    // The next one is given the worth of its turn when it comes to it.
    if (this.#turn === lane) this.#turn = next === lane ? undefined : previous;
    previous.next = next;
    next.previous = previous;
    lane.previous = lane.next = lane;
    lane.credit = 0;
    return waiter;
  }
}
