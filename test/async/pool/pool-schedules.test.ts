import { expect } from 'chai';
import { AsyncPool } from '../../../src/async/pool/async-pool.js';
import type { PoolLease } from '../../../src/async/pool/pool-lease.js';
import type { PoolCallContext } from '../../../src/async/pool/pool-options.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { randomFrom } from '../../fakes/random.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';

interface Thing {
  readonly id: number;
  state: 'alive' | 'late' | 'closing' | 'gone';
  holders: number;
}

/** The world behind a pool: things that are made and fail as chance has it, and a record of each. */
class World {
  readonly clock = new FakeClock();
  readonly things: Thing[] = [];
  readonly problems: string[] = [];
  readonly #random: () => number;
  #calls = 0;
  maxSize = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Those that take a place, as seen from outside. */
  get open(): number {
    return this.things.filter(({ state }) => state === 'alive' || state === 'closing').length;
  }

  readonly factory = async (context: PoolCallContext): Promise<Thing> => {
    this.#calls += 1;
    context.signal.addEventListener('abort', () => (this.#calls -= 1));
    if (this.open + this.#calls > this.maxSize)
      this.problems.push(`${this.open} and ${this.#calls} under way of ${this.maxSize}`);
    try {
      await this.#fate(context);
    } finally {
      if (!context.signal.aborted) this.#calls -= 1;
    }
    const isLate = context.signal.aborted;
    if (this.#random() < 0.05) return undefined as never;
    const thing: Thing = { id: this.things.length, state: isLate ? 'late' : 'alive', holders: 0 };
    this.things.push(thing);
    return thing;
  };

  readonly validate = async (thing: Thing, context: PoolCallContext): Promise<boolean> => {
    if (thing.holders > 0) this.problems.push(`${thing.id} is checked while it is used`);
    await this.#fate(context);
    return this.#random() < 0.8;
  };

  readonly cleanup = async (thing: Thing, context: PoolCallContext): Promise<void> => {
    if (thing.holders > 0) this.problems.push(`${thing.id} is destroyed while it is used`);
    if (thing.state === 'closing' || thing.state === 'gone')
      this.problems.push(`${thing.id} is destroyed twice`);
    const hadPlace = thing.state === 'alive';
    if (hadPlace) thing.state = 'closing';
    const end = () => (thing.state = 'gone');
    context.signal.addEventListener('abort', end);
    try {
      await this.#fate(context);
    } finally {
      end();
    }
  };

  /** At once, later, much later, never, or not at all; some listen to their signal. */
  async #fate({ signal }: PoolCallContext): Promise<void> {
    const fate = this.#random();
    if (fate < 0.4) return;
    if (fate < 0.55) throw new Error('bad luck');
    const listens = this.#random() < 0.5;
    const ms = fate < 0.9 ? this.#random() * 500 : fate < 0.95 ? 5000 : Infinity;
    await new Promise<void>((resolve, reject) => {
      if (ms !== Infinity) this.clock.after(ms, resolve);
      if (listens) signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }
}

/** One random schedule from start to end; what was wrong on the way. */
async function runSchedule(seed: number): Promise<readonly string[]> {
  const random = randomFrom(seed);
  const pick = (n: number) => Math.floor(random() * n);
  const world = new World(random);
  const { clock, problems } = world;
  world.maxSize = 1 + pick(5);
  const pool = new AsyncPool<Thing>({
    name: `schedule-${seed}`,
    factory: world.factory,
    validate: world.validate,
    cleanup: world.cleanup,
    maxSize: world.maxSize,
    minSize: pick(2),
    createTimeout: 1,
    validateTimeout: 0.5,
    cleanupTimeout: 1,
    retryDelay: 0.05,
    validateAfterIdle: 0.2,
    idleTimeout: 2,
    maxAge: 10,
    random,
    clock,
  });
  const leases = new Set<PoolLease<Thing>>();
  const waits = new Set<AbortController>();
  let unsettled = 0;

  const come = async (): Promise<void> => {
    const controller = new AbortController();
    waits.add(controller);
    unsettled += 1;
    const timeout = 0.05 + random() * 3;
    try {
      const lease = await pool.get({ timeout, priority: pick(3) - 1, signal: controller.signal });
      const thing = lease.resource;
      thing.holders += 1;
      if (thing.holders > 1) problems.push(`${thing.id} is given to two`);
      if (thing.state !== 'alive') problems.push(`${thing.id} is ${thing.state} and given out`);
      leases.add(lease);
    } catch {
      // Too late, or not wanted any more.
    } finally {
      unsettled -= 1;
      waits.delete(controller);
    }
  };
  const leave = (lease: PoolLease<Thing>): void => {
    leases.delete(lease);
    lease.resource.holders -= 1;
    lease.release({ destroy: random() < 0.1 });
  };
  const check = (): void => {
    const { size, idle, leased, validating, closing, creating, pending, created, destroyed } = pool.stats();
    if (created - destroyed !== idle + leased + validating + closing || created - destroyed !== size)
      problems.push(`${created} - ${destroyed} is not ${idle} + ${leased} + ${validating} + ${closing}`);
    if (leased !== leases.size) problems.push(`${leased} leased, but ${leases.size} held`);
    // One that is being checked is for one who waits.
    if (pending > validating && idle > 0) problems.push(`${pending} wait beside ${idle} idle`);
    const isMoving = leased + validating + closing + creating > 0 || clock.timers > 0;
    if (pending > 0 && !isMoving) problems.push(`${pending} wait for nothing`);
    if (pending !== unsettled) problems.push(`${pending} wait, but ${unsettled} have no answer`);
  };

  for (let step = 0; step < 150 && problems.length === 0; step += 1) {
    const action = pick(20);
    if (action < 7) void come();
    else if (action < 12 && leases.size > 0) leave([...leases][pick(leases.size)]!);
    else if (action === 12 && waits.size > 0) [...waits][pick(waits.size)]!.abort(new Error('gone'));
    else if (action === 13) {
      // What was there already may stay until it is not in use any more.
      const maxSize = 1 + pick(6);
      world.maxSize = Math.max(maxSize, world.open);
      pool.resize(maxSize);
      world.maxSize = maxSize;
    } else clock.advance(random() * (action === 14 ? 3 : 0.2));
    await turnOfLoop();
    check();
  }

  const closing = pool.close();
  for (const lease of leases) leave(lease);
  for (let i = 0; i < 20; i += 1) {
    await turnOfLoop();
    clock.advance(1);
  }
  const { abandoned } = await closing;
  const { size, pending } = pool.stats();
  if (size + pending + abandoned.length + unsettled + clock.timers > 0)
    problems.push(
      `left behind: ${size} things, ${pending} waiting, ${unsettled} open, ${clock.timers} timers`,
    );
  if (world.open > 0) problems.push(`${world.open} things were never destroyed`);
  return problems;
}

describe('a pool on a random schedule', () => {
  for (let first = 1; first <= 100; first += 10) {
    it(`keeps its promises (${first} to ${first + 9})`, async () => {
      for (let seed = first; seed < first + 10; seed += 1)
        expect(await runSchedule(seed), `schedule ${seed}`).to.deep.equal([]);
    });
  }
});
