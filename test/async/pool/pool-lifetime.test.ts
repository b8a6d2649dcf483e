import { expect } from 'chai';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { runScript } from '../../fakes/child-script.js';
import { randomFrom } from '../../fakes/random.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { errorOf, heldCalls, poolWith } from './pool-with.js';

type Pool = ReturnType<typeof poolWith>['pool'];

async function use(pool: Pool, count: number): Promise<void> {
  const leases = await Promise.all(Array.from({ length: count }, () => pool.get()));
  for (const lease of leases) lease.release();
}

describe('resources of a pool', () => {
  let notices: CapturedNotices;
  beforeEach(() => (notices = captureNotices()));
  afterEach(() => notices.release());

  it('are destroyed when they were idle for too long, as many as are not to be kept', async () => {
    const { pool, clock, destroyed } = poolWith({ minSize: 2, idleTimeout: 100 });
    await use(pool, 5);
    clock.advance(89);
    await turnOfLoop();
    expect(destroyed).to.deep.equal([]);
    clock.advance(2);
    await turnOfLoop();

    expect(destroyed).to.deep.equal([1, 2, 3]);
    expect(pool.stats()).to.include({ idle: 2, size: 2 });
  });

  it('are replaced when they are too old and not in use', async () => {
    const { pool, clock, destroyed } = poolWith({ minSize: 1, maxAge: 100, idleTimeout: 1000 });
    await use(pool, 2);
    const lease = await pool.get();
    clock.advance(91);
    await turnOfLoop();
    expect(destroyed).to.deep.equal([1]);
    lease.release();
    await turnOfLoop();

    expect(destroyed).to.deep.equal([1, 2]);
    expect(pool.stats()).to.include({ idle: 1, size: 1 });
    expect((await pool.get()).resource.id).to.equal(3);
  });

  it('are not given out when they are too old, even if nobody has looked yet', async () => {
    const { pool, clock } = poolWith({ maxAge: 0.5 });
    await use(pool, 1);
    clock.advance(0.449);
    await turnOfLoop();
    expect(await pool.use(({ id }) => id)).to.equal(1);
    clock.advance(0.002);

    expect(await pool.use(({ id }) => id)).to.equal(2);
  });

  it('do not all end at the same time', async () => {
    const ends: number[] = [];
    const { pool, clock } = poolWith({
      maxSize: 50,
      maxAge: 1000,
      idleTimeout: 10_000,
      random: randomFrom(7),
      cleanup: () => void ends.push(clock.now()),
    });
    await use(pool, 50);
    for (let i = 0; i < 110; i += 1) {
      clock.advance(10);
      await turnOfLoop();
    }

    expect(ends).to.have.length(50);
    expect(new Set(ends).size).to.be.above(20);
    expect(ends.at(-1)! - ends[0]!).to.be.above(80_000);
  });

  it('are there before anybody needs them, and are made up for', async () => {
    const { pool, made } = poolWith({ minSize: 3 });
    await turnOfLoop();
    expect([made.length, pool.stats().idle]).to.deep.equal([3, 3]);

    (await pool.get()).release({ destroy: true });
    await turnOfLoop();

    expect(pool.stats()).to.include({ idle: 3, created: 4 });
  });

  it('keep their place until they are destroyed', async () => {
    const held = heldCalls<void>();
    const { pool, made } = poolWith({ maxSize: 1, cleanup: (_, context) => held.call(context) });
    (await pool.get()).release({ destroy: true });
    const waiting = pool.get();
    await turnOfLoop();
    expect([made.length, pool.stats().closing]).to.deep.equal([1, 1]);

    held.calls[0]!.resolve();

    expect((await waiting).resource.id).to.equal(2);
    expect(pool.stats()).to.include({ closing: 0, size: 1, created: 2, destroyed: 1 });
  });

  const cleanups = {
    throws: (): never => {
      throw new Error('no');
    },
    rejects: () => Promise.reject(new Error('no')),
    'never ends': () => new Promise<never>(() => {}),
    'gives undefined': () => undefined,
  };
  for (const [kind, cleanup] of Object.entries(cleanups)) {
    it(`lose their place when their cleanup ${kind}`, async () => {
      const { pool, clock } = poolWith({ name: 'db', maxSize: 1, cleanup, cleanupTimeout: 2 });
      (await pool.get()).release({ destroy: true });
      const waiting = pool.get();
      await turnOfLoop();
      clock.advance(2);

      expect((await waiting).resource.id).to.equal(2);
      const problem =
        kind === 'never ends' ? 'TimeoutError: pool "db": cleanup took longer than 2 s' : 'Error: no';
      expect(notices.said).to.deep.equal(
        kind === 'gives undefined' ? [] : [`pool "db": cleanup failed: ${problem}`],
      );
    });
  }

  it('are forgotten where there is no cleanup', async () => {
    const { pool } = poolWith({ maxSize: 1, cleanup: undefined as never });
    (await pool.get()).release({ destroy: true });

    expect(pool.stats()).to.include({ size: 0, closing: 0, destroyed: 1 });
    expect((await pool.get()).resource.id).to.equal(2);
  });
});

