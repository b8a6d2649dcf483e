import { checkKnownOptions, checkPositiveInteger } from '../../checks.js';
import type { Duration } from '../../duration.js';
import { InvalidUseError, RejectedError, TimeoutError } from '../../errors.js';
import { instrumentsOf } from '../../telemetry/instruments.js';
import { noticeOnce } from '../../telemetry/notice.js';
import { LeaseKernel } from '../lease/lease-kernel.js';
import { PriorityQueue } from '../lease/priority-queue.js';
import { StandingQueue } from '../lease/standing-queue.js';
import { LeaseWatch } from './lease-watch.js';
import { traceOf, type AcquireTrace, type PoolEntry } from './pool-entry.js';
import { PoolLease, type LeaseOwner, type ReleaseOptions } from './pool-lease.js';
import { PoolMetrics } from './pool-metrics.js';
import {
  checkGetOptions,
  checkPoolOptions,
  timerMs,
  type AsyncPoolOptions,
  type GetOptions,
  type PoolSettings,
  type RequestLimits,
} from './pool-options.js';
import {
  describeShortage,
  leasesOf,
  oldestLease,
  type PoolCloseReport,
  type PoolStats,
} from './pool-report.js';
import { PoolRequest, type RequestHost } from './pool-request.js';
import { PoolUpkeep } from './pool-upkeep.js';
import { ResourceSupply } from './resource-supply.js';

const CLOSE_TIMEOUT = 10;
const RELEASE_OPTIONS = ['destroy'] as const;

/**
 * Keeps resources that are dear to make, such as connections, and gives each to one user at a time. Those who find none
 * wait, the more urgent before the others, equals in their order.
 *
 * ```ts
 * await using lease = await pool.get({ timeout: '2s' });
 * await lease.resource.query('SELECT 1');
 * ```
 *
 * A free resource that needs no check is given at once, without a timer or a listener.
 */
export class AsyncPool<T> {
  readonly name: string;
  readonly #settings: PoolSettings<T>;
  readonly #isAdaptive: boolean;
  readonly #metrics: PoolMetrics;
  readonly #supply: ResourceSupply<T>;
  readonly #kernel: LeaseKernel;
  readonly #watch: LeaseWatch;
  readonly #upkeep: PoolUpkeep<T>;
  readonly #host: RequestHost<T>;
  readonly #owner: LeaseOwner<T>;
  readonly #usualLimits: RequestLimits;
  readonly #tracesLeases: boolean;
  #timeouts = 0;
  #closing: Promise<PoolCloseReport> | undefined;

