import { onAbort } from '../abort-links.js';
import { setAlarm, type Alarm } from '../alarm.js';
import type { Cancel, Clock } from '../../clock.js';
import { currentDeadline } from '../time-scope.js';
import type { LeaseKernel } from '../lease/lease-kernel.js';
import { Waiter } from '../lease/wait-queue.js';
import type { AcquireTrace, PoolEntry } from './pool-entry.js';
import type { RequestLimits } from './pool-options.js';
import type { ResourceSupply, Seeker } from './resource-supply.js';

/** What a request belongs to. */
export interface RequestHost<T> {
  readonly clock: Clock;
  readonly kernel: LeaseKernel;
  readonly supply: ResourceSupply<T>;
  readonly onWaited: (seconds: number) => void;
  /** Makes the error of a request that has waited for so long. */
  readonly timedOut: (seconds: number) => Error;
}

/** Somebody who wants a resource: waits for a place, then for a resource to fill it. */
export class PoolRequest<T, R> extends Waiter implements Seeker<T> {
  readonly #host: RequestHost<T>;
  readonly #limits: RequestLimits;
  readonly #trace: AcquireTrace | undefined;
  readonly #give: (entry: PoolEntry<T>) => R;
  readonly #resolve: (value: R) => void;
  readonly #reject: (error: unknown) => void;
  #isOver = false;
  #hasToWait = false;
  #alarm: Alarm | undefined;
  #unlink: Cancel | undefined;

  /** `give` makes what the caller gets of the resource that is his. */
  constructor(
    host: RequestHost<T>,
    limits: RequestLimits,
    trace: AcquireTrace | undefined,
    give: (entry: PoolEntry<T>) => R,
    resolve: (value: R) => void,
    reject: (error: unknown) => void,
  ) {
    super(limits.priority);
    this.#host = host;
    this.#limits = limits;
    this.#trace = trace;
    this.#give = give;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    const { timeoutMs, signal } = this.#limits;
    if (signal?.aborted === true) return this.refuse(signal.reason);
    const { clock, kernel } = this.#host;
    kernel.enter(this);
    if (this.#isOver) return;
    this.#hasToWait = true;
    // Whoever is called on behalf of somebody that gives up earlier needs nothing after that.
    const left = currentDeadline()?.remaining;
    const ms = left === undefined ? timeoutMs : Math.min(timeoutMs, left * 1000);
    if (ms !== Infinity)
      this.#alarm = setAlarm(clock, this.arrivedAt, ms, () =>
        this.#giveUp(() => this.#host.timedOut(ms / 1000)),
      );
    if (signal !== undefined) this.#unlink = onAbort(signal, () => this.#giveUp(() => signal.reason));
  }

  override admit(now: number): void {
    // Somebody who found a place at once may have to wait for a resource all the same.
    if (this.arrivedAt === 0) this.arrivedAt = now;
    this.#host.supply.seek(this, now);
  }

  /** The resource is his from now on. */
  receive(entry: PoolEntry<T>, now: number): void {
    this.#end();
    entry.beginLease(now, this.#trace);
    if (this.#hasToWait) this.#host.onWaited(Math.max(0, now - this.arrivedAt) / 1000);
    this.#resolve(this.#give(entry));
  }

  override refuse(error: unknown): void {
    this.#end();
    this.#reject(error);
  }

  /** `reason` is asked when he does not wait any more. */
  #giveUp(reason: () => unknown): void {
    if (this.#isOver) return;
    const { clock, kernel, supply } = this.#host;
    this.#end();
    const hasPlace = !kernel.leave(this);
    if (hasPlace) supply.leave(this);
    this.#reject(reason());
    if (hasPlace) kernel.giveBack(clock.now());
  }

  /** Leaves neither timer nor listener behind. */
  #end(): void {
    this.#isOver = true;
    this.#alarm?.cancel();
    this.#unlink?.();
  }
}
