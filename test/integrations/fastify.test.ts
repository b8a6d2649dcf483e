import { expect } from 'chai';
import Fastify, { type FastifyInstance } from 'fastify';
import { Readable } from 'node:stream';
import { fastifyMetrics, fastifyPerformance, fastifyShedGuard } from '../../src/integrations/fastify.js';
import { Broken, httpContract, type AppParts, type StartedApp } from './http-contract.js';
import { ask, Metrics } from './measured-server.js';
import { refusing } from './refusing.js';

async function listen(app: FastifyInstance): Promise<StartedApp> {
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const stop = async () => {
    app.server.closeAllConnections();
    await app.close();
  };
  return { url, stop };
}

async function withFastify(
  build: (app: FastifyInstance, metrics: Metrics) => Promise<unknown>,
  test: (url: string, metrics: Metrics, app: FastifyInstance) => Promise<void>,
): Promise<void> {
  const metrics = new Metrics();
  const app = Fastify();
  await build(app, metrics);
  const { url, stop } = await listen(app);
  try {
    await test(url, metrics, app);
  } finally {
    await stop();
    await metrics.provider.shutdown();
  }
}

describe('fastifyPerformance', () => {
  httpContract({
    async start({ options, metrics, gate }: AppParts) {
      const app = Fastify();
      await app.register(fastifyPerformance(options));
      await app.register(fastifyMetrics(metrics.endpoint));
      app.get('/users/:id', async () => 'a user');
      app.post('/users/:id', async (_, reply) => reply.code(201).send('a user'));
      await app.register(async (items) => void items.get('/items/:item', async () => 'an item'), {
        prefix: '/shops/:shop',
      });
      app.get('/refused', async (_, reply) => reply.code(400).send());
      app.get('/broken', () => {
        throw new Broken('no');
      });
      app.get('/broken-later', async () => Promise.reject(new Broken('later')));
      app.get('/hang', () => gate.reach());
      app.get('/stream', (_, reply) => {
        const chunks = async function* () {
          yield 'first';
          await gate.opened;
          yield 'last';
        };
        return reply.send(Readable.from(chunks()));
      });
      return listen(app);
    },
  });

  it('measures what hooks of others answer, and requests that are injected', () =>
    withFastify(
      async (app, { provider }) => {
        await app.register(fastifyPerformance({ meterProvider: provider }));
        app.addHook('onRequest', async (request, reply) => {
          if (request.headers.authorization === undefined) return reply.code(401).send();
          return undefined;
        });
        app.get('/users/:id', async () => 'a user');
      },
      async (url, metrics, app) => {
        await ask(`${url}/users/1`);
        const { statusCode } = await app.inject({ url: '/users/1', headers: { authorization: 'me' } });
        expect(statusCode).to.equal(200);
        await metrics.expectRequests({ 'GET /users/:id 401': 1, 'GET /users/:id 200': 1 });
      },
    ));

  it('tells no route where an application has its own answer for what is not found', () =>
    withFastify(
      async (app, { provider }) => {
        await app.register(fastifyPerformance({ meterProvider: provider }));
        await app.register(
          async (api) => void api.setNotFoundHandler(async (_, reply) => reply.code(404).send('not here')),
          { prefix: '/api' },
        );
      },
      async (url, metrics) => {
        expect((await ask(`${url}/api/7`)).body).to.equal('not here');
        await metrics.expectRequests({ 'GET - 404': 1 });
      },
    ));

  it('measures answers that were taken over', () =>
    withFastify(
      async (app, { provider }) => {
        await app.register(fastifyPerformance({ meterProvider: provider }));
        app.get('/raw', (_, reply) => {
          reply.hijack();
          reply.raw.end('by hand');
        });
      },
      async (url, metrics) => {
        expect((await ask(`${url}/raw`)).body).to.equal('by hand');
        await metrics.expectRequests({ 'GET /raw 200': 1 });
      },
    ));
});

describe('fastifyShedGuard', () => {
  it('refuses by the priority of the route, and never health checks', () =>
    withFastify(
      async (app, { provider }) => {
        await app.register(fastifyPerformance({ meterProvider: provider }));
        await app.register(
          fastifyShedGuard(refusing(50), {
            priorityOf: ({ routeOptions }) => (routeOptions.url === '/checkout/:id' ? 50 : 0),
          }),
        );
        for (const path of ['/checkout/:id', '/search', '/healthz']) app.get(path, async () => 'yes');
      },
      async (url, metrics) => {
        const refused = await fetch(`${url}/search`);
        expect(refused.status).to.equal(503);
        expect(refused.headers.get('retry-after')).to.equal('4');
        expect(await refused.text()).to.equal('Overloaded, try again later\n');
        expect((await ask(`${url}/checkout/7`)).status).to.equal(200);
        expect((await ask(`${url}/healthz?full`)).status).to.equal(200);
        await metrics.expectRequests({
          'GET /search 503': 1,
          'GET /checkout/:id 200': 1,
          'GET /healthz 200': 1,
        });
      },
    ));
});