  /** @throws {InvalidOptionError} */
  constructor(options: AsyncPoolOptions<T>) {
    const settings = checkPoolOptions(options);
    const { name, what, clock, limit, maxQueued, minSize, timeoutMs, leaseWarnMs } = settings;
    const { system, meterProvider } = options;
    this.name = name;
    this.#settings = settings;
    this.#isAdaptive = typeof limit !== 'number';
    this.#usualLimits = { timeoutMs, signal: undefined, priority: 0 };
    this.#tracesLeases = leaseWarnMs !== Infinity;
    const metrics = new PoolMetrics(name, system, instrumentsOf(meterProvider));
    this.#metrics = metrics;
    this.#supply = new ResourceSupply(settings, metrics);
    this.#watch = new LeaseWatch(what, leaseWarnMs, metrics);
    this.#upkeep = new PoolUpkeep(settings, this.#supply, this.#watch);
    this.#kernel = new LeaseKernel({
      what,
      limit,
      maxQueued,
      queue: new PriorityQueue(),
      standing: new StandingQueue(Infinity, this.#isAdaptive),
      clock,
      onRefused: (reason) => metrics.rejected(reason),
    });
    this.#host = {
      clock,
      kernel: this.#kernel,
      supply: this.#supply,
      onWaited: (seconds) => metrics.waited(seconds),
      timedOut: (seconds) => this.#timedOut(seconds),
    };
    this.#owner = { what, endLease: (entry, release) => this.#endLease(entry, release) };
    metrics.watch(this);
    if (minSize > 0) queueMicrotask(() => this.#warmUp());
  }

  /**
   * A lease of a resource. Whoever has it must release it, at best by `await using`.
   *
   * @throws {TimeoutError} that says who holds the resources, its cause being the factory's last error if that is why
   * there is none; a RejectedError when too many wait or the pool is closed; whatever the signal was aborted with.
   */
  get(options?: GetOptions): Promise<PoolLease<T>> {
    const trace = this.#traceOf('get');
    if (options === undefined) {
      const entry = this.#takeAtOnce(trace);
      if (entry !== undefined) return Promise.resolve(this.#leaseOf(entry));
    }
    return this.#request(options, trace, this.#leaseOf);
  }

  /** As {@link AsyncPool.get}, but gives the resource itself, for {@link AsyncPool.release}. */
  acquire(options?: GetOptions): Promise<T> {
    const trace = this.#traceOf('acquire');
    if (options === undefined) {
      const entry = this.#takeAtOnce(trace);
      if (entry !== undefined) return Promise.resolve(entry.resource);
    }
    return this.#request(options, trace, resourceOf);
  }

  /**
   * Takes back what {@link AsyncPool.acquire} gave. Unlike a lease, it cannot tell a second release from the first one of
   * whoever got the resource in between.
   *
   * @throws {InvalidUseError} for a resource that is not leased: released already, or none of this pool's.
   */
  release(resource: T, options?: ReleaseOptions): void {
    const entry = this.#supply.find(resource);
    if (entry?.state === 'leased') return this.#endLease(entry, options);
    // It may have been taken back.
    if (this.#closing !== undefined) return;
    const problem = entry === undefined ? 'is none of its own' : 'is not leased, so it was released before';
    throw new InvalidUseError(`${this.#settings.what}: what was released ${problem}`);
  }

  /** Leases a resource for as long as the work takes. Its result and its error are its own, unchanged. */
  async use<R>(
    work: (resource: T, lease: PoolLease<T>) => R | PromiseLike<R>,
    options?: GetOptions,
  ): Promise<R> {
    const lease = await this.get(options);
    try {
      return await work(lease.resource, lease);
    } finally {
      lease.release();
    }
  }

  /**
   * Takes effect at once; what is leased beyond the new size is destroyed when it comes back.
   *
   * @throws {InvalidUseError} for a pool whose limit adapts.
   */
  resize(maxSize: number): void {
    checkPositiveInteger('maxSize', maxSize);
    if (this.#isAdaptive) throw new InvalidUseError(`${this.#settings.what} finds its limit itself`);
    this.#supply.resize(maxSize, this.#settings.clock.now());
    this.#kernel.setLimit(maxSize);
  }

  stats(): PoolStats {
    const supply = this.#supply;
    const { counts, idle, maxSize, minSize } = supply;
    const since = oldestLease(supply.entries)?.since;
    return {
      ...counts,
      size: counts.created - counts.destroyed,
      idle,
      pending: this.#kernel.queued + supply.seeking,
      maxSize,
      minSize,
      limit: this.#kernel.limit,
      oldestLease: since === undefined ? 0 : (this.#settings.clock.now() - since) / 1000,
      timeouts: this.#timeouts,
      leaked: this.#watch.leaked,
    };
  }

  /**
   * Refuses all who wait and come, waits for what is leased, and destroys everything. What is still leased when the time
   * is over is destroyed as well, and reported.
   *
   * @param options `timeout`: how long to wait for leases. Default: 10 s.
   */
  close(options?: { readonly timeout?: Duration }): Promise<PoolCloseReport> {
    checkKnownOptions('close', options, ['timeout']);
    const ms = timerMs('timeout', options?.timeout ?? CLOSE_TIMEOUT);
    return (this.#closing ??= this.#close(ms));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #traceOf(method: 'get' | 'acquire'): AcquireTrace | undefined {
    return this.#tracesLeases ? traceOf(this[method]) : undefined;
  }

  /** A free resource that needs no check. */
  #takeAtOnce(trace: AcquireTrace | undefined): PoolEntry<T> | undefined {
    if (this.#supply.idle === 0 || !this.#kernel.tryEnter()) return undefined;
    const now = this.#settings.clock.now();
    const entry = this.#supply.take(now);
    if (entry === undefined) this.#kernel.giveBack(now);
    else entry.beginLease(now, trace);
    return entry;
  }

  #request<R>(
    options: GetOptions | undefined,
    trace: AcquireTrace | undefined,
    give: (entry: PoolEntry<T>) => R,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const limits = options === undefined ? this.#usualLimits : checkGetOptions(options, this.#usualLimits);
      this.#upkeep.begin();
      new PoolRequest(this.#host, limits, trace, give, resolve, reject).begin();
    });
  }

  readonly #leaseOf = (entry: PoolEntry<T>): PoolLease<T> => {
    const lease = new PoolLease(this.#owner, entry);
    entry.lease = lease;
    return lease;
  };

  #endLease(entry: PoolEntry<T>, options: ReleaseOptions | undefined): void {
    checkKnownOptions('release', options, RELEASE_OPTIONS);
    const now = this.#settings.clock.now();
    const heldMs = now - entry.since;
    this.#metrics.used(heldMs / 1000);
    this.#supply.giveBack(entry, now, options?.destroy === true);
    this.#kernel.free(now, heldMs);
  }

  #timedOut(seconds: number): TimeoutError {
    this.#timeouts += 1;
    this.#metrics.timedOut();
    const { failures, error } = this.#supply.trouble;
    const [oldest] = leasesOf(this.#supply.entries, this.#settings.clock.now());
    const shortage = describeShortage(this.stats(), failures, oldest);
    const message = `${this.#settings.what}: no resource within ${seconds} s: ${shortage}`;
    return new TimeoutError(message, seconds, failures === 0 ? undefined : { cause: error });
  }

  #warmUp(): void {
    if (this.#closing !== undefined) return;
    this.#upkeep.begin();
    this.#supply.fill(this.#settings.clock.now());
  }

  async #close(ms: number): Promise<PoolCloseReport> {
    const { what, clock } = this.#settings;
    this.#kernel.close('closed', true);
    for (const seeker of this.#supply.close(new RejectedError(what, 'closed'))) {
      this.#metrics.rejected('closed');
      seeker.refuse(new RejectedError(what, 'closed'));
    }
    let abandoned: PoolCloseReport['abandoned'] = [];
    const cancel =
      ms === Infinity
        ? () => {}
        : clock.after(ms, () => {
            abandoned = leasesOf(this.#supply.entries, clock.now());
            this.#supply.abandon();
          });
    await this.#supply.empty();
    cancel();
    this.#upkeep.end();
    this.#metrics.stop();
    if (abandoned.length > 0)
      noticeOnce(
        `${what} abandoned`,
        `${what} was closed while ${abandoned.length} of its resources were leased`,
      );
    return { abandoned };
  }
}

function resourceOf<T>(entry: PoolEntry<T>): T {
  return entry.resource;
}
