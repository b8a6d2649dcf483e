import { expect } from 'chai';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListenError } from '../../../src/errors.js';
import { MetricsServer, type PullReader } from '../../../src/export/prometheus/server.js';

const EMPTY = {
  resourceMetrics: { resource: { attributes: { 'service.name': 'x' } }, scopeMetrics: [] },
  errors: [],
};

function readerOf(collect: () => Promise<unknown>): PullReader {
  return { collect: collect as PullReader['collect'] };
}

/** `fetch` mends paths; this sends them as they are. */
function rawStatus(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

describe('MetricsServer', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const serve = async (reader: PullReader = readerOf(async () => EMPTY), port = 0) => {
    const server = new MetricsServer(reader, { host: '127.0.0.1', port, path: '/metrics' });
    opened.push(server);
    await server.listen();
    return server;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((server) => server.close()));
  });

  it('serves the text with its content type, on this machine only', async () => {
    const { url } = await serve();

    const response = await fetch(url!);

    expect(new URL(url!).hostname).to.equal('127.0.0.1');
    expect(response.headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).to.include('target_info{service_name="x"} 1');
  });

  it('answers HEAD, other methods and other paths', async () => {
    const { url } = await serve();

    const head = await fetch(url!, { method: 'HEAD' });
    const post = await fetch(url!, { method: 'POST', body: 'x' });
    const other = await fetch(new URL('/other', url));

    expect([head.status, await head.text()]).to.deep.equal([200, '']);
    expect([post.status, post.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
    expect([other.status, await other.text()]).to.deep.equal([404, 'Metrics are under /metrics\n']);
  });

  it('survives paths no URL parser likes', async () => {
    const { url } = await serve();

    expect(await rawStatus(url!, '//')).to.equal(404);
    expect(await rawStatus(url!, '/metrics?a=%zz')).to.equal(200);
  });

  it('tells nobody outside what went wrong while collecting', async () => {
    const { url } = await serve(readerOf(() => Promise.reject(new Error('password=hunter2'))));

    const response = await fetch(url!);

    expect([response.status, await response.text()]).to.deep.equal([500, 'Metrics could not be collected\n']);
  });

  it('collects once for scrapes that come together', async () => {
    let collections = 0;
    let finish!: (value: unknown) => void;
    const result = new Promise((resolve) => (finish = resolve));
    const { url } = await serve(
      readerOf(() => {
        collections += 1;
        if (collections === 1) queueMicrotask(() => finish(EMPTY));
        return result;
      }),
    );

    const texts = await Promise.all(
      Array.from({ length: 5 }, () => fetch(url!).then((response) => response.text())),
    );

    expect(new Set(texts).size).to.equal(1);
    expect(collections).to.be.at.most(5);
  });

  it('names host and port when the port is taken', async () => {
    const taken: Server = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    opened.push({ close: () => new Promise((resolve) => taken.close(resolve)) });

    const error = await serve(undefined, port).catch((thrown: unknown) => thrown);

    expect(error).to.be.instanceOf(ListenError);
    expect(error).to.include({ code: 'PERF_LISTEN_FAILED', host: '127.0.0.1', port });
    expect(String(error)).to.include(`port ${port} on 127.0.0.1 is already in use`);
  });

  it('says where it is only while it listens', async () => {
    const server = await serve();
    expect(server.url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);

    await server.close();

    expect(server.url).to.equal(undefined);
  });
});
