import { expect } from 'chai';
import { Redis } from 'ioredis';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { RedisCache, type RedisCacheOptions } from '../../src/cache/redis-cache.js';
import type { TierChange } from '../../src/cache/tier.js';
import { needsServer, startRedis, waitFor, type RunningRedis } from './servers.js';

describe('RedisCaches in different databases of one Redis', () => {
  let server: RunningRedis;
  let raw: Redis;
  const closing: (() => unknown)[] = [];

  before(async function () {
    needsServer(this, 'redis-server');
    server = await startRedis();
    raw = new Redis(server.url);
  });

  beforeEach(() => raw.flushall());

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  after(async () => {
    raw?.disconnect();
    await server?.stop();
  });

  async function open(
    database: number,
    options: Pick<RedisCacheOptions, 'client'> = {},
  ): Promise<{ tier: RedisCache; cache: CacheManager }> {
    const where = options.client === undefined ? { url: `${server.url}/${database}` } : options;
    const tier = new RedisCache({ ...where, readTimeout: 2 });
    const cache = new CacheManager({ secondary: tier });
    closing.push(() => cache.close());
    await tier.ready();
    const heard: TierChange[] = [];
    const stop = tier.onChange((change) => heard.push(change));
    await waitFor(() => heard.includes('everything'), { what: 'tracking' });
    stop();
    return { tier, cache };
  }

  async function untilHeld(cache: CacheManager, key: string, value: unknown): Promise<void> {
    await waitFor(async () => (await cache.get(key)) === value && cache.getIfPresent(key) === value, {
      what: `${key} in memory`,
    });
  }

  const untilDropped = (cache: CacheManager, key: string) =>
    waitFor(() => cache.getIfPresent(key) === undefined, { what: `the end of the copy of ${key}` });

  it('never serves what another database has under the key', async () => {
    const [first, second] = [await open(0), await open(1)];
    await first.cache.set('k', 'of 0');
    await second.cache.set('k', 'of 1');
    await untilHeld(first.cache, 'k', 'of 0');
    await untilHeld(second.cache, 'k', 'of 1');

    // A message does not tell the database, so the copy of the other one goes too, and is read again.
    await second.cache.set('k', 'new of 1');
    await untilDropped(first.cache, 'k');

    expect(await first.cache.get('k')).to.equal('of 0');
    expect(await second.cache.get('k')).to.equal('new of 1');
    await second.cache.delete('k');
    await untilHeld(first.cache, 'k', 'of 0');
    expect(await second.cache.get('k')).to.equal(undefined);
  });

  it('never serves the wrong one while both are written all the time', async () => {
    const [first, second] = [await open(0), await open(1)];
    const wrong: unknown[] = [];
    for (let i = 0; i < 300; i++) {
      await Promise.all([
        first.cache.set(`k${i % 5}`, `0: ${i}`),
        second.cache.set(`k${i % 5}`, `1: ${i}`),
        ...[0, 1, 2, 3, 4].flatMap((n) => [
          first.cache.get<string>(`k${n}`).then((found) => found?.startsWith('1') && wrong.push(found)),
          second.cache.get<string>(`k${n}`).then((found) => found?.startsWith('0') && wrong.push(found)),
        ]),
      ]);
    }

    expect(wrong).to.deep.equal([]);
    expect(await first.cache.get('k4')).to.equal('0: 299');
    expect(await second.cache.get('k4')).to.equal('1: 299');
  });

  it('hears of changes and tags in a database that was selected', async () => {
    const [one, two] = [await open(3), await open(3)];
    await one.cache.set('k', 'old', { tags: ['t'] });
    await untilHeld(two.cache, 'k', 'old');

    await one.cache.set('k', 'new', { tags: ['t'] });
    await waitFor(async () => (await two.cache.get('k')) === 'new', { what: 'the new value' });
    await one.cache.invalidateTags('t');
    await waitFor(async () => (await two.cache.get('k')) === undefined, { what: 'the invalidation' });

    await raw.select(3);
    expect(await raw.keys('cache:tag:*')).to.deep.equal(['cache:tag:t']);
    await raw.select(0);
    expect(await raw.dbsize()).to.equal(0);
  });

  it('selects the database again after the connection was lost, with a client that was given too', async () => {
    const client = new Redis(`${server.url}/2`);
    client.on('error', () => {});
    const [given, own] = [await open(2, { client }), await open(2)];
    closing.push(() => client.disconnect());
    await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await raw.call('CLIENT', 'KILL', 'TYPE', 'pubsub');

    await waitFor(() => own.tier.set('k', 'old').then(() => true), { what: 'a write' });
    await waitFor(() => given.tier.get('k').then((found) => found === 'old'), { what: 'the value' });
    await waitFor(
      async () => {
        await own.cache.set('k', 'old');
        await untilHeld(given.cache, 'k', 'old');
        await own.cache.set('k', 'new');
        return waitFor(() => given.cache.getIfPresent('k') === undefined, { what: 'message', timeout: 0.5 });
      },
      { what: 'coherent memory' },
    );

    expect(await given.cache.get('k')).to.equal('new');
    expect(await raw.dbsize()).to.equal(0);
  });

  it('survives that another database is emptied', async () => {
    const [first, second] = [await open(0), await open(1)];
    await first.cache.set('k', 'of 0', { tags: ['t'] });
    await second.cache.set('k', 'of 1', { tags: ['t'] });
    await untilHeld(first.cache, 'k', 'of 0');
    await raw.select(1);
    await raw.flushdb();
    await raw.select(0);

    await untilDropped(first.cache, 'k');
    await untilDropped(second.cache, 'k');

    expect(await first.cache.get('k')).to.equal('of 0');
    expect(await second.cache.get('k')).to.equal(undefined);
  });
});
