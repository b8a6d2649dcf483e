import { InvalidUseError } from '../../errors.js';
import type { PoolEntry } from './pool-entry.js';

/** What becomes of a resource that is given back. */
export interface ReleaseOptions {
  /** The resource does not work any more: it is destroyed instead of being given to others. @default false */
  readonly destroy?: boolean;
}

/** Whoever gave out a lease. */
export interface LeaseOwner<T> {
  readonly what: string;
  endLease(entry: PoolEntry<T>, options: ReleaseOptions | undefined): void;
}

const RELEASED = Promise.resolve();

/**
 * The right to use a resource until it is released, which counts once: releasing again does nothing, and cannot take the
 * resource from whoever has it by then.
 */
export class PoolLease<T> {
  readonly #owner: LeaseOwner<T>;
  readonly #entry: PoolEntry<T>;
  readonly #serial: number;

  constructor(owner: LeaseOwner<T>, entry: PoolEntry<T>) {
    this.#owner = owner;
    this.#entry = entry;
    this.#serial = entry.serial;
  }

  /** @throws {InvalidUseError} after the release: somebody else may have it. */
  get resource(): T {
    if (this.isReleased)
      throw new InvalidUseError(`${this.#owner.what}: a resource was used after its lease was released`);
    return this.#entry.resource;
  }

  /** Also when the pool took the resource back because it was closed. */
  get isReleased(): boolean {
    return this.#entry.serial !== this.#serial;
  }

  /** Gives the resource back. */
  release(options?: ReleaseOptions): void {
    if (!this.isReleased) this.#owner.endLease(this.#entry, options);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return RELEASED;
  }
}
