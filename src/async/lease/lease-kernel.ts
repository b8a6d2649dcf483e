import { coarseNow, type Clock } from '../../clock.js';
import { RejectedError } from '../../errors.js';
import type { AdaptiveLimit } from './adaptive-limit.js';
import type { StandingQueue } from './standing-queue.js';
import type { Waiter, WaitQueue } from './wait-queue.js';

export interface LeaseKernelOptions {
  /** Whose slots they are, for messages: `pool "db"`. */
  readonly what: string;
  /** Slots that may be taken at the same time. */
  readonly limit: number | AdaptiveLimit;
  /** Waiters at most. */
  readonly maxQueued: number;
  readonly queue: WaitQueue;
  readonly standing: StandingQueue;
  readonly clock: Clock;
  /** Told of each waiter who was admitted after waiting, and of each who was refused. */
  readonly onWaited?: (seconds: number) => void;
  readonly onRefused?: (reason: RejectedError['reason']) => void;
}

/** How late somebody may hear that he has waited for too long. */
const LOOK_MS = 20;
/** A refused caller is told to come back after at least so long. */
const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 60_000;

/**
 * A number of slots, and those who wait for one. Pools, limiters and task managers are made of it.
 *
 * A slot that becomes free is given on before the caller who freed it goes on, so it is never free and promised at the
 * same time, and nobody who comes later overtakes those who wait. The limit may change at any time: nothing that runs is
 * interrupted, and nobody is admitted until fewer run than it allows.
 */
export class LeaseKernel {
  readonly #options: LeaseKernelOptions;
  readonly #coarseNow: () => number;
  readonly #adaptive: AdaptiveLimit | undefined;
  #limit: number;
  #active = 0;
  #isAdmitting = false;
  #frees = 0;
  #closed: RejectedError['reason'] | undefined;
  #stopLooking: (() => void) | undefined;
  #onIdle: (() => void)[] = [];
  /** Moving average of how long a slot is taken, in milliseconds. */
  #heldMs = 0;

  constructor(options: LeaseKernelOptions) {
    this.#options = options;
    this.#coarseNow = coarseNow(options.clock);
    this.#adaptive = typeof options.limit === 'number' ? undefined : options.limit;
    this.#limit = typeof options.limit === 'number' ? options.limit : options.limit.limit;
  }

  get active(): number {
    return this.#active;
  }

  get queued(): number {
    return this.#options.queue.size;
  }

