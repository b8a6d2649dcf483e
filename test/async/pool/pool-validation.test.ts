import { expect } from 'chai';
import type { AsyncPoolOptions } from '../../../src/async/pool/pool-options.js';
import { TimeoutError } from '../../../src/errors.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { errorOf, heldCalls, poolWith, type Thing } from './pool-with.js';

/** A pool with so many idle resources. */
async function idlePoolWith(idle: number, options: Partial<AsyncPoolOptions<Thing>>) {
  const made = poolWith(options);
  const leases = await Promise.all(Array.from({ length: idle }, () => made.pool.get()));
  for (const lease of leases.toReversed()) lease.release();
  return made;
}

describe('a pool that validates', () => {
  it('asks only about resources that were idle for a while', async () => {
    const asked: number[] = [];
    const { pool, clock } = await idlePoolWith(1, { validate: ({ id }) => void asked.push(id) });
    clock.advance(4.9);
    (await pool.get()).release();
    expect(asked).to.deep.equal([]);

    clock.advance(5);
    (await pool.get()).release();
    (await pool.get()).release();

    expect(asked).to.deep.equal([1]);
  });

  it('asks each time when it is told to, also before a resource is handed over', async () => {
    let asked = 0;
    const { pool } = await idlePoolWith(1, {
      validate: () => void (asked += 1),
      validateAfterIdle: 0,
      maxSize: 1,
    });
    const lease = await pool.get();
    const waiting = pool.get();
    lease.release();
    (await waiting).release();

    expect(asked).to.equal(2);
  });

  const verdicts: Readonly<Record<string, AsyncPoolOptions<Thing>['validate'] & object>> = {
    'says false': () => false,
    'resolves to false': () => Promise.resolve(false),
    throws: () => {
      throw new Error('broken');
    },
    rejects: () => Promise.reject(new Error('broken')),
    'never ends': () => new Promise(() => {}),
  };
  for (const [kind, validate] of Object.entries(verdicts)) {
    it(`replaces a resource when it ${kind}`, async () => {
      const { pool, clock, destroyed } = await idlePoolWith(1, { validate, maxSize: 1, validateTimeout: 1 });
      clock.advance(5);
      const waiting = pool.get();
      expect(pool.stats()).to.include({ validating: 1, idle: 0, leased: 0, pending: 1 });
      await turnOfLoop();
      clock.advance(1);

      expect((await waiting).resource.id).to.equal(2);
      expect(destroyed).to.deep.equal([1]);
      expect(pool.stats()).to.include({ size: 1, leased: 1 });
    });
  }

  it('takes undefined for yes, as of a check that only throws', async () => {
    const { pool, clock } = await idlePoolWith(1, { validate: async () => Promise.resolve() });
    clock.advance(5);

    expect((await pool.get()).resource.id).to.equal(1);
  });

  it('replaces many that broke together without delay', async () => {
    const { pool, clock, destroyed } = await idlePoolWith(5, {
      validate: ({ id }) => id > 5,
      maxSize: 5,
    });
    clock.advance(5);

    expect((await pool.get()).resource.id).to.be.above(5);
    expect(destroyed).to.include(1);
  });

  it('rests when replacements are no better, instead of making more and more', async () => {
    const { pool, clock, made } = await idlePoolWith(1, {
      validate: () => false,
      validateAfterIdle: 0,
      maxSize: 1,
      timeout: 1000,
    });
    const before = made.length;

    // Each one is used for a moment, so that it is asked about before the next use.
    const uses: number[] = [];
    const user = (async () => {
      while (uses.length < 6) uses.push(await pool.use(({ id }) => id));
    })();
    let ms = 0;
    for (; uses.length < 6 && ms < 60_000; ms += 10) {
      await turnOfLoop();
      clock.advance(0.01);
    }
    await user;

    expect(made.length - before).to.equal(6);
    expect(ms, 'five waits: 0.1, 0.2, 0.4, 0.8 and 1.6 s').to.be.within(3100, 3300);
  });

  it('tells who waits in vain why no resource is any good', async () => {
    const broken = new Error('broken');
    const { pool, clock } = await idlePoolWith(1, {
      validate: () => Promise.reject(broken),
      validateAfterIdle: 0,
      maxSize: 1,
      retryDelay: 5,
      timeout: 2,
    });
    (await pool.get()).release();
    const waiting = errorOf(pool.get());
    await turnOfLoop();
    clock.advance(2);

    const error = (await waiting) as TimeoutError;
    expect(error).to.be.instanceOf(TimeoutError);
    expect(error.cause).to.equal(broken);
  });

  it('keeps a resource whose waiter left during the check', async () => {
    const held = heldCalls<boolean>();
    const { pool, clock } = await idlePoolWith(1, { validate: (_, context) => held.call(context) });
    clock.advance(5);
    const controller = new AbortController();
    const gone = errorOf(pool.get({ signal: controller.signal }));
    controller.abort();
    await gone;
    held.calls[0]!.resolve(true);
    await turnOfLoop();

    expect(pool.stats()).to.include({ idle: 1, validating: 0, pending: 0 });
  });
});
