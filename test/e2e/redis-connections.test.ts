import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AbstractConnector, Redis } from 'ioredis';
import { RedisCache } from '../../src/cache/redis-cache.js';
import { readingConnector } from '../../src/cache/redis/reading-connector.js';
import { freePort, needsServer, type RunningRedis, startRedis } from './servers.js';

const run = promisify(execFile);

describe('a connection to Redis of our own', function () {
  this.timeout(20_000);
  const ends: (() => Promise<unknown> | void)[] = [];
  let redis: RunningRedis;

  before(async function () {
    needsServer(this, 'redis-server');
    redis = await startRedis();
    ends.push(() => redis.stop());
  });

  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  const connect = (options: object) => {
    const client = new Redis({
      ...options,
      Connector: readingConnector(AbstractConnector),
      retryStrategy: null,
    });
    ends.push(() => client.disconnect());
    return client;
  };

  it('reads answers of any length, whole and in order', async () => {
    const client = connect({ port: redis.port, host: '127.0.0.1' });
    const values = [0, 1, 8191, 65_535, 65_536, 65_537, 5_000_000].map((length, i) =>
      Buffer.alloc(length, `${i}`),
    );
    await Promise.all(values.map((value, i) => client.set(`k${i}`, value)));
    const found = await Promise.all(values.map((_, i) => client.getBuffer(`k${i}`)));
    expect(found.every((value, i) => value!.equals(values[i]!))).to.equal(true);
  });

  it('does not change an answer when the next one arrives', async () => {
    const client = connect({ port: redis.port, host: '127.0.0.1' });
    await client.mset({ a: 'first', b: 'second' });
    const first = await client.getBuffer('a');
    await client.getBuffer('b');
    expect(first!.toString()).to.equal('first');
  });

  it('says why it cannot connect', async () => {
    const client = connect({ port: 1, host: '127.0.0.1', lazyConnect: true });
    client.on('error', () => {});
    const failure = await client.connect().catch((error: unknown) => error);
    expect(String(failure)).to.match(/ECONNREFUSED|Connection is closed/);
    expect(client.status).to.equal('end');
  });

  it('can be ended before it stands', async () => {
    const client = connect({ port: redis.port, host: '127.0.0.1', lazyConnect: true });
    const connecting = client.connect().catch((error: unknown) => error);
    client.disconnect();
    expect(String(await connecting)).to.include('Connection is closed');
  });

  it('speaks TLS', async () => {
    const { port, ca } = await startTls(ends);
    const client = connect({ port, host: '127.0.0.1', tls: { ca, servername: 'localhost' } });
    const value = Buffer.alloc(300_000, 'tls');
    await client.set('k', value);
    expect((await client.getBuffer('k'))!.equals(value)).to.equal(true);
  });

  it('keeps no more of an answer than the value that was in it', async () => {
    const cache = new RedisCache({ url: redis.url, serializer: 'structured' });
    ends.push(() => cache.close());
    await cache.set('small', new Uint8Array(10));
    await cache.set('large', 'x'.repeat(50_000));
    const [small] = await Promise.all([cache.get<Uint8Array>('small'), cache.get('large')]);
    expect(small!.length).to.equal(10);
    expect(small!.buffer.byteLength).to.be.at.most(Buffer.poolSize);
  });
});

/** A Redis that speaks TLS only, with a certificate of its own. */
async function startTls(ends: (() => Promise<unknown> | void)[]): Promise<{ port: number; ca: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), 'perf-tls-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ]);
  const tls = await startRedis();
  ends.push(() => tls.stop());
  const client = new Redis(tls.port, '127.0.0.1');
  const port = await freePort();
  await client.config(
    'SET',
    'tls-cert-file',
    certificate,
    'tls-key-file',
    key,
    'tls-ca-cert-file',
    certificate,
    'tls-auth-clients',
    'no',
    'tls-port',
    port,
  );
  client.disconnect();
  return { port, ca: await readFile(certificate) };
}