  get limit(): number {
    return this.#limit;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** How long the one who came first has been waiting, in seconds; 0 when nobody waits. */
  get oldestWait(): number {
    const { queue, clock } = this.#options;
    const since = queue.oldestArrival;
    return since === undefined ? 0 : (clock.now() - since) / 1000;
  }

  /** Takes effect at once: more are admitted now, or nobody until enough slots are free. At least 1. */
  setLimit(limit: number): void {
    this.#limit = limit;
    this.#admit(this.#options.clock.now());
  }

  /** Admits the waiter at once, lets him wait, or refuses him. */
  enter(waiter: Waiter): void {
    const { queue, maxQueued, clock } = this.#options;
    if (this.#closed !== undefined) return this.#refuse(waiter, this.#closed);
    if (this.#active < this.#limit && queue.size === 0) {
      this.#active += 1;
      return waiter.admit(clock.now());
    }
    if (queue.size >= maxQueued) return this.#refuse(waiter, 'queue_full');
    // Waiting is told to a millisecond: a look at the clock costs as much as all the rest of it.
    waiter.arrivedAt = this.#coarseNow();
    queue.push(waiter);
    this.#watch(waiter.arrivedAt);
  }

  /** Takes a slot when one is free and nobody waits for it. */
  tryEnter(): boolean {
    const isFree = this.#closed === undefined && this.#active < this.#limit && this.#options.queue.size === 0;
    if (isFree) this.#active += 1;
    return isFree;
  }

  /** He waits no longer, for this reason. Nothing happens when he does not wait. */
  refuse(waiter: Waiter, reason: RejectedError['reason']): void {
    if (this.leave(waiter)) this.#refuse(waiter, reason);
  }

  /** He does not want a slot any more. False when he does not wait: admitted or refused already. */
  leave(waiter: Waiter): boolean {
    if (!waiter.isQueued) return false;
    this.#options.queue.remove(waiter);
    this.#noteQueue();
    this.#settleIdle();
    return true;
  }

  /**
   * The slot of somebody who was admitted is free. `now`: the monotonic time in milliseconds; `heldMs` and `isLate`: how it
   * went, for limits that adapt.
   */
  free(now: number, heldMs: number, isLate = false): void {
    this.#learn(heldMs, isLate);
    this.giveBack(now);
  }

  /** As {@link LeaseKernel.free}, of a slot that was not put to use and so says nothing about how long one is taken. */
  giveBack(now: number): void {
    this.#active -= 1;
    this.#frees += 1;
    if (this.queued > 0) this.#admit(now);
    else if (this.#onIdle.length > 0) this.#settleIdle();
  }

  /** From now on everybody who comes is refused. With `dropsWaiting` those who wait as well; else they get their turn. */
  close(reason: RejectedError['reason'], dropsWaiting: boolean): void {
    this.#closed ??= reason;
    if (!dropsWaiting) return;
    for (let waiter = this.#take(false); waiter !== undefined; waiter = this.#take(false))
      this.#refuse(waiter, reason);
    this.#noteQueue();
    this.#settleIdle();
  }

  /** Resolves when no slot is taken and nobody waits. */
  idle(): Promise<void> {
    if (this.#active === 0 && this.queued === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Milliseconds after which one may try again, as far as can be told from how fast slots become free. */
  get retryAfterMs(): number {
    const estimate = (this.#heldMs * (this.queued + 1)) / Math.max(1, this.#limit);
    return Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, estimate)));
  }

  #admit(at: number): void {
    // Whoever is admitted may free his slot before `admit` returns: the loop outside goes on with it.
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    const { standing, clock, onWaited } = this.#options;
    let now = at;
    const { maxWaitMs, isNewestFirst } = standing.boundsAt(now);
    while (this.#active < this.#limit) {
      const waiter = this.#take(isNewestFirst);
      if (waiter === undefined) break;
      const waitedMs = Math.max(0, now - waiter.arrivedAt);
      if (waitedMs > maxWaitMs) {
        this.#refuse(waiter, 'waited_too_long');
        continue;
      }
      this.#active += 1;
      onWaited?.(waitedMs / 1000);
      const frees = this.#frees;
      waiter.admit(now);
      // Work that is not asynchronous has taken its time.
      if (this.#frees !== frees) now = clock.now();
    }
    this.#isAdmitting = false;
    this.#noteQueue(now);
    this.#settleIdle();
  }

  #take(isNewestFirst: boolean): Waiter | undefined {
    const { queue } = this.#options;
    return isNewestFirst ? queue.pop() : queue.shift();
  }

  #refuse(waiter: Waiter, reason: RejectedError['reason']): void {
    const { what, onRefused } = this.#options;
    onRefused?.(reason);
    const isFinal = reason === 'closed' || reason === 'draining';
    waiter.refuse(new RejectedError(what, reason, isFinal ? undefined : this.retryAfterMs));
  }

  #learn(heldMs: number, isLate: boolean): void {
    this.#heldMs = this.#heldMs === 0 ? heldMs : this.#heldMs + (heldMs - this.#heldMs) * 0.1;
    if (this.#adaptive === undefined) return;
    this.#adaptive.note(heldMs / 1000, this.#active, isLate);
    this.#limit = this.#adaptive.limit;
  }

  #noteQueue(now?: number): void {
    if (!this.#options.standing.isBounded) return;
    this.#options.standing.note(this.queued === 0, now ?? this.#options.clock.now());
    if (this.queued > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }

  /** Those who wait for too long hear of it, also while no slot becomes free. */
  #watch(now: number): void {
    const { standing, clock } = this.#options;
    if (!standing.isBounded) return;
    standing.note(false, now);
    this.#stopLooking ??= clock.every(LOOK_MS, () => this.#look());
  }

  #look(): void {
    const { queue, standing, clock } = this.#options;
    const now = clock.now();
    const { maxWaitMs } = standing.boundsAt(now);
    for (;;) {
      const oldest = queue.oldest();
      if (oldest === undefined || now - oldest.arrivedAt <= maxWaitMs) break;
      queue.remove(oldest);
      this.#refuse(oldest, 'waited_too_long');
    }
    this.#noteQueue(now);
    this.#settleIdle();
  }

  #settleIdle(): void {
    if (this.#onIdle.length === 0 || this.#active > 0 || this.queued > 0) return;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }
}
