import type { Cancel } from '../../clock.js';
import { InvalidUseError } from '../../errors.js';
import { FactoryHealth } from './factory-health.js';
import type { PoolMetrics } from './pool-metrics.js';
import type { PoolSettings } from './pool-options.js';
import type { ResourceCalls } from './resource-calls.js';

/** Whom resources are made for. */
export interface MakerHost<T> {
  /** Whether it has this resource already. */
  readonly has: (resource: T) => boolean;
  readonly made: (resource: T, now: number) => void;
  /** Nothing came of it; it may be tried again when {@link ResourceMaker.mayStart} says so. */
  readonly failed: (now: number) => void;
  /** It came when its creation had been given up: it has no place, and is to be destroyed. */
  readonly late: (resource: T) => void;
}

/** Has resources made, and rests after failures. */
export class ResourceMaker<T> {
  readonly health: FactoryHealth;
  readonly #settings: PoolSettings<T>;
  readonly #calls: ResourceCalls<T>;
  readonly #metrics: PoolMetrics;
  readonly #host: MakerHost<T>;
  #making = 0;
  #cancelRetry: Cancel | undefined;

  constructor(settings: PoolSettings<T>, calls: ResourceCalls<T>, metrics: PoolMetrics, host: MakerHost<T>) {
    this.health = new FactoryHealth(settings.retryDelayMs, settings.random);
    this.#settings = settings;
    this.#calls = calls;
    this.#metrics = metrics;
    this.#host = host;
  }

  /** Calls of the factory under way. */
  get making(): number {
    return this.#making;
  }

  mayStart(now: number): boolean {
    const isTrying = this.health.isDown && this.#making > 0;
    return !isTrying && this.health.delayAt(now) === 0;
  }

  start(startedAt: number): void {
    const { round } = this.health;
    const { clock } = this.#settings;
    this.#making += 1;
    this.#calls.create({
      succeeded: (resource) => {
        this.#making -= 1;
        const problem = this.#problemOf(resource);
        if (problem === undefined) this.#made(resource, startedAt, clock.now());
        else {
          this.#calls.noteFailure('create', problem);
          this.#failed(problem, round);
        }
      },
      failed: (error) => {
        this.#making -= 1;
        this.#failed(error, round);
      },
      late: (resource) => {
        if (this.#problemOf(resource) === undefined) this.#host.late(resource);
      },
    });
  }

  /** Calls `act` when it may be tried again, unless that is called off. Only when nothing is under way. */
  retryLater(now: number, act: (now: number) => void): void {
    const { clock } = this.#settings;
    this.#cancelRetry ??= clock.after(this.health.delayAt(now), () => {
      this.#cancelRetry = undefined;
      act(clock.now());
    });
  }

  endRetry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  #made(resource: T, startedAt: number, now: number): void {
    this.health.made();
    this.endRetry();
    this.#metrics.created((now - startedAt) / 1000);
    this.#host.made(resource, now);
  }

  #failed(error: unknown, round: number): void {
    const now = this.#settings.clock.now();
    this.health.notMade(error, now, round);
    this.#host.failed(now);
  }

  #problemOf(resource: T): InvalidUseError | undefined {
    const { what } = this.#settings;
    if (resource === undefined || resource === null)
      return new InvalidUseError(`${what}: factory gave ${String(resource)}`);
    return this.#host.has(resource)
      ? new InvalidUseError(`${what}: factory gave a resource that the pool has already`)
      : undefined;
  }
}
