import { expect } from 'chai';
import { InvalidUseError } from '../../../src/errors.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { captureMetrics, valueOf } from '../../fakes/captured-telemetry.js';
import { collectGarbage } from '../../fakes/garbage.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { poolWith } from './pool-with.js';

describe('a lease of a pool', () => {
  let notices: CapturedNotices;
  beforeEach(() => (notices = captureNotices()));
  afterEach(() => notices.release());

  it('counts once: an old one cannot take the resource from its next user', async () => {
    const { pool } = poolWith({ maxSize: 1 });
    const old = await pool.get();
    old.release();
    const next = await pool.get();

    old.release();
    old.release({ destroy: true });
    await old[Symbol.asyncDispose]();

    expect(pool.stats()).to.include({ leased: 1, idle: 0, size: 1 });
    expect([old.isReleased, next.isReleased]).to.deep.equal([true, false]);
    expect(() => old.resource).to.throw(InvalidUseError, 'used after its lease was released');
    expect(next.resource.id).to.equal(1);
  });

  it('ends also by release of the resource', async () => {
    const { pool } = poolWith();
    const lease = await pool.get();
    pool.release(lease.resource);
    lease.release();

    expect(pool.stats()).to.include({ leased: 0, idle: 1 });
  });

  it('throws at whoever releases twice or what is not of the pool, and nothing changes', async () => {
    const { pool } = poolWith({ name: 'db' });
    const thing = await pool.acquire();
    const destroyed = await pool.acquire();
    pool.release(thing);
    pool.release(destroyed, { destroy: true });

    const twice = 'pool "db": what was released is not leased, so it was released before';
    const foreign = 'pool "db": what was released is none of its own';
    expect(() => pool.release(thing)).to.throw(InvalidUseError, twice);
    expect(() => pool.release(destroyed)).to.throw(InvalidUseError, twice);
    await turnOfLoop();
    expect(() => pool.release(destroyed)).to.throw(InvalidUseError, foreign);
    expect(() => pool.release({ id: 1 })).to.throw(InvalidUseError, foreign);
    expect(pool.stats()).to.include({ leased: 0, idle: 1, size: 1 });
    expect(await pool.acquire()).to.equal(thing);
  });

  it('is named with the place it was acquired at when it is held for too long, once', async () => {
    const { pool, clock } = poolWith({ name: 'db', leaseWarn: 5 });
    const lease = await pool.get();
    clock.advance(4);
    expect(notices.said).to.have.length(0);
    clock.advance(20);

    expect(notices.said).to.have.length(1);
    expect(notices.said[0]).to.match(
      /^pool "db": a resource has been leased for 5 s; it was acquired\n +at .*pool-lease\.test/,
    );
    lease.release();
    pool.release(await pool.acquire());
    clock.advance(20);
    expect(notices.said).to.have.length(1);
  });

  it('is counted when it was forgotten, and its place stays taken', async () => {
    const telemetry = captureMetrics();
    const { pool, clock } = poolWith({ name: 'db', maxSize: 2, meterProvider: telemetry.provider });
    const kept = await pool.get();
    await forget(pool);
    clock.advance(15);

    for (let i = 0; i < 50 && pool.stats().leaked === 0; i += 1) {
      await turnOfLoop();
      collectGarbage();
    }

    expect(pool.stats()).to.include({ leaked: 1, leased: 2 });
    expect(valueOf(await telemetry.collect(), 'perf.pool.leases.leaked')).to.equal(1);
    expect(notices.said).to.deep.equal([
      'pool "db": a lease was forgotten without being released, so that its resource is lost; leaseWarn tells where it is acquired',
    ]);
    expect(kept.resource.id).to.equal(1);
    kept.release();
  });

  it('is not counted when it was released and forgotten then', async () => {
    const { pool, clock } = poolWith();
    await forget(pool, (lease) => {
      clock.advance(15);
      lease.release();
    });

    for (let i = 0; i < 5; i += 1) {
      await turnOfLoop();
      collectGarbage();
    }

    expect(pool.stats()).to.include({ leaked: 0, idle: 1 });
  });
});

type Pool = ReturnType<typeof poolWith>['pool'];
type Lease = Awaited<ReturnType<Pool['get']>>;

/** In a function of its own, so that no variable of the test holds the lease. */
async function forget(pool: Pool, before: (lease: Lease) => void = () => {}): Promise<void> {
  before(await pool.get());
}
