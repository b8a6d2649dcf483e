import { serve } from '@hono/node-server';
import { expect } from 'chai';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { stream } from 'hono/streaming';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { honoMetrics, honoPerformance, honoShedGuard } from '../../src/integrations/hono.js';
import { Broken, httpContract, type AppParts, type StartedApp } from './http-contract.js';
import { ask, Metrics } from './measured-server.js';
import { refusing } from './refusing.js';

async function listen(app: Hono): Promise<StartedApp> {
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  if (!server.listening) await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

function contractApp({ options, metrics, gate }: AppParts): Hono {
  const app = new Hono();
  app.onError((_, context) => context.text('sorry', 500));
  app.use(honoPerformance(options));
  app.use('/users/*', async (_, next) => next());
  app.get('/metrics', honoMetrics(metrics.endpoint));
  app.get('/users/:id', (context) => context.text('a user'));
  app.post('/users/:id', (context) => context.text('a user', 201));
  const items = new Hono();
  items.get('/items/:item', (context) => context.text('an item'));
  app.route('/shops/:shop', items);
  app.get('/refused', (context) => context.body(null, 400));
  app.get('/broken', () => {
    throw new Broken('no');
  });
  app.get('/broken-later', async () => Promise.reject(new Broken('later')));
  app.get('/hang', async () => {
    gate.reach();
    await gate.opened;
    return new Response();
  });
  app.get('/stream', (context) =>
    stream(context, async (out) => {
      await out.write('first');
      await gate.opened;
      await out.write('last');
    }),
  );
  return app;
}

const metricsOf = async (
  build: (app: Hono, metrics: Metrics) => void,
  test: (app: Hono, metrics: Metrics) => Promise<void>,
) => {
  const metrics = new Metrics();
  const app = new Hono();
  build(app, metrics);
  await test(app, metrics);
  await metrics.provider.shutdown();
};

describe('honoPerformance', () => {
  httpContract({ start: (parts) => listen(contractApp(parts)) });

  it('keeps routes of middleware that answers for one, and has none for middleware for all', () =>
    metricsOf(
      (app, { provider }) => {
        app.use(honoPerformance({ meterProvider: provider }));
        app.use(cors());
        app.use('/static/*', async (context, next) => {
          if (context.req.path === '/static/a.js') return context.text('a');
          return next();
        });
        app.post('/form', async (context, _next) => context.text('not valid', 422));
        const failing = new Hono().onError((_, context) => context.text('own', 500));
        failing.get('/:id', () => {
          throw new Broken('no');
        });
        app.route('/own', failing);
      },
      async (app, metrics) => {
        for (const path of ['/static/a.js', '/static/b.js', '/own/7']) await (await app.request(path)).text();
        await (await app.request('/form', { method: 'POST' })).text();
        await app.request('/any', { method: 'OPTIONS' });

        expect(await metrics.requests()).to.deep.equal({
          'GET /static/* 200': 1,
          'GET - 404': 1,
          'GET /own/:id 500 Broken': 1,
          'POST /form 422': 1,
          'OPTIONS - 204': 1,
        });
      },
    ));

  describe('without a server of Node', () => {
    const request = (path: string, init?: RequestInit) => new Request(`http://localhost${path}`, init);

    it('counts an answer when its last byte was read', () =>
      metricsOf(
        (app, { provider }) => {
          app.use(honoPerformance({ meterProvider: provider }));
          app.get('/users/:id', (context) => context.text('a user', 200, { 'x-kept': 'yes' }));
        },
        async (app, metrics) => {
          const response = await app.fetch(request('/users/1'));
          expect(await metrics.requests()).to.deep.equal({ 'active GET': 1 });
          expect(response.headers.get('x-kept')).to.equal('yes');
          expect(await response.text()).to.equal('a user');
          expect(await metrics.requests()).to.deep.equal({ 'GET /users/:id 200': 1 });
        },
      ));
  });
});

describe('honoShedGuard', () => {
  it('refuses by priority, and never health checks', async () => {
    const metrics = new Metrics();
    const app = new Hono();
    app.use(honoPerformance({ meterProvider: metrics.provider }));
    app.use(honoShedGuard(refusing(50), { priorityOf: ({ req }) => (req.path === '/checkout' ? 50 : 0) }));
    for (const path of ['/checkout', '/search', '/healthz']) app.get(path, (context) => context.text('yes'));
    const { url, stop } = await listen(app);
    try {
      const refused = await fetch(`${url}/search`);
      expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '4']);
      expect((await ask(`${url}/checkout`)).status).to.equal(200);
      expect((await ask(`${url}/healthz`)).status).to.equal(200);
      await metrics.expectRequests({ 'GET - 503': 1, 'GET /checkout 200': 1, 'GET /healthz 200': 1 });
    } finally {
      await stop();
      await metrics.provider.shutdown();
    }
  });
});
