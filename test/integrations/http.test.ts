import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect, constants, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { instrumentHandler, instrumentServer, type NodeHttpOptions } from '../../src/integrations/http.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { Broken, httpContract, type AppParts, type StartedApp } from './http-contract.js';
import { ask, Metrics, samplesOf } from './measured-server.js';

const ROUTES: readonly (readonly [RegExp, string])[] = [
  [/^\/users\/\w+$/, '/users/:id'],
  [/^\/shops\/\w+\/items\/\w+$/, '/shops/:shop/items/:item'],
  [/^\/(broken|broken-later|refused|stream|hang|metrics)$/, '$&'],
];

const routeOf = ({ url = '' }: IncomingMessage): string | undefined => {
  const path = url.split('?')[0]!;
  const found = ROUTES.find(([pattern]) => pattern.test(path));
  return found && path.replace(...found);
};

const answering =
  ({ gate, metrics }: AppParts) =>
  async (incoming: IncomingMessage, response: Parameters<RequestListener>[1]): Promise<void> => {
    switch (routeOf(incoming)) {
      case '/users/:id':
        response.statusCode = incoming.method === 'POST' ? 201 : 200;
        return void response.end('a user');
      case '/shops/:shop/items/:item':
        return void response.end('an item');
      case '/refused':
        response.statusCode = 400;
        return void response.end();
      case '/broken':
      case '/broken-later':
        throw new Broken('no');
      case '/stream':
        response.write('first');
        gate.reach();
        await gate.opened;
        return void response.end('last');
      case '/hang':
        return gate.reach();
      case '/metrics':
        return metrics.endpoint.handler(incoming, response);
      default:
        response.statusCode = 404;
        response.end();
    }
  };

/** What frameworks do for those that write handlers by hand: answers 500 for what was thrown. */
const with500 =
  (handler: (...both: Parameters<RequestListener>) => Promise<void>): RequestListener =>
  (incoming, response) => {
    handler(incoming, response).catch(() => {
      response.statusCode = 500;
      response.end();
    });
  };

async function listen(server: Server): Promise<StartedApp> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

async function withServer(
  make: (options: NodeHttpOptions) => Server,
  test: (url: string, metrics: Metrics) => Promise<void>,
  options: NodeHttpOptions = {},
): Promise<void> {
  const metrics = new Metrics();
  const { url, stop } = await listen(make({ meterProvider: metrics.provider, ...options }));
  try {
    await test(url, metrics);
  } finally {
    await stop();
    await metrics.provider.shutdown();
  }
}

