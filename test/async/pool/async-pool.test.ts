import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { AsyncPool } from '../../../src/async/pool/async-pool.js';
import { currentDeadline } from '../../../src/async/time-scope.js';
import { withTimeout } from '../../../src/async/timeout.js';
import { InvalidOptionError, InvalidUseError, RejectedError, TimeoutError } from '../../../src/errors.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { errorOf, poolWith, type Thing } from './pool-with.js';

describe('AsyncPool', () => {
  it('makes a resource when one is needed and none is free, and gives it again', async () => {
    const { pool, made } = poolWith();

    const first = await pool.get();
    const second = await pool.get();
    first.release();
    const third = await pool.get();

    expect([second.resource.id, third.resource.id]).to.deep.equal([2, 1]);
    expect(made).to.have.length(2);
  });

  it('never has more than its size, and serves those who wait in their order', async () => {
    const { pool, made } = poolWith({ maxSize: 2 });
    const leases = [await pool.get(), await pool.get()];
    const order: string[] = [];
    const waiting = ['a', 'b', 'c'].map(async (name) => {
      const lease = await pool.get();
      order.push(name);
      lease.release();
    });

    expect(pool.stats()).to.include({ leased: 2, pending: 3, idle: 0 });
    leases[0]!.release();
    await Promise.all(waiting);

    expect([order, made.length]).to.deep.equal([['a', 'b', 'c'], 2]);
  });

  it('serves the more urgent first', async () => {
    const { pool } = poolWith({ maxSize: 1 });
    const lease = await pool.get();
    const order: number[] = [];
    const waiting = [0, 5, -5].map((priority) => pool.use(() => void order.push(priority), { priority }));

    lease.release();
    await Promise.all(waiting);

    expect(order).to.deep.equal([5, 0, -5]);
  });

  it('gives the one that was used last, so that the others grow old', async () => {
    const { pool } = poolWith();
    const [one, two, three] = [await pool.get(), await pool.get(), await pool.get()];
    two.release();
    three.release();
    one.release();

    expect((await pool.get()).resource.id).to.equal(1);
    expect((await pool.get()).resource.id).to.equal(3);
  });

  it('hands a resource over before whoever released it goes on', async () => {
    const { pool } = poolWith({ maxSize: 1 });
    const lease = await pool.get();
    const waiting = pool.get();

    lease.release();

    expect(pool.stats()).to.include({ leased: 1, idle: 0, pending: 0 });
    const late = pool.get();
    (await waiting).release();
    expect((await late).resource.id).to.equal(1);
  });

  it('works with await using and with using', async () => {
    const { pool } = poolWith({ maxSize: 1 });
    {
      await using lease = await pool.get();
      expect(lease.resource.id).to.equal(1);
    }
    {
      using lease = await pool.get();
      expect(pool.stats().leased).to.equal(1);
      expect(lease.isReleased).to.equal(false);
    }

    expect(pool.stats()).to.include({ leased: 0, idle: 1 });
  });

  it('uses a resource for as long as the work takes, and hands on what comes of it', async () => {
    const { pool, destroyed } = poolWith();
    const error = new RangeError('no');
    const broken = errorOf(
      pool.use((_, lease) => {
        lease.release({ destroy: true });
        throw error;
      }),
    );

    expect(await pool.use(async ({ id }) => Promise.resolve(id + 1))).to.equal(3);
    expect(await broken).to.equal(error);
    await turnOfLoop();
    expect(destroyed).to.deep.equal([1]);
    expect(pool.stats()).to.include({ leased: 0, idle: 1, size: 1 });
  });

  it('gives bare resources, and takes them back', async () => {
    const { pool } = poolWith({ maxSize: 1 });
    const thing = await pool.acquire();
    const waiting = pool.acquire();
    pool.release(thing);

    expect(await waiting).to.equal(thing);
    pool.release(thing, { destroy: true });
    expect((await pool.acquire()).id).to.equal(2);
  });

  it('grows and shrinks at once, and interrupts nobody', async () => {
    const { pool, destroyed } = poolWith({ maxSize: 1 });
    const leases = [await pool.get()];
    const waiting = [pool.get(), pool.get()];
    pool.resize(3);
    leases.push(...(await Promise.all(waiting)));

    pool.resize(1);
    expect(pool.stats()).to.include({ leased: 3, maxSize: 1, limit: 1 });
    for (const lease of leases) lease.release();
    await turnOfLoop();

    expect(destroyed).to.deep.equal([1, 2]);
    expect(pool.stats()).to.include({ size: 1, idle: 1 });
  });

  it('destroys what is idle beyond its new size, the oldest first', async () => {
    const { pool, destroyed } = poolWith({ maxSize: 3, minSize: 2 });
    const leases = [await pool.get(), await pool.get(), await pool.get()];
    for (const lease of leases) lease.release();

    pool.resize(1);
    await turnOfLoop();

    expect(destroyed).to.have.length(2);
    expect(pool.stats()).to.include({ size: 1, idle: 1, minSize: 1 });
  });

  it('tells who waits in vain who has it all', async () => {
    const { pool, clock } = poolWith({ name: 'db', maxSize: 2, timeout: '2s', leaseWarn: 60 });
    await pool.get();
    clock.advance(1);
    await pool.get();
    const errors = [pool.get(), pool.get({ timeout: 5 })].map(errorOf);
    clock.advance(2);

    const error = (await errors[0]) as TimeoutError;
    expect(error).to.be.instanceOf(TimeoutError);
    expect(error.timeout).to.equal(2);
    expect(error.message).to.match(
      /^pool "db": no resource within 2 s: 2 of 2 leased, the oldest for 3\.0 s, 1 more waiting\nThe oldest was acquired\n +at .*async-pool\.test/,
    );
    expect(error.cause).to.equal(undefined);
    expect(pool.stats()).to.include({ timeouts: 1, pending: 1 });
    clock.advance(3);
    expect(await errors[1]).to.be.instanceOf(TimeoutError);
  });

  it('forgets at once who does not want to wait any more, and leaves nothing behind', async () => {
    const { pool, clock } = poolWith({ maxSize: 1 });
    const lease = await pool.get();
    const { timers } = clock;
    const controller = new AbortController();
    const reason = new Error('gone');
    const impatient = errorOf(pool.get({ signal: controller.signal }));
    const patient = pool.get({ signal: new AbortController().signal });
    controller.abort(reason);

    expect(await impatient).to.equal(reason);
    expect(await errorOf(pool.get({ signal: controller.signal }))).to.equal(reason);
    expect(getEventListeners(controller.signal, 'abort')).to.have.length(0);
    lease.release();
    (await patient).release();
    expect(clock.timers).to.equal(timers);
    expect(pool.stats()).to.include({ idle: 1, leased: 0, pending: 0 });
  });

  it('waits no longer than whoever it is asked on behalf of', async () => {
    const { pool, clock } = poolWith({ maxSize: 1, timeout: 30 });
    const lease = await pool.get();
    const outer = errorOf(withTimeout(() => pool.get(), 2, { clock, name: 'request' }));
    clock.advance(2);

    expect(((await outer) as Error).message).to.equal('request took longer than 2 s');
    expect(pool.stats().pending).to.equal(0);
    lease.release();
    expect(pool.stats()).to.include({ idle: 1, leased: 0 });
  });

  it('waits for ever when that is what it is told, and for thirty days no longer than that', async () => {
    const { pool, clock } = poolWith({ maxSize: 1, timeout: '30d' });
    const lease = await pool.get();
    const days = errorOf(pool.get());
    const forEver = pool.get({ timeout: Infinity });
    clock.advance(29.9 * 86_400);
    expect(pool.stats().pending).to.equal(2);
    clock.advance(1e6);
    lease.release();

    expect(await days).to.be.instanceOf(TimeoutError);
    expect((await forEver).resource.id).to.equal(1);
  });

  it('refuses at once when too many wait', async () => {
    const { pool } = poolWith({ maxSize: 1, maxQueued: 1 });
    const lease = await pool.get();
    const waiting = pool.get();

    const error = (await errorOf(pool.get())) as RejectedError;

    expect(error).to.be.instanceOf(RejectedError);
    expect(error.reason).to.equal('queue_full');
    lease.release();
    (await waiting).release();
  });

  it('lets the number in use follow how long they are in use', async () => {
    const { pool, clock } = poolWith({ maxSize: 20, limit: { min: 2, initial: 10, latency: 0.1 } });
    const slow = async (): Promise<void> => {
      const leases = await Promise.all(Array.from({ length: 10 }, () => pool.get()));
      clock.advance(1);
      for (const lease of leases) lease.release();
    };
    await slow();

    expect(pool.stats().limit).to.equal(8);
    expect(() => pool.resize(5)).to.throw(InvalidUseError, 'finds its limit itself');
  });

  it('calls its functions in the context it was made in, as a resource belongs to no request', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const look = () => void seen.push(context.getStore(), currentDeadline());
    const { pool, clock, make } = poolWith({
      factory: () => (look(), make()),
      validate: look,
      cleanup: look,
      validateAfterIdle: 0,
    });

    const own = await context.run('request', () =>
      withTimeout(
        async () => {
          (await pool.get()).release();
          (await pool.get()).release({ destroy: true });
          return context.getStore();
        },
        5,
        { clock },
      ),
    );

    expect([own, seen]).to.deep.equal(['request', Array.from({ length: 6 })]);
  });

  it('refuses options that cannot work', () => {
    const factory = (): Thing => ({ id: 1 });
    const cases: readonly (readonly [object, string])[] = [
      [{}, 'factory must be a function, got undefined'],
      [{ factory, maxSize: 0 }, 'maxSize must be a positive integer, got 0'],
      [{ factory, maxSize: 2, minSize: 3 }, 'minSize must be at most maxSize, which is 2, got 3'],
      [{ factory, timeout: '5 parsecs' }, 'timeout must be a duration'],
      [{ factory, validate: true }, 'validate must be a function, got true'],
      [{ factory, max_size: 3 }, 'AsyncPool option name must be maxSize, perhaps, got "max_size"'],
      [{ factory, limit: { max: 11 } }, 'limit.max must be at most maxSize, which is 10, got 11'],
      [{ factory, system: 5 }, 'system must be a text that is not empty, got 5'],
    ];
    for (const [options, message] of cases) {
      const make = () => new AsyncPool(options as { factory: () => Thing });
      expect(make).to.throw(InvalidOptionError, message);
    }
  });

  it('refuses requests and releases that cannot be meant', async () => {
    const { pool } = poolWith();
    const lease = await pool.get();

    expect(await errorOf(pool.get({ priority: 0.5 }))).to.be.instanceOf(InvalidOptionError);
    expect(await errorOf(pool.get({ time: 1 } as object))).to.be.instanceOf(InvalidOptionError);
    expect(() => lease.release({ destory: true } as object)).to.throw(InvalidOptionError);
    expect(() => pool.resize(0)).to.throw(InvalidOptionError);
    expect(pool.stats()).to.include({ leased: 1, pending: 0 });
  });
});
