import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { RedisCache, type RedisCacheOptions } from '../../src/cache/redis-cache.js';
import {
  freePort,
  isRunning,
  needsServer,
  redisCommand,
  waitFor,
  type RunningRedis,
} from '../e2e/servers.js';
import { captureMetrics, seriesOf } from '../fakes/captured-telemetry.js';
import { killRedis, startRedisOn } from './redis-on-port.js';

/** Milliseconds that a busy test machine may add to a deadline. */
const TOLERANCE_MS = 60;

describe('RedisCache on a bad day', () => {
  let port: number;
  let server: RunningRedis;
  const closing: (() => unknown)[] = [];

  before(function () {
    needsServer(this, 'redis-server');
  });

  beforeEach(async () => {
    port = await freePort();
    server = await startRedisOn(port);
  });

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    if (isRunning(server.pid)) thaw();
    await server.stop();
  });

  async function open(options: Partial<RedisCacheOptions> = {}): Promise<RedisCache> {
    const cache = new RedisCache({ url: server.url, ...options });
    closing.push(() => cache.close());
    await cache.ready();
    return cache;
  }

  function connect(): Redis {
    const raw = new Redis(port, '127.0.0.1');
    raw.on('error', () => {});
    closing.push(() => raw.disconnect());
    return raw;
  }

  const freeze = () => process.kill(server.pid, 'SIGSTOP');
  const thaw = () => process.kill(server.pid, 'SIGCONT');

  /** How long a call takes, whatever comes of it. */
  async function msOf(call: () => Promise<unknown>): Promise<number> {
    const start = performance.now();
    await call().catch(() => {});
    return performance.now() - start;
  }

  async function untilItAnswers(cache: RedisCache): Promise<void> {
    await waitFor(async () => cache.get('any').then(() => true), { what: 'an answer of the tier' });
  }

  it('costs one deadline when Redis hangs, then nothing', async () => {
    const cache = await open();
    await cache.set('k', 1);
    freeze();

    const first = await msOf(() => cache.get('k'));
    const next = await msOf(async () => {
      for (let i = 0; i < 100; i++) await cache.get('k').catch(() => {});
    });

    expect(first).to.be.within(95, 100 + TOLERANCE_MS);
    expect(next / 100).to.be.below(1);
  });

  it('costs the readers that wait together one deadline', async () => {
    const cache = await open();
    freeze();

    const all = await msOf(() =>
      Promise.allSettled(Array.from({ length: 1000 }, (_, i) => cache.getEntry(`k${i}`))),
    );

    expect(all).to.be.below(100 + 3 * TOLERANCE_MS);
  });

  it('does not let a write wait for its own deadline when a read has shown that Redis hangs', async () => {
    const cache = await open({ writeTimeout: 5 });
    await cache.set('k', 'old');
    freeze();

    const [write] = await Promise.all([msOf(() => cache.set('k', 'new')), msOf(() => cache.get('other'))]);
    const during = await cache.get('k');
    thaw();
    await untilItAnswers(cache);

    expect(write).to.be.below(100 + 2 * TOLERANCE_MS);
    expect([during, await cache.get('k')]).to.deep.equal(['new', 'new']);
  });

  it('fails at once when Redis is killed', async () => {
    const cache = await open();
    await killRedis(server);

    const first = await msOf(() => cache.get('k'));
    const next = await msOf(() => cache.get('k'));

    expect(first).to.be.below(100 + TOLERANCE_MS);
    expect(next).to.be.below(5);
  });

  it('costs no more on a connection that was given, with a queue of its own', async () => {
    const client = connect();
    const cache = await open({ client, url: undefined as never });
    await killRedis(server);

    const first = await msOf(() => cache.get('k'));
    const rest = await msOf(() => Promise.allSettled(Array.from({ length: 1000 }, () => cache.set('k', 1))));

    expect(first).to.be.below(100 + TOLERANCE_MS);
    expect(rest).to.be.below(200);
    expect((client as unknown as { offlineQueue: { length: number } }).offlineQueue.length).to.equal(0);
  });

  it('costs one deadline when there is no Redis from the start, and works when there is one', async () => {
    await killRedis(server);
    const cache = new RedisCache({ url: server.url });
    closing.push(() => cache.close());

    const first = await msOf(() => cache.get('k'));
    const next = await msOf(() => cache.get('k'));
    server = await startRedisOn(port);
    await waitFor(() => cache.set('k', 1).then(() => true), { what: 'a write', timeout: 5 });

    expect(first).to.be.below(100 + TOLERANCE_MS);
    expect(next).to.be.below(5);
    expect(await cache.get('k')).to.equal(1);
  });

  it('does not send later what was given up before the first connection', async () => {
    await killRedis(server);
    const cache = new RedisCache({ url: server.url, writeTimeout: 0.05 });
    closing.push(() => cache.close());
    await msOf(() => cache.set('k', 'old'));
    await msOf(() => cache.set('k', 'new'));
    server = await startRedisOn(port);
    const raw = connect();

    await waitFor(async () => (await raw.get('cache:key:k'))?.includes('new'), { what: 'the newer value' });
    await cache.set('after', 1);

    expect(await raw.get('cache:key:k')).to.contain('new');
  });

  it('never fails the reader of a cache manager', async () => {
    const tier = await open();
    const cache = new CacheManager({ secondary: tier });
    closing.push(() => cache.close());
    freeze();

    const first = await msOf(() => cache.getOrSet('a', () => 1));
    const next = await msOf(() => cache.getOrSet('b', () => 2));

    expect(first).to.be.below(100 + 2 * TOLERANCE_MS);
    expect(next).to.be.below(20);
    expect(await cache.get('b')).to.equal(2);
  });

  it('pays at most one deadline a window while Redis comes and goes', async () => {
    const cache = await open();
    let paid = 0;
    const end = performance.now() + 3000;
    let isFrozen = false;
    let flipAt = 0;

    while (performance.now() < end) {
      if (performance.now() > flipAt) {
        isFrozen = !isFrozen;
        flipAt = performance.now() + 200;
        if (isFrozen) freeze();
        else thaw();
      }
      if ((await msOf(() => cache.get('k'))) > 80) paid += 1;
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }

    // Eight times away within three seconds; windows of 0.25 s that grow while it goes on.
    expect(paid).to.be.within(1, 6);
  });

  it('serves no stale value of 10,000 keys after Redis hung', async function () {
    this.timeout(30_000);
    await staleAfter(async () => void freeze());
  });

  it('serves no stale value of 10,000 keys that Redis kept while the connection was lost', async function () {
    this.timeout(30_000);
    const raw = connect();
    await staleAfter(async () => {
      await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      freeze();
    });
  });

  /** Half of the keys are overwritten, half deleted, all while Redis is away. */
  async function staleAfter(leave: () => Promise<void>): Promise<void> {
    const [cache, other] = [await open(), await open()];
    const keys = Array.from({ length: 10_000 }, (_, i) => `k${i}`);
    await cache.setEntries(new Map(keys.map((key) => [key, { value: 'old', grace: 0 }])));
    await leave();
    await msOf(() => cache.get('any'));
    const writes = await Promise.allSettled(
      keys.map((key, i) => (i % 2 === 0 ? cache.set(key, 'new') : cache.delete(key))),
    );
    expect(writes.every(({ status }) => status === 'rejected')).to.equal(true);
    const during = await Promise.all(keys.map((key) => cache.get(key)));
    expect(during.filter((value) => value === 'old')).to.have.length(0);
    expect(during.filter((value) => value === 'new')).to.have.length(5000);

    thaw();
    const start = performance.now();
    await untilItAnswers(cache);
    const own = await cache.getEntries(keys);
    expect([...own.values()].filter(({ value }) => value !== 'new')).to.have.length(0);

    await waitFor(
      async () => {
        const seen = await other.getEntries(keys);
        return seen.size === 5000 && [...seen.values()].every(({ value }) => value === 'new');
      },
      { what: 'repair of all keys', timeout: 3 },
    );
    expect(performance.now() - start).to.be.below(1500);
  }

  it('does not overwrite what others wrote after a write that failed', async () => {
    const [cache, other] = [await open(), await open()];
    await cache.set('k', 'old');
    // Refuses the one cache only: it has to remember its write while the other can write.
    const raw = connect();
    await raw.call('ACL', 'SETUSER', 'default', '-set', '-eval', '-unlink');
    await msOf(() => cache.set('k', 'failed'));
    await raw.call('ACL', 'SETUSER', 'default', '+set', '-eval');
    const failedAt = performance.now();
    // Both know the server's clock to some milliseconds only.
    await waitFor(() => performance.now() - failedAt > 50, { what: 'a later time' });
    await other.set('k', 'newer');
    await raw.call('ACL', 'SETUSER', 'default', '+@all');

    await waitFor(async () => (await cache.get('k')) === 'newer', { what: 'the newer value' });
    expect(await raw.get('cache:key:k')).to.contain('newer');
  });

  it('makes everything a miss when more failed than it can remember, until it is removed', async function () {
    this.timeout(20_000);
    const cache = await open();
    await cache.set('untouched', 1);
    freeze();
    await msOf(() => cache.get('any'));
    await Promise.allSettled(Array.from({ length: 20_001 }, (_, i) => cache.delete(`k${i}`)));

    const during = await cache.get('untouched');
    thaw();
    const raw = connect();
    await waitFor(async () => (await raw.dbsize()) === 0, { what: 'removal' });
    await waitFor(() => cache.set('untouched', 2).then(() => true), { what: 'a write' });

    expect(during).to.equal(undefined);
    expect(await cache.get('untouched')).to.equal(2);
  });

  it('makes up for a clear that failed', async () => {
    const cache = await open();
    await cache.set('k', 1);
    freeze();
    await msOf(() => cache.get('any'));

    await msOf(() => cache.clear());
    const during = await cache.get('k');
    thaw();
    const raw = connect();
    await waitFor(async () => (await raw.dbsize()) === 0, { what: 'removal' });

    expect(during).to.equal(undefined);
  });

  it('makes up for an invalidation that failed', async () => {
    const [cache, other] = [await open(), await open()];
    const [before] = await cache.tagStore.invalidate(['t']);
    freeze();
    await msOf(() => cache.get('any'));
    await msOf(async () => cache.tagStore.invalidate(['t']));
    thaw();
    await untilItAnswers(cache);
    const [own] = await cache.tagStore.readVersions(['t']);

    expect(own).to.not.equal(before);
    await waitFor(async () => (await other.tagStore.readVersions(['t']))[0] === own, { what: 'the version' });
  });

  it('keeps what it was making good when the connection is lost over it', async () => {
    const cache = await open({ writeTimeout: 5 });
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
    const raw = connect();
    await raw.ping();
    freeze();
    await msOf(() => cache.get('any'));
    await Promise.allSettled(keys.map((key) => cache.set(key, 'new')));
    const held = holdWrites(raw);
    thaw();
    await held;
    await untilHeld(raw, 'eval');

    await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await raw.call('CLIENT', 'UNPAUSE');

    await waitFor(async () => (await raw.dbsize()) === keys.length, { what: 'repair of all keys' });
    expect(await cache.get('k9')).to.equal('new');
  });

  it('keeps what a server refuses that is a replica for a while', async () => {
    const cache = await open();
    await cache.set('k', 'old');
    const raw = connect();
    await raw.replicaof('127.0.0.1', '1');
    const refused = await cache.set('k', 'new').catch((thrown: Error) => thrown);
    await waitFor(async () => (await raw.info('commandstats')).includes('cmdstat_eval:'), {
      what: 'a repair',
    });
    await raw.replicaof('NO', 'ONE');

    await waitFor(async () => (await raw.get('cache:key:k'))?.includes('new'), { what: 'the repair' });
    expect(String(refused)).to.contain('set was refused (READONLY)');
    expect(await cache.get('k')).to.equal('new');
  });

  it('does not take a clear for done whose connection was lost', async () => {
    const cache = await open({ writeTimeout: 5 });
    await cache.setEntries(new Map(['a', 'b', 'c'].map((key) => [key, { value: 1, grace: 0 }])));
    const raw = connect();
    await holdWrites(raw);

    const clearing = cache.clear().then(
      () => 'done',
      () => 'failed',
    );
    await untilHeld(raw, 'unlink');
    await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await raw.call('CLIENT', 'UNPAUSE');

    expect(await clearing).to.equal('failed');
    await waitFor(async () => (await raw.dbsize()) === 0, { what: 'removal' });
  });

  /** Redis goes on to read, and lets writes wait. */
  const holdWrites = (raw: Redis) => raw.call('CLIENT', 'PAUSE', '60000', 'WRITE');

  const untilHeld = (raw: Redis, command: string) =>
    waitFor(async () => String(await raw.call('CLIENT', 'LIST')).includes(`cmd=${command}`), {
      what: `${command} that waits`,
    });

  it('gives up the value and removes the old one when Redis is full', async () => {
    const cache = await open();
    await cache.set('k', 'old');
    const raw = connect();
    await raw.config('SET', 'maxmemory', '1');

    const error = await cache.set('k', 'new').catch((thrown: Error) => thrown);

    expect(String(error)).to.contain('set was refused (OOM)');
    expect(await cache.get('k')).to.equal('new');
    await waitFor(async () => (await raw.exists('cache:key:k')) === 0, { what: 'removal of the old value' });
    expect(await cache.get('k')).to.equal(undefined);
  });

  it('is back within a second of a restart', async () => {
    const cache = await open();
    await killRedis(server);
    await msOf(() => cache.get('k'));
    server = await startRedisOn(port);

    const took = await msOf(async () => untilItAnswers(cache));

    expect(took).to.be.below(1000);
  });

  it('is back soon after a restarted Redis has read its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'performance-redis-'));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    await server.stop();
    server = await startRedisOn(port, ['--dir', folder]);
    const cache = await open();
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
    await cache.setEntries(new Map(keys.map((key) => [key, { value: 1, grace: 0 }])));
    await connect().save();
    await killRedis(server);
    // Reads its 200 entries in 0.4 s, and says so meanwhile.
    const slowly = ['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'];
    server = await startRedisOn(port, ['--dir', folder, ...slowly]);

    await waitFor(async () => (await redisCommand(port, 'PING')) === '+PONG', { what: 'the end of loading' });
    const took = await msOf(async () => untilItAnswers(cache));

    expect(took).to.be.below(400);
    expect(await cache.get('k199')).to.equal(1);
  });

  it('tells its state, what waits to be made good, and what was', async () => {
    const { provider, collect } = captureMetrics();
    const cache = await open({ name: 'users', meterProvider: provider });
    freeze();
    await msOf(() => cache.get('k'));
    await msOf(() => cache.set('k', 1));

    const collected = await collect();

    const states = seriesOf(collected, 'perf.cache.tier.state').map(({ attributes, value }) => [
      attributes['perf.cache.state'],
      value,
    ]);
    expect(states).to.deep.include.members([['closed', 0]]);
    expect(states.filter(([, value]) => value === 1)).to.have.length(1);
    expect(seriesOf(collected, 'perf.cache.tier.pending')[0]?.value).to.equal(1);
    const durations = seriesOf(collected, 'perf.cache.tier.duration');
    expect(durations.some(({ attributes }) => attributes['error.type'] === 'timeout')).to.equal(true);

    thaw();
    await untilItAnswers(cache);
    const repairs = async () => seriesOf(await collect(), 'perf.cache.tier.repairs')[0]?.value;
    await waitFor(async () => (await repairs()) === 1, { what: 'the repair' });
    expect(seriesOf(await collect(), 'perf.cache.tier.pending')[0]?.value).to.equal(0);
  });
});
