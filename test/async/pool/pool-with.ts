import { AsyncPool } from '../../../src/async/pool/async-pool.js';
import type { AsyncPoolOptions, PoolCallContext } from '../../../src/async/pool/pool-options.js';
import { FakeClock } from '../../fakes/fake-clock.js';

export interface Thing {
  readonly id: number;
}

let pools = 0;

/** A pool of numbered things on a clock that moves by hand; random times are as long as they may be. */
export function poolWith(options: Partial<AsyncPoolOptions<Thing>> = {}) {
  const clock = new FakeClock();
  const made: Thing[] = [];
  const destroyed: number[] = [];
  const make = (): Thing => {
    const thing = { id: made.length + 1 };
    made.push(thing);
    return thing;
  };
  const pool = new AsyncPool<Thing>({
    name: `test-${(pools += 1)}`,
    factory: make,
    cleanup: ({ id }) => void destroyed.push(id),
    random: () => 1,
    clock,
    ...options,
  });
  return { pool, clock, made, destroyed, make };
}

/** A function of a pool whose calls end when the test says so. */
export function heldCalls<T>() {
  const calls: {
    readonly signal: AbortSignal;
    readonly resolve: (value: T) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  const call = ({ signal }: PoolCallContext): Promise<T> =>
    new Promise((resolve, reject) => calls.push({ signal, resolve, reject }));
  return { calls, call };
}

export function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
