import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fromRoot } from './from-root.mjs';

// A process that answers GET /users/:id in one of the ways that are compared: node http-server.mjs SUBJECT. It is told by
// messages when to look at its CPU time, and whether it has counted.

const subject = process.argv[2];
const [framework, measuring] = subject.split(': ');
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const require = createRequire(import.meta.url);
const ours = await import(new URL('../../dist/index.js', import.meta.url).href);
const integration = (name) => import(new URL(`../../dist/integrations/${name}.js`, import.meta.url).href);

/** How many requests were counted; undefined where nobody counts. */
let counted = async () => undefined;

const MEASURING = { bare: () => ({}), ours: measuredByUs, 'prom-client': promClient, otel: openTelemetry };
const FRAMEWORKS = { http: plain, express, fastify, hono };

const parts = subject === 'express: express-prom-bundle' ? promBundle() : await MEASURING[measuring]();
const port = await FRAMEWORKS[framework](parts);
let before;
process.on('message', async (message) => {
  if (message === 'begin') {
    globalThis.gc();
    before = process.cpuUsage();
    process.send('begun');
  } else {
    const { user, system } = process.cpuUsage(before);
    process.send({ microseconds: user + system, counted: await counted() });
  }
});
process.send(port);

async function measuredByUs() {
  const reader = new ours.PullReader();
  const meterProvider = new ours.CellMeterProvider({ readers: [reader] });
  counted = () => collected(reader);
  const routeOf = ({ url }) => (url.startsWith('/users/') ? '/users/:id' : undefined);
  return {
    server: async (server) =>
      (await integration('http')).instrumentServer(server, { meterProvider, routeOf }),
    express: async (app) => app.use((await integration('express')).expressPerformance({ meterProvider })),
    fastify: async (app) =>
      app.register((await integration('fastify')).fastifyPerformance({ meterProvider })),
    hono: async (app) => app.use((await integration('hono')).honoPerformance({ meterProvider })),
  };
}

/** As people write it: a histogram, and the time when the response has finished. */
function promClient() {
  const { Histogram, register } = require('prom-client');
  const histogram = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'x',
    labelNames: ['method', 'route', 'status'],
    buckets: BOUNDS,
  });
  counted = async () => {
    const { values } = await register.getSingleMetric('http_request_duration_seconds').get();
    return values.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0;
  };
  const measure = (request, response, routeOf) => {
    const end = histogram.startTimer();
    response.once('finish', () =>
      end({ method: request.method, route: routeOf(), status: response.statusCode }),
    );
  };
  return {
    server: (server) => server.prependListener('request', (...both) => measure(...both, () => '/users/:id')),
    express: (app) =>
      app.use((request, response, next) => {
        measure(request, response, () => request.route?.path);
        next();
      }),
  };
}

function promBundle() {
  const bundle = require('express-prom-bundle');
  const { register } = require('prom-client');
  counted = async () => {
    const { values } = await register.getSingleMetric('http_request_duration_seconds').get();
    return values.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0;
  };
  return {
    express: (app) =>
      app.use(
        bundle({
          includeMethod: true,
          includePath: true,
          includeStatusCode: true,
          buckets: BOUNDS,
          normalizePath: (request) => request.route?.path,
        }),
      ),
  };
}

/** Patches servers, so it comes before the first; for metrics alone, nobody traces. */
function openTelemetry() {
  const { HttpInstrumentation } = fromRoot('@opentelemetry/instrumentation-http');
  const { MeterProvider } = fromRoot('@opentelemetry/sdk-metrics');
  const reader = new ours.PullReader();
  const instrumentation = new HttpInstrumentation();
  instrumentation.setMeterProvider(new MeterProvider({ readers: [reader] }));
  instrumentation.enable();
  // The patch is applied when the module is required, not when it is imported.
  const { Server } = require('node:http');
  if (Server.prototype.emit.name !== 'incomingRequest') throw new Error('servers are not patched');
  counted = () => collected(reader);
  return {};
}

async function collected(reader) {
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const duration = metrics.find(({ descriptor }) => descriptor.name === 'http.server.request.duration');
  return duration?.dataPoints.reduce((sum, { value }) => sum + value.count, 0) ?? 0;
}

async function listening(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

async function plain({ server: measure }) {
  const server = createServer((_, response) => response.end('hello'));
  await measure?.(server);
  return listening(server);
}

async function express({ express: measure }) {
  const app = fromRoot('express')();
  await measure?.(app);
  app.get('/users/:id', (_, response) => response.end('hello'));
  return listening(createServer(app));
}

async function fastify({ fastify: measure }) {
  const app = fromRoot('fastify')();
  await measure?.(app);
  app.get('/users/:id', (_, reply) => reply.send('hello'));
  await app.ready();
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app.server.address().port;
}

async function hono({ hono: measure }) {
  const { Hono } = fromRoot('hono');
  const { serve } = fromRoot('@hono/node-server');
  const app = new Hono();
  await measure?.(app);
  app.get('/users/:id', (context) => context.text('hello'));
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address) => resolve(address.port));
  });
}
