import { expect } from 'chai';
import { Redis } from 'ioredis';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { RedisCache, type RedisCacheOptions } from '../../src/cache/redis-cache.js';
import type { TierChange } from '../../src/cache/tier.js';
import { captureMetrics, type CollectedHistogram } from '../fakes/captured-telemetry.js';
import { needsServer, startRedis, waitFor, type RunningRedis } from './servers.js';

describe('RedisCache tells what others change', () => {
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

  async function open(options: Partial<RedisCacheOptions> = {}): Promise<RedisCache> {
    const cache = new RedisCache({ url: server.url, readTimeout: 2, ...options });
    closing.push(() => cache.close());
    await cache.ready();
    return cache;
  }

  /** A cache that listens, and what it heard since it began to. */
  async function listening(options: Partial<RedisCacheOptions> = {}) {
    const cache = await open(options);
    const heard: TierChange[] = [];
    const stop = cache.onChange((change) => heard.push(change));
    await heardEverything(heard);
    heard.length = 0;
    return { cache, heard, stop };
  }

  const heardEverything = (heard: readonly TierChange[]) =>
    waitFor(() => heard.includes('everything'), { what: 'everything' });

  const keysOf = (heard: readonly TierChange[]) =>
    heard.flatMap((change) => (typeof change === 'object' && 'keys' in change ? change.keys : []));

  const tagsOf = (heard: readonly TierChange[]) =>
    heard.flatMap((change) => (typeof change === 'object' && 'tags' in change ? change.tags : []));

  it('measures how long messages take, under the name of the cache manager it belongs to', async () => {
    const { provider, collect } = captureMetrics();
    const secondary = await open({ meterProvider: provider });
    const cache = new CacheManager({ name: 'users', secondary });
    closing.push(() => cache.close());

    const lag = async () =>
      (await collect()).find(({ name, attributes }) => {
        return name === 'perf.cache.coherence.lag' && attributes['perf.cache.name'] === 'users';
      });
    await waitFor(async () => (await lag()) !== undefined, { what: 'the lag' });

    const { count, sum } = (await lag())!.value as CollectedHistogram;
    expect(sum / count).to.be.within(0, 2);
  });

  it('hears of writes and deletes of other caches and other programs', async () => {
    const [{ heard }, other] = [await listening(), await open()];

    await other.set('a,b', 1);
    await other.delete('a,b');
    await raw.set('cache:key:c', 'x');
    await raw.set('unrelated', 1);
    await waitFor(() => keysOf(heard).length === 3, { what: 'three changes' });

    expect(keysOf(heard)).to.deep.equal(['a,b', 'a,b', 'c']);
  });

  it('hears of expiry', async () => {
    const [{ heard }, other] = [await listening(), await open()];

    await other.set('k', 1, { ttl: 0.05 });

    await waitFor(() => keysOf(heard).length >= 2, { what: 'the write and the expiry' });
  });

  it('learns how much time others gave an entry', async () => {
    const { cache, heard } = await listening();
    await cache.setEntry('short', { value: 1, ttl: 3600, grace: 60 });
    await cache.setEntry('long', { value: 1, ttl: 60, grace: 5 });
    await cache.setEntry('many', { value: 1, ttl: 60, grace: 0 });
    await raw.expire('cache:key:short', 10);
    await raw.persist('cache:key:long');
    await raw.expire('cache:key:many', 10);
    await waitFor(() => keysOf(heard).length === 3, { what: 'three changes' });

    const short = await cache.getEntry('short');
    const many = (await cache.getEntries(['many'])).get('many');

    expect([short!.ttl, many!.ttl].map(Math.round)).to.deep.equal([10, 10]);
    expect([short?.grace, many?.grace]).to.deep.equal([0, 0]);
    expect(await cache.getEntry('long')).to.deep.include({ value: 1, grace: 5 });
  });

  it('hears of FLUSHALL as of everything', async () => {
    const { heard } = await listening();

    await raw.flushall();

    await heardEverything(heard);
  });

  it('hears of tags by their names', async () => {
    const [{ heard }, other] = [await listening(), await open()];

    await other.tagStore.invalidate(['user:7', 'b']);

    await waitFor(() => tagsOf(heard).length === 2, { what: 'two tags' });
    expect(tagsOf(heard)).to.have.members(['user:7', 'b']);
    expect(keysOf(heard)).to.deep.equal([]);
  });

  it('does not hear itself', async () => {
    const [{ cache, heard }, other] = [await listening(), await open()];

    await cache.set('own', 1);
    await cache.delete('own');
    await cache.tagStore.invalidate(['own']);
    await other.set('foreign', 1);
    await waitFor(() => keysOf(heard).length > 0, { what: 'the foreign write' });

    expect(heard).to.deep.equal([{ keys: ['foreign'] }]);
  });

  it('hears nothing any more after it stopped', async () => {
    const [{ heard, stop }, other] = [await listening(), await open()];
    const still = await listening();

    stop();
    await other.set('k', 1);
    await waitFor(() => keysOf(still.heard).length > 0, { what: 'the write, by who still listens' });

    expect(heard).to.deep.equal([]);
  });

  for (const type of ['normal', 'pubsub']) {
    it(`suspects everything after its ${type} connection was lost, and hears again`, async () => {
      const [{ heard }, other] = [await listening(), await open()];
      await raw.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');

      await heardEverything(heard);
      await waitFor(() => other.set('k', 1).then(() => true), { what: 'a write' });

      await waitFor(() => keysOf(heard).includes('k'), { what: 'the write' });
    });
  }

  it('keeps the memory of two managers coherent', async () => {
    const [one, two] = [
      new CacheManager({ secondary: await open() }),
      new CacheManager({ secondary: await open() }),
    ];
    closing.unshift(
      () => one.close(),
      () => two.close(),
    );
    await one.set('k', 'old');
    await waitFor(async () => (await two.get('k')) === 'old', { what: 'the first value' });

    await one.set('k', 'new');

    await waitFor(() => two.get('k').then((value) => value === 'new'), { what: 'the new value' });
    await raw.flushall();
    await waitFor(async () => (await one.get('k')) === undefined && (await two.get('k')) === undefined, {
      what: 'the end of the entry everywhere',
    });
  });

  it('hears over a channel where Redis does not track', async () => {
    const old = () => withoutTracking(server.url);
    const { cache, heard } = await listening({ url: undefined as never, client: old() });
    const other = await open({ url: undefined as never, client: old() });

    await cache.set('own', 1);
    await other.setEntries(
      new Map([
        ['a', { value: 1, grace: 0 }],
        ['b', { value: 1, grace: 0 }],
      ]),
    );
    await other.tagStore.invalidate(['t']);
    await other.delete('a');
    await other.clear();
    await heardEverything(heard);

    expect(keysOf(heard)).to.deep.equal(['a', 'b', 'a']);
    expect(tagsOf(heard)).to.deep.equal(['t']);
  });

  /** A connection to a server that knows CLIENT GETREDIR as little as Redis 5 does. */
  function withoutTracking(url: string): Redis {
    const client = new Redis(url);
    closing.push(() => client.disconnect());
    const call = client.call.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const answer = (...args: unknown[]) =>
      args[1] === 'GETREDIR' ? Promise.reject(new Error('ERR unknown subcommand')) : call(...args);
    return Object.assign(client, { call: answer });
  }
});
