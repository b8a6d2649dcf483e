import { expect } from 'chai';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListenError } from '../../../src/errors.js';
import {
  MetricsEndpoint,
  type MetricsEndpointOptions,
} from '../../../src/export/prometheus/metrics-endpoint.js';
import { MetricsServer } from '../../../src/export/prometheus/server.js';
import { collected } from '../../fakes/collected-metrics.js';

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
  const serve = async ({
    port = 0,
    host = '127.0.0.1',
    ...options
  }: MetricsEndpointOptions & { port?: number; host?: string } = {}) => {
    const source = { collect: async () => collected([], { 'service.name': 'x' }) };
    const server = new MetricsServer(new MetricsEndpoint(source, options), { host, port, path: '/metrics' });
    opened.push(server);
    await server.listen();
    return server;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((server) => server.close()));
  });

  it('serves the page with its content type, on this machine only', async () => {
    const { url } = await serve();

    const response = await fetch(url!);

    expect(new URL(url!).hostname).to.equal('127.0.0.1');
    expect(response.headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).to.include('target_info{service_name="x"} 1');
  });

  it('says where the metrics are, unless that is for few', async () => {
    const open = await fetch(new URL('/other', (await serve()).url));
    const closed = await fetch(new URL('/other', (await serve({ auth: { bearer: 'sesame' } })).url));

    expect([open.status, await open.text()]).to.deep.equal([404, 'Metrics are under /metrics\n']);
    expect([closed.status, await closed.text()]).to.deep.equal([404, 'Not found\n']);
  });

  it('survives paths no URL parser likes', async () => {
    const { url } = await serve();

    expect(await rawStatus(url!, '//')).to.equal(404);
    expect(await rawStatus(url!, '/metrics?a=%zz')).to.equal(200);
  });

  it('warns once when everybody may ask', async () => {
    const warned: Error[] = [];
    const listen = (warning: Error) => warned.push(warning);
    process.on('warning', listen);
    try {
      await serve({ host: '0.0.0.0', auth: { bearer: 'sesame' } });
      await serve({ host: '0.0.0.0', allow: ['10.0.0.0/8'] });
      await serve();
      await serve({ host: '0.0.0.0' });
      await serve({ host: '0.0.0.0' });
      // Warnings are given in the next turn.
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', listen);
    }

    const ours = warned.filter((warning) => (warning as { code?: string }).code === 'PERF_METRICS_OPEN');
    expect(ours.map(({ message }) => message)).to.have.lengthOf(1);
    expect(ours[0]?.message).to.include('/metrics is served on 0.0.0.0 to everybody');
  });

  it('names host and port when the port is taken', async () => {
    const taken: Server = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    opened.push({ close: () => new Promise((resolve) => taken.close(resolve)) });

    const error = await serve({ port }).catch((thrown: unknown) => thrown);

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
