export type EntryState = 'idle' | 'validating' | 'leased' | 'closing';

/** Where a resource was acquired; its text is made when it is read. */
export interface AcquireTrace {
  readonly stack?: string;
}

/** A resource of a pool, and what the pool knows about it. Times in milliseconds of the monotonic clock. */
export class PoolEntry<T> {
  readonly resource: T;
  readonly createdAt: number;
  /** From when on it is too old to be given out. */
  readonly expiresAt: number;
  /** How long it may be idle. */
  readonly idleMs: number;
  state: EntryState = 'idle';
  /** Since when it is in this state. */
  since: number;
  /** Changes with each lease and each release, so that an old lease is known as such. */
  serial = 0;
  /** Where its lease began, if that is recorded. */
  trace: AcquireTrace | undefined;
  /** Held only until somebody watches it; see LeaseWatch. */
  lease: object | undefined;
  isReported = false;

  constructor(resource: T, now: number, expiresAt: number, idleMs: number) {
    this.resource = resource;
    this.createdAt = now;
    this.since = now;
    this.expiresAt = expiresAt;
    this.idleMs = idleMs;
  }

  beginLease(now: number, trace: AcquireTrace | undefined): void {
    this.state = 'leased';
    this.since = now;
    this.serial += 1;
    this.trace = trace;
  }

  /** From now on no lease is the right one. */
  endLease(): void {
    this.serial += 1;
    this.trace = undefined;
    this.lease = undefined;
    this.isReported = false;
  }
}

/** Where a function was called, without the frames below it. About 4 us. */
export function traceOf(called: (...args: never[]) => unknown): AcquireTrace {
  const trace: AcquireTrace = {};
  Error.captureStackTrace(trace, called);
  return trace;
}
