import type { Cancel } from '../../clock.js';
import { LeaseWatch } from './lease-watch.js';
import type { PoolSettings } from './pool-options.js';
import type { ResourceSupply } from './resource-supply.js';

const LOOK_MS = 1000;
/** Limits that are shorter than usual are looked at more often. */
const LOOKS_PER_LIMIT = 10;

/** Looks now and then for what is idle, old or held for too long, while there is anything. Keeps no process alive. */
export class PoolUpkeep<T> {
  readonly #settings: PoolSettings<T>;
  readonly #supply: ResourceSupply<T>;
  readonly #watch: LeaseWatch;
  readonly #lookMs: number;
  #stop: Cancel | undefined;

  constructor(settings: PoolSettings<T>, supply: ResourceSupply<T>, watch: LeaseWatch) {
    const { idleMs, maxAgeMs, leaseWarnMs } = settings;
    this.#settings = settings;
    this.#supply = supply;
    this.#watch = watch;
    this.#lookMs = Math.min(LOOK_MS, Math.min(idleMs, maxAgeMs, leaseWarnMs) / LOOKS_PER_LIMIT);
  }

  begin(): void {
    this.#stop ??= this.#settings.clock.every(this.#lookMs, () => this.#look());
  }

  end(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #look(): void {
    const now = this.#settings.clock.now();
    this.#supply.maintain(now);
    this.#watch.look(this.#supply.entries, now);
    if (this.#supply.isUnused) this.end();
  }
}