describe('instrumentServer', () => {
  httpContract({
    start: (parts) =>
      listen(instrumentServer(createServer(with500(answering(parts))), { ...parts.options, routeOf })),
    failure: '500',
  });

  it('leaves upgraded connections out, and what they are asked before', () =>
    withServer(
      (options) => {
        const server = createServer((_, response) => response.end());
        server.on('upgrade', (_, socket) => {
          socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n');
        });
        return instrumentServer(server, options);
      },
      async (url, metrics) => {
        const asking = request(url, { headers: { connection: 'Upgrade', upgrade: 'test' } }).end();
        const [response] = (await once(asking, 'upgrade')) as [IncomingMessage];
        expect(response.statusCode).to.equal(101);
        await ask(url);

        await metrics.expectRequests({ 'GET - 200': 1 });
      },
    ));

  it('counts requests that ask before they send, where the application listens for them', () =>
    withServer(
      (options) => {
        const server = createServer((incoming, response) =>
          incoming.resume().once('end', () => response.end()),
        );
        server.on('checkContinue', (incoming, response) => {
          response.writeContinue();
          server.emit('request', incoming, response);
        });
        return instrumentServer(server, options);
      },
      async (url, metrics) => {
        const asking = request(url, { method: 'PUT', headers: { expect: '100-continue' } });
        asking.flushHeaders();
        await once(asking, 'continue');
        asking.end('body');
        const [response] = (await once(asking, 'response')) as [IncomingMessage];
        await once(response.resume(), 'end');

        await metrics.expectRequests({ 'PUT - 200': 1 });
      },
    ));

  it('counts a request once, however often it is instrumented', () =>
    withServer(
      (options) =>
        instrumentServer(
          instrumentServer(
            createServer(instrumentHandler((_, response) => response.end(), options)),
            options,
          ),
          options,
        ),
      async (url, metrics) => {
        await ask(url);
        await metrics.expectRequests({ 'GET - 200': 1 });
      },
    ));

  it('tells an answer that the application breaks off from one that nobody wants', () =>
    withServer(
      (options) =>
        instrumentServer(
          createServer((_, response) => {
            response.write('half');
            response.destroy(new Broken('disk'));
          }),
          options,
        ),
      async (url, metrics) => {
        await ask(url).catch(() => {});
        await metrics.expectRequests({ 'GET - 200 Broken': 1 });
      },
    ));

  it('counts an answer whose end nobody took as broken off', () =>
    withServer(
      (options) =>
        instrumentServer(
          createServer((_, response) => {
            response.write('first');
            response.end(Buffer.alloc(64 * 2 ** 20));
          }),
          options,
        ),
      async (url, metrics) => {
        const leaving = new AbortController();
        const response = await fetch(url, { signal: leaving.signal });
        await response.body!.getReader().read();
        leaving.abort();
        await metrics.expectRequests({ 'GET - 200 client_disconnected': 1 });
      },
    ));

  it('measures HTTP/2, streams that are reset too', async () => {
    const metrics = new Metrics();
    const server = createHttp2Server((incoming, response) => {
      response.write('first');
      if (incoming.url === '/') response.end('last');
    });
    instrumentServer(server, { meterProvider: metrics.provider });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      await once(client.request({ ':path': '/' }).resume(), 'close');
      const left = client.request({ ':path': '/left' });
      await once(left, 'data');
      left.close(constants.NGHTTP2_CANCEL);

      await metrics.expectRequests({ 'GET - 200': 1, 'GET - 200 client_disconnected': 1 });
      const counts = samplesOf(await metrics.page(), 'http_server_request_duration_seconds_count');
      expect(counts.map(({ labels }) => labels['network_protocol_version'])).to.deep.equal(['2', '2']);
    } finally {
      client.destroy();
      server.close();
      await metrics.provider.shutdown();
    }
  });

  it('records the time until the end in seconds', async () => {
    const clock = new FakeClock();
    await withServer(
      (options) =>
        instrumentServer(
          createServer((_, response) => {
            clock.advance(0.3);
            response.end();
          }),
          options,
        ),
      async (url, metrics) => {
        await ask(url);
        await metrics.expectRequests({ 'GET - 200': 1 });
        const [sum] = samplesOf(await metrics.page(), 'http_server_request_duration_seconds_sum');
        expect(sum!.value).to.be.closeTo(0.3, 1e-9);
      },
      { clock },
    );
  });

  it('counts a request whose route cannot be found out', () =>
    withServer(
      (options) =>
        instrumentServer(
          createServer((_, response) => response.end()),
          options,
        ),
      async (url, metrics) => {
        await ask(url);
        await metrics.expectRequests({ 'GET - 200': 1 });
      },
      {
        routeOf: () => {
          throw new Error('no route');
        },
      },
    ));

  it('refuses options it does not know', () => {
    const server = createServer();
    expect(() => instrumentServer(server, { route: '/' } as NodeHttpOptions)).to.throw(/http option/);
    expect(() => instrumentServer(server, { ifInstrumented: 'maybe' as 'skip' })).to.throw(
      /'skip' or 'record'/,
    );
    expect(() => instrumentServer(server, { routeOf: '/' as never })).to.throw(/routeOf/);
  });
});

describe('instrumentHandler', () => {
  httpContract({
    start: (parts) =>
      listen(
        createServer(
          with500(instrumentHandler(answering(parts), { ...parts.options, routeOf }) as () => Promise<void>),
        ),
      ),
  });

  it('passes on what a handler throws and rejects with', async () => {
    const { provider: meterProvider } = new Metrics();
    const error = new Broken('no');
    const thrower = instrumentHandler(
      () => {
        throw error;
      },
      { meterProvider },
    );
    const rejecter = instrumentHandler(() => Promise.reject(error), { meterProvider });
    await withServer(
      () =>
        createServer((...both) => {
          expect(() => thrower(...both)).to.throw(Broken);
          rejecter(...both).catch((reason: unknown) => both[1].end(String(reason === error)));
        }),
      async (url) => {
        expect((await ask(url)).body).to.equal('true');
      },
    );
  });
});
