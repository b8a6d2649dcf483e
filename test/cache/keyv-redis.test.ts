import KeyvRedis, { createKeyv } from '@keyv/redis';
import { expect } from 'chai';
import { Keyv } from 'keyv';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { KeyvTier } from '../../src/cache/keyv/keyv-tier.js';
import { killRedis, startRedisOn } from '../chaos/redis-on-port.js';
import { freePort, isRunning, needsServer, startRedis, waitFor, type RunningRedis } from '../e2e/servers.js';
import { passesTheTierContract } from './tier-contract.js';

const PATIENT = { ownsStore: true, readTimeout: 5, writeTimeout: 5 } as const;

/** Milliseconds that a busy test machine may add to a deadline. */
const TOLERANCE_MS = 900;

describe('KeyvTier over @keyv/redis and a real Redis', () => {
  let server: RunningRedis;
  let namespaces = 0;

  before(async function () {
    needsServer(this, 'redis-server');
    server = await startRedis();
  });
  after(() => server?.stop());

  /** An empty part of the server for each case. */
  const fresh = () => `case-${namespaces++}`;

  describe('as createKeyv() makes it', () => {
    passesTheTierContract(() => {
      const store = createKeyv(server.url, { namespace: fresh() });
      return { tier: new KeyvTier({ store, ...PATIENT }) };
    });
  });

  describe('as the store of a Keyv', () => {
    passesTheTierContract(() => {
      const store = new Keyv({ store: new KeyvRedis(server.url), namespace: fresh() });
      return { tier: new KeyvTier({ store, ...PATIENT }) };
    });
  });

  describe('without a Keyv', () => {
    passesTheTierContract(() => {
      const store = new KeyvRedis(server.url, { namespace: fresh() });
      return { tier: new KeyvTier({ store, ...PATIENT }) };
    });
  });

  it('leaves entries that others can see, and lets Redis end them after ttl and grace', async () => {
    const adapter = new KeyvRedis(server.url, { namespace: fresh() });
    const tier = new KeyvTier({ store: adapter, ...PATIENT });
    await tier.setEntries(
      new Map([
        ['a', { value: 'ä', ttl: 60, grace: 30 }],
        ['b', { value: null, ttl: Infinity, grace: 0 }],
      ]),
    );
    const client = (await adapter.getClient()) as unknown as { pTTL(key: string): Promise<number> };

    expect(await client.pTTL(`${adapter.namespace}::cache/key/a`)).to.be.within(80_000, 90_000);
    expect(await client.pTTL(`${adapter.namespace}::cache/key/b`)).to.equal(-1);
    expect((await tier.getEntry('b'))?.value).to.equal(null);
    await tier.close();
  });

  it('reads what others wrote under its keys as misses', async () => {
    const store = createKeyv(server.url, { namespace: fresh() });
    const tier = new KeyvTier({ store, ...PATIENT });
    const adapter = store.store as KeyvRedis<string>;
    await adapter.set('cache/key/plain', 'no json');
    await store.set('cache/key/foreign', { a: 1 });
    await tier.setEntry('good', { value: 1, grace: 0 });

    const found = await tier.getEntries(['plain', 'foreign', 'good']);

    expect([...found.keys()]).to.deep.equal(['good']);
    await tier.close();
  });
});

describe('KeyvTier over @keyv/redis on a bad day', () => {
  let port: number;
  let server: RunningRedis;
  let tier: KeyvTier | undefined;

  before(function () {
    needsServer(this, 'redis-server');
  });

  beforeEach(async () => {
    port = await freePort();
    server = await startRedisOn(port);
    const store = createKeyv({ url: server.url, socket: { reconnectStrategy: 50 } }, { namespace: 'users' });
    tier = new KeyvTier({ store, ownsStore: true });
    await waitFor(async () => tier!.getEntry('any').then(() => true), { what: 'the connection' });
  });

  afterEach(async () => {
    if (isRunning(server.pid)) process.kill(server.pid, 'SIGCONT');
    await tier?.close();
    await server?.stop();
  });

  /** How long a call takes, whatever comes of it. */
  async function msOf(call: () => Promise<unknown>): Promise<number> {
    const start = performance.now();
    await call().catch(() => {});
    return performance.now() - start;
  }

  const isBack = () =>
    waitFor(async () => tier!.getEntry('any').then(() => true), { what: 'an answer of the tier' });

  it('costs one deadline when Redis hangs, then nothing, and is back when Redis is', async () => {
    await tier!.setEntry('k', { value: 1, grace: 0 });
    process.kill(server.pid, 'SIGSTOP');

    const first = await msOf(() => tier!.getEntry('k'));
    const next = await msOf(async () => {
      for (let i = 0; i < 100; i++) await tier!.getEntry('k').catch(() => {});
    });
    process.kill(server.pid, 'SIGCONT');
    await isBack();

    expect(first).to.be.within(95, 100 + TOLERANCE_MS);
    // A hundred deadlines would be ten seconds.
    expect(next).to.be.below(TOLERANCE_MS);
    expect((await tier!.getEntry('k'))?.value).to.equal(1);
  });

  it('reads as a miss for a manager while Redis is gone, and loads', async () => {
    const cache = new CacheManager({ secondary: tier!, name: 'keyv-outage' });
    await cache.set('k', 'kept');
    await killRedis(server);

    const took = await msOf(() => cache.getOrSet('other', () => 'loaded'));
    const loaded = await Promise.all(Array.from({ length: 100 }, (_, i) => cache.getOrSet(`k${i}`, () => i)));

    // Reading and writing may each meet the outage first.
    expect(took).to.be.below(1100 + TOLERANCE_MS);
    expect(loaded).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
    expect(cache.getIfPresent('k')).to.equal('kept');

    server = await startRedisOn(port);
    await isBack();
    await cache.set('after', 1);
    expect((await tier!.getEntry('after'))?.value).to.equal(1);
  });

  it('does not serve what was deleted during an outage', async () => {
    await tier!.setEntry('k', { value: 'old', grace: 0 });
    await tier!.setEntry('other', { value: 1, grace: 0 });
    process.kill(server.pid, 'SIGSTOP');
    await tier!.getEntry('k').catch(() => {});
    await tier!.delete('k').catch(() => {});
    process.kill(server.pid, 'SIGCONT');
    await isBack();

    expect(await tier!.getEntry('k')).to.equal(undefined);
    const fresh = new KeyvTier({ store: createKeyv(server.url, { namespace: 'users' }), ...PATIENT });
    await waitFor(async () => (await fresh.getEntry('k')) === undefined, { what: 'the delete made good' });
    expect((await fresh.getEntry('other'))?.value).to.equal(1);
    await fresh.close();
  });
});
