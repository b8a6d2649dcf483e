import type { FactoryHealth } from './factory-health.js';
import { IdleResources } from './idle-resources.js';
import { PoolEntry } from './pool-entry.js';
import type { DestroyReason, PoolMetrics } from './pool-metrics.js';
import type { PoolSettings } from './pool-options.js';
import { ResourceCalls } from './resource-calls.js';
import { ResourceMaker } from './resource-maker.js';

/** Somebody who has a place and waits for the resource to fill it. */
export interface Seeker<T> {
  receive(entry: PoolEntry<T>, now: number): void;
  refuse(error: Error): void;
}

/** Lifetimes are shorter by a random share up to this, so that what was made together does not end together. */
const JITTER = 0.1;

/**
 * The resources of a pool: makes them, has them checked, keeps those that are not in use, and destroys them. At no time
 * are there more than `maxSize`, those that are being made or destroyed included.
 */
export class ResourceSupply<T> {
  readonly #settings: PoolSettings<T>;
  readonly #metrics: PoolMetrics;
  readonly #calls: ResourceCalls<T>;
  readonly #maker: ResourceMaker<T>;
  readonly #idle: IdleResources<T>;
  readonly #entries = new Map<T, PoolEntry<T>>();
  readonly #seekers = new Set<Seeker<T>>();
  #maxSize: number;
  #validating = 0;
  #closing = 0;
  /** Came when their creation had been given up, and are being destroyed. They have no place. */
  #strays = 0;
  #created = 0;
  #destroyed = 0;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  constructor(settings: PoolSettings<T>, metrics: PoolMetrics) {
    this.#settings = settings;
    this.#metrics = metrics;
    this.#maxSize = settings.maxSize;
    this.#calls = new ResourceCalls(settings, metrics);
    this.#maker = new ResourceMaker(settings, this.#calls, metrics, {
      has: (resource) => this.#entries.has(resource),
      made: (resource, now) => this.#add(resource, now),
      failed: (now) => this.fill(now),
      late: (resource) => this.#destroyStray(resource),
    });
    this.#idle = new IdleResources(settings, (entry, reason) => this.#destroy(entry, reason));
  }

  /** Resources that have a place; those that are being made left out. */
  get size(): number {
    return this.#entries.size;
  }

  get idle(): number {
    return this.#idle.size;
  }

  get seeking(): number {
    return this.#seekers.size;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  get minSize(): number {
    return Math.min(this.#settings.minSize, this.#maxSize);
  }

  get entries(): Iterable<PoolEntry<T>> {
    return this.#entries.values();
  }

  get trouble(): FactoryHealth['trouble'] {
    return this.#maker.health.trouble;
  }

  get counts() {
    const [creating, validating] = [this.#maker.making, this.#validating];
    const closing = this.#closing + this.#strays;
    const leased = this.size - this.idle - validating - this.#closing;
    return { leased, creating, validating, closing, created: this.#created, destroyed: this.#destroyed };
  }

  /** Nothing is there, under way or wanted. */
  get isUnused(): boolean {
    return this.size + this.#maker.making + this.seeking === 0 && (this.minSize === 0 || this.#isClosed);
  }

  find(resource: T): PoolEntry<T> | undefined {
    return this.#entries.get(resource);
  }

  /** One that can be given out at once. */
  take(now: number): PoolEntry<T> | undefined {
    return this.#idle.take(now);
  }

  /** He gets a resource, now or when there is one. */
  seek(seeker: Seeker<T>, now: number): void {
    const entry = this.#idle.take(now);
    if (entry !== undefined) return seeker.receive(entry, now);
    this.#seekers.add(seeker);
    this.fill(now);
  }

  leave(seeker: Seeker<T>): void {
    this.#seekers.delete(seeker);
    if (this.#seekers.size === 0) this.#maker.endRetry();
  }

  /** A lease has ended. */
  giveBack(entry: PoolEntry<T>, now: number, isBroken: boolean): void {
    entry.endLease();
    if (isBroken) return this.#destroy(entry, this.#isClosed ? 'closed' : 'released');
    const reason = this.#surplusReason(entry, now);
    if (reason !== undefined) return this.#destroy(entry, reason);
    this.#idle.keep(entry, now);
    if (this.#seekers.size === 0) return;
    const ready = this.#idle.take(now);
    if (ready === undefined) this.fill(now);
    else this.#deliver(ready, now);
  }

  resize(maxSize: number, now: number): void {
    this.#maxSize = maxSize;
    this.#idle.shrink(this.size - this.#closing - maxSize, 'resized');
    this.fill(now);
  }

  /** Destroys what has been idle for too long or is too old, and makes what shall be kept. */
  maintain(now: number): void {
    this.#idle.evict(now, this.size - this.#closing - this.minSize);
    this.fill(now);
  }

  /** Has resources checked or made for those who seek one, and makes as many as shall be kept. */
  fill(now: number): void {
    if (this.#isClosed) return;
    while (this.#seekers.size > this.#validating && this.#idle.size > 0) this.#check(now);
    while (this.#isShort && this.#hasRoom && this.#maker.mayStart(now)) this.#maker.start(now);
    const isStuck = this.#missing > 0 && this.#hasRoom && this.#maker.making === 0;
    if (isStuck) this.#maker.retryLater(now, (later) => this.fill(later));
  }

  /** Gives nothing more, and takes back what comes. Those who seek are the caller's to tell. */
  close(reason: Error): readonly Seeker<T>[] {
    this.#isClosed = true;
    const seekers = [...this.#seekers];
    this.#seekers.clear();
    this.#maker.endRetry();
    this.#calls.giveUp(reason);
    this.#idle.shrink(this.#idle.size, 'closed');
    return seekers;
  }

  /** Takes back what is still leased. */
  abandon(): void {
    for (const entry of this.#entries.values()) if (entry.state === 'leased') this.#destroy(entry, 'closed');
  }

  /** Resolves when nothing is left. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      this.#settleEmpty();
    });
  }

  /** For how many nothing is under way. */
  get #missing(): number {
    return this.#seekers.size - this.#maker.making - this.#validating;
  }

  get #isShort(): boolean {
    return this.#missing > 0 || this.size - this.#closing + this.#maker.making < this.minSize;
  }

  get #hasRoom(): boolean {
    return this.size + this.#maker.making < this.#maxSize;
  }

  #add(resource: T, now: number): void {
    const { maxAgeMs, idleMs, random } = this.#settings;
    const share = 1 - JITTER * random();
    const entry = new PoolEntry(resource, now, now + maxAgeMs * share, idleMs * share);
    this.#entries.set(resource, entry);
    this.#created += 1;
    this.#deliver(entry, now);
    this.fill(now);
  }

  /** An idle one, for the next who seeks. */
  #check(now: number): void {
    const entry = this.#idle.takeAny(now);
    if (entry === undefined) return;
    const { clock } = this.#settings;
    entry.state = 'validating';
    this.#validating += 1;
    this.#calls.validate(entry.resource, {
      succeeded: () => {
        this.#validating -= 1;
        this.#maker.health.valid();
        this.#deliver(entry, clock.now());
        this.fill(clock.now());
      },
      failed: (error) => {
        this.#validating -= 1;
        this.#maker.health.invalid(entry.createdAt, error, clock.now());
        this.#destroy(entry, this.#isClosed ? 'closed' : 'invalid');
        this.fill(clock.now());
      },
    });
  }

  /** To the first who seeks one, else it is kept. It is fresh: made, checked or used just now. */
  #deliver(entry: PoolEntry<T>, now: number): void {
    const reason = this.#surplusReason(entry, now);
    if (reason !== undefined) return this.#destroy(entry, reason);
    const [seeker] = this.#seekers;
    if (seeker === undefined) return this.#idle.keep(entry, now);
    this.#seekers.delete(seeker);
    seeker.receive(entry, now);
  }

  #surplusReason(entry: PoolEntry<T>, now: number): DestroyReason | undefined {
    if (this.#isClosed) return 'closed';
    if (now >= entry.expiresAt) return 'max_age';
    return this.size - this.#closing > this.#maxSize ? 'resized' : undefined;
  }

  #destroy(entry: PoolEntry<T>, reason: DestroyReason): void {
    const { clock } = this.#settings;
    entry.endLease();
    entry.state = 'closing';
    entry.since = clock.now();
    this.#closing += 1;
    this.#calls.cleanUp(entry.resource, () => {
      this.#closing -= 1;
      this.#entries.delete(entry.resource);
      this.#noteDestroyed(reason);
      this.fill(clock.now());
      this.#settleEmpty();
    });
  }

  /** It came after its creation was given up. */
  #destroyStray(resource: T): void {
    this.#created += 1;
    this.#strays += 1;
    this.#calls.cleanUp(resource, () => {
      this.#strays -= 1;
      this.#noteDestroyed('late');
    });
  }

  #noteDestroyed(reason: DestroyReason): void {
    this.#destroyed += 1;
    this.#metrics.destroyed(reason);
  }

  #settleEmpty(): void {
    if (this.size === 0) this.#onEmpty?.();
  }
}
