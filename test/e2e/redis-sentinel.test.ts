import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { RedisCache } from '../../src/cache/redis-cache.js';
import { START_TIMEOUT, startProcess } from './processes.js';
import { freePort, needsServer, redisCommand, waitFor, type RunningProcess } from './servers.js';

const GROUP = 'main';
/** Milliseconds that a busy test machine may add to a deadline. */
const TOLERANCE_MS = 100;

describe('RedisCache behind Sentinel', function () {
  this.timeout(60_000);
  let folder: string;
  let sentinelPort: number;
  let [master, replica]: (RunningProcess & { readonly port: number })[] = [];
  const running: RunningProcess[] = [];
  const closing: (() => unknown)[] = [];

  before(function () {
    needsServer(this, 'redis-server');
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'performance-sentinel-'));
    master = await startServer();
    replica = await startServer(['--replicaof', '127.0.0.1', String(master.port)]);
    sentinelPort = await startSentinel(master.port);
    await waitFor(() => sentinelKnowsReplica(), { what: 'a replica to fail over to', timeout: 20 });
  });

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    for (const { pid } of running) signal(pid, 'SIGKILL');
    await Promise.all(running.splice(0).map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  async function startServer(args: readonly string[] = []): Promise<RunningProcess & { port: number }> {
    const port = await freePort();
    // Without a pause before a replica gets what its master has.
    const quick = ['--repl-diskless-sync-delay', '0', '--save', '', '--appendonly', 'no'];
    return { port, ...(await start(port, ['--dir', folder, ...quick, ...args])) };
  }

  async function startSentinel(of: number): Promise<number> {
    const port = await freePort();
    const config = join(folder, 'sentinel.conf');
    const settings = [
      `sentinel monitor ${GROUP} 127.0.0.1 ${of} 1`,
      `sentinel down-after-milliseconds ${GROUP} 500`,
      `sentinel failover-timeout ${GROUP} 2000`,
    ];
    await writeFile(config, `dir ${folder}\n${settings.join('\n')}\n`);
    await start(port, ['--sentinel'], [config]);
    return port;
  }

  async function start(
    port: number,
    args: readonly string[],
    config: readonly string[] = [],
  ): Promise<RunningProcess> {
    const where = ['--port', String(port), '--bind', '127.0.0.1'];
    const server = await startProcess('redis-server', [...config, ...where, ...args], {
      ready: (_, ended) =>
        waitFor(() => redisCommand(port, 'PING'), { what: 'PONG', timeout: START_TIMEOUT, signal: ended }),
    });
    running.push(server);
    return server;
  }

  async function sentinelKnowsReplica(): Promise<boolean> {
    const sentinel = new Redis(sentinelPort, '127.0.0.1');
    sentinel.on('error', () => {});
    try {
      const known = String(await sentinel.call('SENTINEL', 'REPLICAS', GROUP));
      return known.includes(String(replica!.port)) && known.includes('master-link-status,ok');
    } finally {
      sentinel.disconnect();
    }
  }

  function signal(pid: number, name: NodeJS.Signals): void {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended already.
    }
  }

  function connect(): Redis {
    const client = new Redis({
      sentinels: [{ host: '127.0.0.1', port: sentinelPort }],
      name: GROUP,
      retryStrategy: () => 50,
      sentinelRetryStrategy: () => 50,
      // Otherwise it stays with a master that hangs, for as long as nobody closes the connection.
      socketTimeout: 1000,
    });
    client.on('error', () => {});
    closing.push(() => client.disconnect());
    return client;
  }

  async function open(): Promise<RedisCache> {
    const cache = new RedisCache({ client: connect() });
    closing.unshift(() => cache.close());
    await cache.ready(20);
    return cache;
  }

  async function openManager(): Promise<CacheManager> {
    const manager = new CacheManager({ secondary: await open() });
    closing.unshift(() => manager.close());
    return manager;
  }

  async function msOf(call: () => Promise<unknown>): Promise<number> {
    const begin = performance.now();
    await call().catch(() => {});
    return performance.now() - begin;
  }

  const hasValue = (port: number, key: string, text: string) => async () => {
    const raw = new Redis(port, '127.0.0.1');
    raw.on('error', () => {});
    try {
      return (await raw.get(`cache:key:${key}`))?.includes(text) === true;
    } finally {
      raw.disconnect();
    }
  };

  /** One key after the other, until what one manager writes makes the other one forget its copy. */
  async function untilCoherent(writer: CacheManager, reader: CacheManager): Promise<void> {
    let attempt = 0;
    await waitFor(
      async () => {
        const key = `coherent ${++attempt}`;
        await writer.set(key, 'old');
        if ((await reader.get(key)) !== 'old' || reader.getIfPresent(key) === undefined) return false;
        await writer.set(key, 'new');
        return waitFor(() => reader.getIfPresent(key) === undefined, { what: 'the message', timeout: 0.5 });
      },
      { what: 'coherent memory', timeout: 20 },
    );
  }

  it('survives the loss of the master', async () => {
    const [one, two] = [await openManager(), await openManager()];
    await one.set('kept', 'kept');
    await one.set('changed', 'old');
    await untilCoherent(one, two);
    await waitFor(hasValue(replica!.port, 'kept', 'kept'), { what: 'the entry on the replica' });
    await waitFor(hasValue(replica!.port, 'changed', 'old'), { what: 'the old entry on the replica' });
    const copy = await two.get('changed');

    signal(master!.pid, 'SIGKILL');
    const first = await msOf(() => one.get('elsewhere'));
    const next = await msOf(() => one.getOrSet('loaded', () => 'loaded'));
    await one.set('changed', 'new');
    await one.delete('kept');
    const during = [await one.get('changed'), await one.get('kept')];

    await waitFor(hasValue(replica!.port, 'changed', 'new'), { what: 'the repair', timeout: 30 });
    await waitFor(async () => (await two.get('changed')) === 'new', { what: 'the new value elsewhere' });
    await untilCoherent(one, two);
    await untilCoherent(two, one);

    expect(copy).to.equal('old');
    expect(first).to.be.below(100 + TOLERANCE_MS);
    expect(next).to.be.below(100 + TOLERANCE_MS);
    expect(during).to.deep.equal(['new', undefined]);
    expect(await two.get('kept')).to.equal(undefined);
    expect(await two.get('loaded')).to.equal('loaded');
  });

  it('follows to the new master when the old one only hangs', async () => {
    const [one, two] = [await openManager(), await openManager()];
    await untilCoherent(one, two);
    await one.set('k', 'old');
    await waitFor(async () => (await two.get('k')) === 'old', { what: 'the copy' });
    await waitFor(hasValue(replica!.port, 'k', 'old'), { what: 'the entry on the replica' });

    signal(master!.pid, 'SIGSTOP');
    const first = await msOf(() => one.get('elsewhere'));
    await one.set('k', 'new');
    await waitFor(hasValue(replica!.port, 'k', 'new'), { what: 'the repair', timeout: 30 });
    await waitFor(async () => (await two.get('k')) === 'new', {
      what: 'the new value elsewhere',
      timeout: 20,
    });
    await untilCoherent(one, two);
    // It takes itself for the master until it is told otherwise.
    signal(master!.pid, 'SIGCONT');
    await untilCoherent(two, one);

    expect(await two.get('k')).to.equal('new');
    expect(first).to.be.below(100 + TOLERANCE_MS);
  });
});
