import { expect } from 'chai';
import type { AsyncPoolOptions } from '../../../src/async/pool/pool-options.js';
import { InvalidUseError, RejectedError, TimeoutError } from '../../../src/errors.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { errorOf, heldCalls, poolWith, type Thing } from './pool-with.js';

const never = (): Promise<never> => new Promise(() => {});

describe('a pool whose factory fails', () => {
  let notices: CapturedNotices;
  beforeEach(() => (notices = captureNotices()));
  afterEach(() => notices.release());

  it('calls it once for all who wait, after 1, 2, 4 ... times the delay', async () => {
    let calls = 0;
    const down = new Error('no database');
    const factory = () => {
      calls += 1;
      throw down;
    };
    const { pool, clock } = poolWith({ name: 'db', factory, maxSize: 8, retryDelay: 0.1, timeout: 2 });
    const errors = Array.from({ length: 50 }, () => errorOf(pool.get()));
    await turnOfLoop();
    // Before it was known to fail, there was one call for each place.
    expect(calls).to.equal(8);

    const callsAt: number[] = [];
    for (let ms = 1; ms <= 1600; ms += 1) {
      clock.advance(0.001);
      if (calls === 8 + callsAt.length) continue;
      callsAt.push(ms);
      await turnOfLoop();
    }
    expect(callsAt.map((at, i) => at - (callsAt[i - 1] ?? 0))).to.deep.equal([100, 200, 400, 800]);

    clock.advance(0.5);
    for (const promise of errors) {
      const error = (await promise) as TimeoutError;
      expect(error).to.be.instanceOf(TimeoutError);
      expect(error.cause).to.equal(down);
      expect(error.message).to.include('0 of 8 leased');
      expect(error.message).to.include('failures of the factory in a row: 5, see the cause');
    }
    expect(notices.said).to.deep.equal(['pool "db": factory failed: Error: no database']);
    expect(pool.stats()).to.include({ pending: 0, creating: 0, size: 0 });
  });

  it('serves everybody as soon as one call has succeeded', async () => {
    const held = heldCalls<Thing>();
    const { pool, clock } = poolWith({ factory: held.call, maxSize: 3 });
    const waiting = Array.from({ length: 3 }, () => pool.get());
    await turnOfLoop();
    for (const { reject } of held.calls) reject(new Error('down'));
    await turnOfLoop();
    clock.advance(0.1);
    await turnOfLoop();
    expect(held.calls).to.have.length(4);

    held.calls[3]!.resolve({ id: 1 });
    await turnOfLoop();
    expect(held.calls).to.have.length(6);
    held.calls[4]!.resolve({ id: 2 });
    held.calls[5]!.resolve({ id: 3 });

    expect((await Promise.all(waiting)).map(({ resource }) => resource.id)).to.deep.equal([1, 2, 3]);
  });

  it('never lets more than 10 s pass between two calls, and rests for a random part of the time', async () => {
    const calledAt: number[] = [];
    const random = () => 0.5;
    const { pool, clock } = poolWith({
      random,
      timeout: 200,
      factory: () => {
        calledAt.push(clock.now());
        throw new Error('down');
      },
    });
    const waiting = errorOf(pool.get());
    for (let i = 0; i < 1000; i += 1) {
      await turnOfLoop();
      clock.advance(0.05);
    }
    const gaps = calledAt.slice(1).map((at, i) => at - calledAt[i]!);

    expect(gaps.slice(0, 5)).to.deep.equal([50, 100, 200, 400, 800]);
    expect(Math.max(...gaps)).to.equal(5000);
    await pool.close();
    await waiting;
  });

  const failures: Readonly<Record<string, [AsyncPoolOptions<Thing>['factory'], string]>> = {
    'that throws': [
      () => {
        throw new Error('at once');
      },
      'at once',
    ],
    'that rejects': [() => Promise.reject(new Error('later')), 'later'],
    'that never ends': [never, 'factory took longer than 1 s'],
    'that gives undefined': [(() => undefined) as unknown as () => Thing, 'factory gave undefined'],
    'that gives null': [(() => null) as unknown as () => Thing, 'factory gave null'],
  };
  for (const [kind, [factory, message]] of Object.entries(failures)) {
    it(`tries one ${kind} again`, async () => {
      let calls = 0;
      const { pool, clock, make } = poolWith({
        createTimeout: 1,
        factory: (context) => ((calls += 1) === 1 ? factory(context) : make()),
      });
      const waiting = pool.get();
      await turnOfLoop();
      clock.advance(1);
      await turnOfLoop();
      clock.advance(0.1);

      expect((await waiting).resource.id).to.equal(1);
      expect(notices.said.join()).to.include(message);
      expect(pool.stats()).to.include({ leased: 1, creating: 0, size: 1 });
    });
  }

  it('says so when it gives the same resource twice, and gives that to nobody else', async () => {
    const only = { id: 1 };
    const { pool, clock, destroyed } = poolWith({ factory: () => only, timeout: 1 });
    const lease = await pool.get();
    const second = errorOf(pool.get());
    await turnOfLoop();
    clock.advance(1);

    const error = (await second) as TimeoutError;
    expect(error.cause).to.be.instanceOf(InvalidUseError);
    expect((error.cause as Error).message).to.include('gave a resource that the pool has already');
    expect([lease.isReleased, destroyed]).to.deep.equal([false, []]);
  });

  it('aborts a call that takes too long, and destroys what comes of it all the same', async () => {
    const held = heldCalls<Thing>();
    const { pool, clock, destroyed, make } = poolWith({
      maxSize: 1,
      createTimeout: 1,
      timeout: 30,
      factory: (context) => (held.calls.length === 0 ? held.call(context) : make()),
    });
    const waiting = pool.get();
    await turnOfLoop();
    clock.advance(1);
    expect(held.calls[0]!.signal.reason).to.be.instanceOf(TimeoutError);
    clock.advance(0.1);
    const lease = await waiting;

    held.calls[0]!.resolve({ id: 99 });
    await turnOfLoop();

    expect(destroyed).to.deep.equal([99]);
    expect(lease.resource.id).to.equal(1);
    expect(pool.stats()).to.include({ size: 1, leased: 1, created: 2, destroyed: 1 });
  });

  it('keeps a resource whose waiter has left in the meantime', async () => {
    const held = heldCalls<Thing>();
    const { pool, clock } = poolWith({ factory: held.call, timeout: 1, createTimeout: 10 });
    const controller = new AbortController();
    const gone = [errorOf(pool.get()), errorOf(pool.get({ signal: controller.signal }))];
    controller.abort();
    clock.advance(1);
    await Promise.all(gone);
    expect(pool.stats()).to.include({ creating: 2, pending: 0, leased: 0 });

    for (const { resolve } of held.calls) resolve({ id: 0 });
    await turnOfLoop();

    expect(held.calls.every(({ signal }) => !signal.aborted)).to.equal(true);
    expect(pool.stats().idle).to.equal(2);
  });

  it('gives what comes back to who waits for the factory', async () => {
    const held = heldCalls<Thing>();
    let isDown = false;
    const { pool, make } = poolWith({
      maxSize: 2,
      factory: (context) => (isDown ? held.call(context) : make()),
    });
    const lease = await pool.get();
    isDown = true;
    const waiting = pool.get();
    const later = pool.get();
    await turnOfLoop();
    lease.release();

    expect((await waiting).resource.id).to.equal(1);
    held.calls[0]!.resolve({ id: 2 });
    expect((await later).resource.id).to.equal(2);
  });

  it('goes on with filling itself, also when nobody waits', async () => {
    let isDown = true;
    const { pool, clock, make } = poolWith({
      minSize: 2,
      factory: () => {
        if (isDown) throw new Error('down');
        return make();
      },
    });
    await turnOfLoop();
    clock.advance(5);
    isDown = false;
    for (let i = 0; i < 20; i += 1) {
      await turnOfLoop();
      clock.advance(1);
    }

    expect(pool.stats()).to.include({ idle: 2, size: 2 });
  });

  it('refuses who waits for it when it closes', async () => {
    const held = heldCalls<Thing>();
    const { pool, destroyed } = poolWith({ factory: held.call, maxSize: 1 });
    const errors = [pool.get(), pool.get()].map(errorOf);
    await turnOfLoop();

    await pool.close();

    for (const error of await Promise.all(errors)) expect((error as RejectedError).reason).to.equal('closed');
    expect(held.calls[0]!.signal.aborted).to.equal(true);
    held.calls[0]!.resolve({ id: 7 });
    await turnOfLoop();
    expect(destroyed).to.deep.equal([7]);
  });
});
