import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Cluster } from 'ioredis';
import { keySlot } from '../../src/cache/redis/key-slot.js';
import { RedisCache } from '../../src/cache/redis-cache.js';
import type { TierChange } from '../../src/cache/tier.js';
import { START_TIMEOUT, startProcess } from './processes.js';
import { freePort, needsServer, redisCommand, skipBecause, waitFor, type RunningProcess } from './servers.js';

const run = promisify(execFile);
const NODES = 3;

describe('RedisCache on a Redis Cluster', () => {
  const nodes: RunningProcess[] = [];
  const ports: number[] = [];
  const closing: (() => unknown)[] = [];
  let folder: string;

  before(async function () {
    this.timeout(60_000);
    needsServer(this, 'redis-server');
    await run('redis-cli', ['--version']).catch(() => skipBecause(this, 'redis-cli is not on PATH'));
    folder = await mkdtemp(join(tmpdir(), 'performance-cluster-'));
    for (let i = 0; i < NODES; i++) nodes.push(await startNode(i));
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
    await waitFor(
      async () => {
        const states = await Promise.all(
          ports.map((port) => run('redis-cli', ['-p', String(port), 'cluster', 'info'])),
        );
        return states.every(({ stdout }) => stdout.includes('cluster_state:ok'));
      },
      { what: 'a cluster that works', timeout: 30 },
    );
  });

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function startNode(number: number): Promise<RunningProcess> {
    const port = await freePort();
    ports.push(port);
    const bus = await freePort();
    const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    const files = ['--cluster-config-file', `nodes-${number}.conf`, '--cluster-port', String(bus)];
    return startProcess('redis-server', [...where, '--cluster-enabled', 'yes', ...files], {
      ready: (_, signal) =>
        waitFor(() => redisCommand(port, 'PING'), { what: 'PONG', timeout: START_TIMEOUT, signal }),
    });
  }

  function connect(): Cluster {
    const client = new Cluster([{ host: '127.0.0.1', port: ports[0]! }]);
    client.on('error', () => {});
    closing.push(() => client.disconnect());
    return client;
  }

  async function open(): Promise<RedisCache> {
    const cache = new RedisCache({ client: connect(), readTimeout: 2 });
    closing.unshift(() => cache.close());
    await cache.ready();
    return cache;
  }

  it('knows the slots that the servers use', async () => {
    const client = connect();

    for (const key of ['a', '{user:7}:x', 'größe', '{}x', '']) {
      expect(await client.call('CLUSTER', 'KEYSLOT', key)).to.equal(keySlot(key));
    }
  });

  it('reads, writes, deletes and clears over all nodes', async () => {
    const cache = await open();
    const keys = Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? `{same}:${i}` : `k${i}`));

    await cache.setEntries(new Map(keys.map((key, value) => [key, { value, grace: 0, ttl: 60 }])));
    const many = await cache.getEntries(keys);
    const single = await Promise.all(keys.map((key) => cache.get(key)));
    const deleted = await cache.deleteMany(keys.slice(0, 100));
    await cache.tagStore.invalidate(['a', 'b', 'c']);
    await cache.clear();

    expect(many.size).to.equal(300);
    expect(single).to.deep.equal(keys.map((_, value) => value));
    expect(deleted).to.equal(100);
    expect((await cache.getEntries(keys)).size).to.equal(0);
    expect(await cache.tagStore.readVersions(['a', 'b', 'c'])).to.not.include('');
  });

  it('tells other caches what it changes', async () => {
    const [cache, other] = [await open(), await open()];
    const heard: TierChange[] = [];
    other.onChange((change) => heard.push(change));
    await waitFor(() => heard.length > 0, { what: 'the beginning' });
    heard.length = 0;

    await cache.set('k', 1);
    await cache.tagStore.invalidate(['t']);

    await waitFor(() => heard.length === 2, { what: 'two changes' });
    // Messages that enter a cluster at different nodes keep no order, and need none: each only makes one forget.
    expect(heard).to.have.deep.members([{ keys: ['k'] }, { tags: ['t'] }]);
  });

  it('makes a write good that a lost node did not take', async () => {
    const cache = await open();
    await cache.set('k', 'old');
    const slot = keySlot('cache:key:k');
    const owner = nodes[Math.floor(slot / (16_384 / NODES))]!;
    process.kill(owner.pid, 'SIGSTOP');
    const failed = await cache.set('k', 'new').then(
      () => false,
      () => true,
    );
    const during = await cache.get('k').catch(() => 'nothing');
    process.kill(owner.pid, 'SIGCONT');

    await waitFor(async () => (await (await open()).get('k')) === 'new', { what: 'the repair' });

    expect([failed, during]).to.deep.equal([true, 'new']);
  });
});
