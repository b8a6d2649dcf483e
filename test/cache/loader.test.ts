import { expect } from 'chai';
import { currentDeadline } from '../../src/async/time-scope.js';
import { withTimeout } from '../../src/async/timeout.js';
import { InvalidOptionError, TimeoutError } from '../../src/errors.js';
import { cacheWith, turn } from '../fakes/cache-with.js';
import { SharedTier } from '../fakes/shared-tier.js';

describe('loading into a cache', () => {
  it('is not limited by the deadline of the caller that came first, as others may join', async () => {
    const { cache, clock } = cacheWith({ ttl: 1, grace: 60 });
    const isUnlimited = () => currentDeadline() === undefined;
    const read = () => withTimeout(() => cache.getOrSet('k', isUnlimited), 1, { clock });

    const loaded = await read();
    clock.advance(2);
    await read();
    await turn();

    expect([loaded, await cache.get('k')]).to.deep.equal([true, true]);
  });

  describe('with grace', () => {
    it('serves the stale value while one load runs', async () => {
      const { cache, clock, loads } = cacheWith({ ttl: 1, grace: 5 });
      await cache.getOrSet('k', loads.returning('old'));

      clock.advance(1.001);
      const value = await cache.getOrSet('k', loads.returning('new'));

      expect(value).to.equal('old');
      await turn();
      expect(await cache.getOrSet('k', loads.returning('newer'))).to.equal('new');
      expect(loads.count).to.equal(2);
      expect(cache.stats().staleHits).to.equal(1);
    });

    it('runs one refresh, however many ask', async () => {
      const { cache, clock, loads } = cacheWith({ ttl: 1, grace: 5 });
      await cache.getOrSet('k', loads.returning('old'));
      clock.advance(2);
      const { load, finish } = loads.held<string>();

      const values = await Promise.all(Array.from({ length: 100 }, () => cache.getOrSet('k', load)));

      expect(new Set(values)).to.deep.equal(new Set(['old']));
      expect(loads.count).to.equal(2);
      finish('new');
    });

    it('goes on with the stale value when the refresh fails, tries again later and tells who listens', async () => {
      const { cache, clock, loads } = cacheWith({ ttl: 1, grace: 60 });
      const errors: unknown[] = [];
      cache.on('error', ({ error }) => errors.push(error));
      await cache.getOrSet('k', loads.returning('old'));
      clock.advance(2);
      const down = new Error('origin down');

      for (let i = 0; i < 3; i++) {
        expect(await cache.getOrSet('k', loads.failing(down))).to.equal('old');
        await turn();
      }
      expect(loads.count, 'no storm of retries').to.equal(2);
      clock.advance(1.001);
      expect(await cache.getOrSet('k', loads.failing(down))).to.equal('old');
      await turn();

      expect(loads.count).to.equal(3);
      expect(errors).to.deep.equal([down, down]);
    });

    it('ends with the grace', async () => {
      const { cache, clock, loads } = cacheWith({ ttl: 1, grace: 5 });
      await cache.getOrSet('k', loads.returning('old'));

      clock.advance(6.001);

      expect(await cache.getOrSet('k', loads.returning('new'))).to.equal('new');
    });

    it('waits for the refresh as long as the soft timeout says', async () => {
      const { cache, clock, loads } = cacheWith({ ttl: 1, grace: 60, softTimeout: 0.5 });
      await cache.getOrSet('k', loads.returning('old'));
      clock.advance(2);

      expect(await cache.getOrSet('k', loads.returning('in time'))).to.equal('in time');
      clock.advance(2);
      const { load, begun } = loads.held<string>();
      const waiting = cache.getOrSet('k', load);
      await begun;
      clock.advance(0.501);

      expect(await waiting).to.equal('in time');
      expect(clock.timers, 'no timer is left').to.equal(0);
    });

    it('shows the loader the stale value and lets it stand', async () => {
      const { cache, clock, loads } = cacheWith({ ttl: 1, grace: 60, softTimeout: 1 });
      await cache.getOrSet('k', loads.returning({ etag: 7 }));
      clock.advance(2);

      const value = await cache.getOrSet<{ etag: number }>('k', (context) => {
        expect(context.stale).to.deep.equal({ etag: 7 });
        return context.unchanged();
      });

      expect(value).to.deep.equal({ etag: 7 });
      expect(cache.getIfPresent('k'), 'fresh again').to.deep.equal({ etag: 7 });
    });

    it('finds a stale value in the tier below after a restart', async () => {
      const secondary = new SharedTier();
      secondary.entries.set('k', { value: 'old', ttl: -1, grace: 10 });
      const { cache, loads } = cacheWith({ secondary, grace: 10 });

      expect(await cache.getOrSet('k', loads.returning('new'))).to.equal('old');
      await turn();

      expect(cache.getIfPresent('k')).to.equal('new');
    });
  });

  describe('with limits', () => {
    it('gives up after the hard timeout, and keeps what comes later', async () => {
      const { cache, clock, loads } = cacheWith();
      const { load, finish, begun } = loads.held<string>();
      const waiting = cache.getOrSet('k', load, { hardTimeout: 2 }).catch((error: unknown) => error);
      await begun;

      clock.advance(2.001);

      const error = await waiting;
      expect(error).to.be.instanceOf(TimeoutError).with.property('timeout', 2);
      expect(String(error)).to.include('loading "k" took longer than 2 s');
      finish('late');
      await turn();
      expect(cache.getIfPresent('k')).to.equal('late');
    });

    it('ends the wait of who aborts, and of nobody else', async () => {
      const { cache, loads } = cacheWith();
      const { load, finish, begun } = loads.held<string>();
      const controller = new AbortController();
      const patient = cache.getOrSet('k', load);
      const hasty = cache.getOrSet('k', load, { signal: controller.signal }).catch((error: unknown) => error);
      await begun;

      controller.abort(new Error('client gone'));
      finish('value');

      expect(String(await hasty)).to.equal('Error: client gone');
      expect(await patient).to.equal('value');
    });

    it('tells the loader when nobody waits any more', async () => {
      const { cache } = cacheWith();
      const controller = new AbortController();
      let seen: AbortSignal | undefined;
      const waiting = cache
        .getOrSet(
          'k',
          ({ signal }) => {
            seen = signal;
            return new Promise<string>(() => {});
          },
          { signal: controller.signal },
        )
        .catch(() => {});
      await turn();
      expect(seen?.aborted).to.equal(false);

      controller.abort();
      await waiting;

      expect(seen?.aborted).to.equal(true);
    });

    it('refuses a call whose signal is aborted already', async () => {
      const { cache, loads } = cacheWith();

      const error = await cache
        .getOrSet('k', loads.returning(1), { signal: AbortSignal.abort(new Error('no')) })
        .catch(String);

      expect(error).to.equal('Error: no');
    });
  });

  describe('ahead of time', () => {
    it('refreshes in the background after a share of the lifetime', async () => {
      const { cache, clock, loads } = cacheWith({ ttl: 10, refreshAhead: 0.8 });
      await cache.getOrSet('k', loads.returning('old'));
      clock.advance(7.9);
      await cache.getOrSet('k', loads.returning('too early'));
      expect(loads.count).to.equal(1);

      clock.advance(0.2);
      const value = await cache.getOrSet('k', loads.returning('new'));

      expect(value, 'nobody waits for it').to.equal('old');
      await turn();
      expect(cache.getIfPresent('k')).to.equal('new');
    });
  });

  describe('nothing', () => {
    it('keeps null like a value and undefined not at all', async () => {
      const { cache, loads } = cacheWith();

      for (let i = 0; i < 2; i++) await cache.getOrSet('null', loads.returning(null));
      for (let i = 0; i < 2; i++) await cache.getOrSet('undefined', loads.returning(undefined));

      expect(loads.count).to.equal(3);
    });

    it('keeps both for the negative lifetime where there is one', async () => {
      const { cache, clock, loads } = cacheWith({ ttl: 60, negativeTtl: 5 });
      for (const value of [null, undefined]) {
        expect(await cache.getOrSet(`${value}`, loads.returning(value))).to.equal(value);
        expect(await cache.getOrSet(`${value}`, loads.returning('other'))).to.equal(value);
      }
      expect(loads.count).to.equal(2);

      clock.advance(5.001);

      expect(await cache.getOrSet('null', loads.returning('now'))).to.equal('now');
      expect(await cache.getOrSet('undefined', loads.returning('now'))).to.equal('now');
    });

    it('keeps an error on request, and gives the very same to everybody', async () => {
      const { cache, clock, loads } = cacheWith();
      const error = new RangeError('no such user');
      const ask = () =>
        cache.getOrSet('k', loads.failing(error), { errorTtl: 5 }).catch((thrown: unknown) => thrown);

      expect([await ask(), await ask()]).to.deep.equal([error, error]);
      expect(loads.count).to.equal(1);
      expect(cache.getIfPresent('k')).to.equal(undefined);
      clock.advance(5.001);
      await ask();

      expect(loads.count).to.equal(2);
      expect(cache.stats().negativeHits).to.equal(2);
    });
  });

  it('lets the loader decide how its value is kept', async () => {
    const { cache, clock } = cacheWith({ ttl: 60 });
    await cache.getOrSet('short', (context) => {
      context.keep({ ttl: 2, tags: ['user:7'] });
      return 1;
    });
    await cache.getOrSet('not kept', (context) => {
      context.keep({ isKept: false });
      return 1;
    });

    expect([cache.getIfPresent('short'), cache.getIfPresent('not kept')]).to.deep.equal([1, undefined]);
    await cache.invalidateTags('user:7');
    expect(cache.getIfPresent('short')).to.equal(undefined);
    clock.advance(1);
  });

  it('keeps nothing of a call that only reads', async () => {
    const { cache, loads } = cacheWith();

    expect(await cache.getOrSet('k', loads.returning(1), { readOnly: true })).to.equal(1);

    expect(cache.getIfPresent('k')).to.equal(undefined);
  });

  it('leaves out the tiers it is told to', async () => {
    const secondary = new SharedTier();
    const { cache, loads } = cacheWith({ secondary });

    await cache.getOrSet('below only', loads.returning(1), { skip: 'memory' });
    await cache.getOrSet('memory only', loads.returning(2), { skip: 'secondary' });

    expect([...secondary.entries.keys()]).to.deep.equal(['below only']);
    expect([cache.getIfPresent('below only'), cache.getIfPresent('memory only')]).to.deep.equal([
      undefined,
      2,
    ]);
    expect(await cache.get('below only', { skip: 'secondary' })).to.equal(undefined);
  });

  it('keeps a shorter time in memory than below, and asks there again', async () => {
    const secondary = new SharedTier();
    const { cache, clock } = cacheWith({ secondary, ttl: 60, memoryTtl: 5 });
    await cache.set('k', 'old');
    secondary.entries.set('k', { value: 'changed elsewhere', ttl: 55, grace: 0 });

    expect(await cache.get('k')).to.equal('old');
    clock.advance(5.001);

    expect(await cache.get('k')).to.equal('changed elsewhere');
  });

  it('shortens lifetimes at random by no more than the jitter', async () => {
    const secondary = new SharedTier();
    const { cache } = cacheWith({ secondary, ttl: 100, jitter: 0.2 });

    for (let i = 0; i < 200; i++) await cache.set(`k${i}`, i);

    const ttls = [...secondary.entries.values()].map(({ ttl }) => ttl);
    expect(Math.min(...ttls)).to.be.within(80, 90);
    expect(Math.max(...ttls)).to.be.within(90, 100);
  });

  describe('in several processes', () => {
    it('lets one load while the others wait for its result', async () => {
      const secondary = new SharedTier();
      const [first, second] = [
        cacheWith({ secondary, lockLoads: 10 }),
        cacheWith({ secondary, lockLoads: 10 }),
      ];
      const { load, finish, begun } = first.loads.held<string>();
      const one = first.cache.getOrSet('k', load);
      await begun;
      const other = second.cache.getOrSet('k', second.loads.returning('loaded twice'));
      await turn();
      finish('loaded once');
      await one;

      for (let i = 0; i < 5; i++) {
        second.clock.advance(0.05);
        await turn();
      }

      expect(await other).to.equal('loaded once');
      expect(second.loads.count).to.equal(0);
      expect(secondary.locks.size, 'the lock is given back').to.equal(0);
    });

    it('loads as soon as the other has failed', async () => {
      const secondary = new SharedTier();
      const [first, second] = [
        cacheWith({ secondary, lockLoads: 10 }),
        cacheWith({ secondary, lockLoads: 10 }),
      ];
      const { load, fail, begun } = first.loads.held<never>();
      const failed = first.cache.getOrSet('k', load).catch((error: unknown) => error);
      await begun;
      const other = second.cache.getOrSet('k', second.loads.returning('loaded'));
      await turn();
      fail(new Error('no'));
      await failed;

      for (let i = 0; i < 3; i++) {
        second.clock.advance(0.02);
        await turn();
      }

      expect(await other).to.equal('loaded');
    });

    it('loads all the same when the other takes longer than the lock lasts', async () => {
      const secondary = new SharedTier();
      secondary.locks.add('k');
      const { cache, clock, loads } = cacheWith({ secondary, lockLoads: 1 });
      const waiting = cache.getOrSet('k', loads.returning('own'));

      for (let i = 0; i < 30; i++) {
        await turn();
        clock.advance(0.05);
      }

      expect(await waiting).to.equal('own');
    });

    it('loads all the same when locking fails', async () => {
      const secondary = new SharedTier();
      secondary.isBroken = true;
      const { cache, loads } = cacheWith({ secondary, lockLoads: 10 });

      expect(await cache.getOrSet('k', loads.returning('own'))).to.equal('own');
    });
  });

  it('says which option is wrong, and how', async () => {
    const { cache } = cacheWith();
    const wrong = [
      [{ ttk: 1 }, 'getOrSet option name'],
      [{ jitter: 2 }, 'jitter must be a number from 0 to 1'],
      [{ refreshAhead: 'soon' }, 'refreshAhead must be a number from 0 to 1'],
      [{ skip: 'disk' }, "skip must be 'memory', 'secondary'"],
      [{ tags: 'a' }, 'tags must be a list of texts'],
      [{ hardTimeout: 'x' }, 'hardTimeout must be a duration'],
    ] as unknown as [never, string][];
    for (const [options, message] of wrong) {
      const error = await cache.getOrSet('k', () => 1, options).catch((thrown: unknown) => thrown);
      expect(error, message).to.be.instanceOf(InvalidOptionError);
      expect(String(error)).to.include(message);
    }
    expect(() => cacheWith({ grace: 'long' } as never)).to.throw(
      InvalidOptionError,
      'grace must be a duration',
    );
    expect(() => cacheWith({ lockLoads: 0 })).to.throw(InvalidOptionError, 'lockLoads must be a duration');
  });
});
