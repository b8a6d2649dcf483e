import { expect } from 'chai';
import { Redis } from 'ioredis';
import { RedisCache, type RedisCacheOptions } from '../../src/cache/redis-cache.js';
import { needsServer, redisCommand, startRedis, waitFor, type RunningRedis } from './servers.js';

describe('RedisCache with a real Redis', () => {
  let server: RunningRedis;
  let raw: Redis;
  const opened: RedisCache[] = [];

  before(async function () {
    needsServer(this, 'redis-server');
    server = await startRedis({ args: ['--requirepass', ''] });
    raw = new Redis(server.url);
  });

  beforeEach(() => raw.flushall());

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
  });

  after(async () => {
    raw?.disconnect();
    await server?.stop();
  });

  async function open(options: Partial<RedisCacheOptions> = {}): Promise<RedisCache> {
    const cache = new RedisCache({ url: server.url, readTimeout: 2, ...options });
    opened.push(cache);
    await cache.ready();
    return cache;
  }

  it('gives back what was set, with the time it has left and what else belongs to it', async () => {
    const cache = await open();

    await cache.setEntry('user:7', {
      value: { name: 'Änne', roles: [1, null] },
      ttl: 60,
      grace: 30,
      tags: { 'user:7': 'a', größe: 'b' },
      loadSeconds: 0.25,
    });
    const entry = await cache.getEntry('user:7');

    expect(entry).to.deep.include({
      value: { name: 'Änne', roles: [1, null] },
      grace: 30,
      tags: { 'user:7': 'a', größe: 'b' },
      loadSeconds: 0.25,
    });
    expect(entry!.ttl).to.be.within(55, 60);
    expect(await raw.pttl('cache:key:user:7')).to.be.within(85_000, 90_000);
  });

  it('keeps null, and entries that do not expire', async () => {
    const cache = await open();

    await cache.set('nothing', null);

    expect(await cache.getEntry('nothing')).to.deep.equal({ value: null, ttl: Infinity, grace: 0 });
    expect(await raw.pttl('cache:key:nothing')).to.equal(-1);
  });

  it('serves what is in its grace as stale, and nothing after it', async () => {
    const cache = await open();

    await cache.setEntry('short', { value: 1, ttl: 0.05, grace: 0.5 });
    const stale = await waitFor(
      async () => {
        const entry = await cache.getEntry('short');
        return entry !== undefined && entry.ttl < 0 && entry;
      },
      { what: 'the end of freshness' },
    );

    expect(stale.value).to.equal(1);
    expect(await cache.get('short')).to.equal(undefined);
    await waitFor(async () => (await cache.getEntry('short')) === undefined, { what: 'the end of grace' });
  });

  it('uses the lifetime of the cache for entries without one', async () => {
    const cache = await open({ defaultTtl: '10s' });

    await cache.set('k', 1);

    expect(await raw.pttl('cache:key:k')).to.be.within(5000, 10_000);
  });

  it('writes, reads and deletes many at once', async () => {
    const cache = await open();
    const keys = Array.from({ length: 1200 }, (_, i) => `many:${i}`);

    await cache.setEntries(new Map(keys.map((key, value) => [key, { value, grace: 0 }])));
    const found = await cache.getEntries([...keys, 'absent']);
    const deleted = await cache.deleteMany([...keys.slice(0, 700), 'absent']);

    expect(found.size).to.equal(1200);
    expect(found.get('many:1199')?.value).to.equal(1199);
    expect(deleted).to.equal(700);
    expect(await raw.dbsize()).to.equal(500);
  });

  it('answers 1,000 concurrent readers with a handful of commands', async () => {
    const cache = await open();
    const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`);
    await cache.setEntries(new Map(keys.map((key, value) => [key, { value, grace: 0 }])));
    await raw.config('RESETSTAT');

    const entries = await Promise.all(keys.map((key) => cache.getEntry(key)));

    expect(entries.map((entry) => entry?.value)).to.deep.equal(keys.map((_, value) => value));
    const stats = await raw.info('commandstats');
    expect(Number(/cmdstat_mget:calls=(\d+)/.exec(stats)?.[1])).to.be.within(1, 8);
    expect(stats).to.not.contain('cmdstat_get:');
  });

  it('asks once for a key that many want, and gives each a value of its own', async () => {
    const cache = await open();
    await cache.set('k', { list: [] });
    await raw.config('RESETSTAT');

    const [first, second] = await Promise.all([cache.get<object>('k'), cache.get<object>('k')]);

    expect(first).to.deep.equal({ list: [] });
    expect(first).to.not.equal(second);
    expect(await raw.info('commandstats')).to.contain('cmdstat_mget:calls=1,');
  });

  it('reads what others wrote under its keys as misses', async () => {
    const cache = await open();
    await raw.mset('cache:key:plain', '{"a":1}', 'cache:key:empty', '', 'cache:key:cut', 'P1{"w":1');
    await raw.mset('cache:key:broken', 'P1{"w":1}\n{"a"', 'cache:key:newer', 'P2{"w":1}\n1');
    await raw.set('cache:key:header', 'P1{"w":"soon"}\n1');
    await raw.lpush('cache:key:list', 'x');

    const found = await cache.getEntries(['plain', 'empty', 'cut', 'broken', 'newer', 'header', 'list']);

    expect(found.size).to.equal(0);
    expect(await cache.get('list')).to.equal(undefined);
    expect(cache.stats()).to.include({ hits: 0, misses: 8 });
  });

  it('does not read entries of another serializer', async () => {
    const [json, structured] = [await open(), await open({ serializer: 'structured' })];
    await structured.set('k', new Map([[1, new Set([2])]]));

    expect(await structured.get('k')).to.deep.equal(new Map([[1, new Set([2])]]));
    expect(await json.get('k')).to.equal(undefined);
  });

  it('compresses values from the given size on', async () => {
    const cache = await open({ compressAbove: '1kb' });

    await cache.set('large', 'x'.repeat(100_000));
    await cache.set('small', 'x'.repeat(100));

    expect(await cache.get('large')).to.have.length(100_000);
    expect(await cache.get('small')).to.have.length(100);
    expect(await raw.strlen('cache:key:large')).to.be.below(2000);
  });

  it('carries 10 MB', async () => {
    const cache = await open({ writeTimeout: 5, readTimeout: 5 });

    await cache.set('huge', 'ö'.repeat(5 * 1024 * 1024));

    expect(await cache.get('huge')).to.have.length(5 * 1024 * 1024);
  });

  it('refuses what its serializer cannot carry; the entry it had stays', async () => {
    const cache = await open();
    await cache.set('k', 1);

    const error = await cache.set('k', { list: [new Map()] }).then(
      () => undefined,
      (thrown: Error) => thrown,
    );

    expect(error?.message).to.contain('list[0]');
    expect(await cache.get('k')).to.equal(1);
  });

  it('clears its entries only', async () => {
    const [cache, star] = [await open(), await open({ prefix: '*[a]?\\' })];
    const keys = Array.from({ length: 2500 }, (_, i) => `k${i}`);
    await cache.setEntries(new Map(keys.map((key) => [key, { value: 1, grace: 0 }])));
    await cache.tagStore.invalidate(['t']);
    await raw.set('other', 1);
    await star.set('k', 1);

    await star.clear();
    expect(await raw.dbsize()).to.equal(2502);
    await cache.clear();

    expect((await raw.keys('*')).toSorted()).to.deep.equal(['cache:tag:t', 'other']);
  });

  it('lists its own keys, whatever they hold', async () => {
    const cache = await open({ prefix: 'l[i]st*:' });
    const keys = ['a', 'b:c', '', '*', 'ü'];
    await cache.setEntries(new Map(keys.map((key) => [key, { value: 1, grace: 0 }])));
    await raw.mset('list:key:other', '1', 'l[i]st*:tag:t', '1');

    const listed = new Set<string>();
    for await (const key of cache.keys()) listed.add(key);

    expect([...listed]).to.have.members(keys);
  });

  it('lends a lock to one at a time, and only its owner ends it', async () => {
    const [one, other] = [await open(), await open()];

    const lock = await one.lock('k', 30);
    const refused = await other.lock('k', 30);
    await lock!.release();
    const second = await other.lock('k', 30);
    await lock!.release();
    const third = await one.lock('k', 30);

    expect(refused).to.equal(undefined);
    expect(second).to.not.equal(undefined);
    expect(third).to.equal(undefined);
  });

  it('lets a lock end by itself', async () => {
    const cache = await open();

    await cache.lock('k', 0.05);

    await waitFor(() => cache.lock('k', 1), { what: 'the end of the lock' });
  });

  it('gives tags versions that all see and that never return', async () => {
    const [one, other] = [await open(), await open()];

    const before = await one.tagStore.readVersions(['a', 'b']);
    const first = await one.tagStore.invalidate(['a', 'b']);
    const seen = await other.tagStore.readVersions(['b', 'a', 'c']);
    const second = await other.tagStore.invalidate(['a']);

    expect(before).to.deep.equal(['', '']);
    expect(seen).to.deep.equal([first[1], first[0], '']);
    expect(new Set([...first, ...second])).to.have.property('size', 3);
  });

  it('works on a connection that was given, and leaves it open', async () => {
    const client = new Redis(server.url);
    const cache = new RedisCache({ client, readTimeout: 2 });
    await cache.set('k', 1);

    expect(await cache.get('k')).to.equal(1);
    await cache.close();

    expect(await client.ping()).to.equal('PONG');
    client.disconnect();
  });

  it('says what is wrong with a password, and never shows it', async () => {
    await redisCommand(server.port, 'CONFIG SET requirepass right-secret');
    try {
      const url = `redis://someone:wrong-secret@127.0.0.1:${server.port}`;
      const cache = new RedisCache({ url });
      opened.push(cache);

      const errors = await Promise.all(
        [cache.ready(0.5), cache.get('k'), cache.set('k', 'v')].map((call) =>
          call.then(
            () => 'no error',
            (error: Error) => `${error.message} ${JSON.stringify(error)} ${String(error.cause)}`,
          ),
        ),
      );

      expect(errors[0]).to.contain('WRONGPASS');
      for (const error of errors) expect(error).to.not.match(/secret|127\.0\.0\.1|no error/);
    } finally {
      await raw.config('SET', 'requirepass', '');
    }
  });
});