describe('a pool that is left alone', () => {
  it('keeps no process alive', async () => {
    const { code, stdout, stderr } = await runScript(`
      import { AsyncPool } from './src/async/pool/async-pool.ts';
      const pool = new AsyncPool({ factory: async () => ({}), minSize: 2, leaseWarn: 60 });
      const lease = await pool.get();
      await pool.use(() => {});
      console.log(pool.stats().leased);
    `);

    expect([code, stdout.trim(), stderr]).to.deep.equal([0, '1', '']);
  });
});

describe('a pool that closes', () => {
  let notices: CapturedNotices;
  beforeEach(() => (notices = captureNotices()));
  afterEach(() => notices.release());

  it('waits for what is leased, destroys everything and leaves nothing behind', async () => {
    const { pool, clock, destroyed } = poolWith({ maxSize: 3, minSize: 1 });
    const leases = [await pool.get(), await pool.get(), await pool.get()];
    leases[0]!.release();
    const closing = pool.close();
    expect(pool.close()).to.equal(closing);
    await turnOfLoop();
    expect(destroyed).to.deep.equal([1]);
    expect(await errorOf(pool.get())).to.have.property('reason', 'closed');

    leases[1]!.release();
    leases[2]!.release();

    expect(await closing).to.deep.equal({ abandoned: [] });
    expect(destroyed).to.deep.equal([1, 2, 3]);
    expect(pool.stats()).to.include({ size: 0, leased: 0, pending: 0 });
    expect(clock.timers).to.equal(0);
  });

  it('takes back what is not released in time, and says what that was', async () => {
    const { pool, clock, destroyed } = poolWith({ name: 'db', leaseWarn: 60 });
    const [first, second] = [await pool.get(), await pool.acquire()];
    clock.advance(3);
    const third = await pool.get();
    const closing = pool.close({ timeout: '5s' });
    third.release();
    clock.advance(5);

    const { abandoned } = await closing;
    expect(abandoned.map(({ heldFor }) => heldFor)).to.deep.equal([8, 8]);
    expect(abandoned[0]!.acquiredAt).to.match(/^ +at .*pool-lifetime\.test/);
    expect(destroyed).to.have.members([1, 2, 3]);
    expect(notices.said).to.deep.equal(['pool "db" was closed while 2 of its resources were leased']);
    first.release();
    pool.release(second);
    expect([first.isReleased, destroyed.length]).to.deep.equal([true, 3]);
    expect(clock.timers).to.equal(0);
  });

  it('does not wait for a cleanup for ever', async () => {
    const { pool, clock } = poolWith({ cleanup: () => new Promise(() => {}), cleanupTimeout: 3 });
    await use(pool, 2);
    const closing = pool.close();
    await turnOfLoop();
    clock.advance(3);

    expect(await closing).to.deep.equal({ abandoned: [] });
  });

  it('does not wait for a check, nor for what is being made', async () => {
    const making = heldCalls<{ id: number }>();
    const checking = heldCalls<boolean>();
    let hasOne = false;
    const { pool, clock, destroyed, make } = poolWith({
      factory: (context) => (hasOne ? making.call(context) : ((hasOne = true), make())),
      validate: (_, context) => checking.call(context),
    });
    await use(pool, 1);
    clock.advance(5);
    const errors = [pool.get(), pool.get()].map(errorOf);
    await turnOfLoop();
    expect(pool.stats()).to.include({ validating: 1, creating: 1 });

    await pool.close();

    expect((await Promise.all(errors)).map((error) => (error as { reason?: string }).reason)).to.deep.equal([
      'closed',
      'closed',
    ]);
    expect([making.calls[0]!.signal.aborted, checking.calls[0]!.signal.aborted]).to.deep.equal([true, true]);
    checking.calls[0]!.resolve(true);
    making.calls[0]!.resolve({ id: 9 });
    await turnOfLoop();
    expect(destroyed).to.deep.equal([1, 9]);
    expect(pool.stats()).to.include({ size: 0, created: 2, destroyed: 2 });
    expect(clock.timers).to.equal(0);
  });

  it('closes with await using', async () => {
    const { pool, destroyed } = poolWith({ minSize: 1 });
    {
      await using closing = pool;
      await turnOfLoop();
      expect(closing.stats().idle).to.equal(1);
    }

    expect(destroyed).to.deep.equal([1]);
  });
});
