// One server of each kind answers a request and shows it; ends with an exception or prints `ok`.
import { serve } from '@hono/node-server';
import { startPerformance } from '@gary-zero/performance';
import { expressFailures, expressPerformance } from '@gary-zero/performance/express';
import { fastifyPerformance } from '@gary-zero/performance/fastify';
import { honoPerformance } from '@gary-zero/performance/hono';
import { instrumentServer } from '@gary-zero/performance/http';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const perf = startPerformance({ prometheus: { port: 0 } });
await perf.ready;

async function ask(server: Server, path: string): Promise<void> {
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  assert.equal(answer.status, 200, path);
  await answer.text();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

const plain = createServer((_request, response) => void response.end('plain'));
instrumentServer(plain, { routeOf: () => '/plain/:id' });
await ask(plain.listen(0, '127.0.0.1'), '/plain/7');

const expressApp = express();
expressApp.use(expressPerformance());
expressApp.get('/express/:id', (request, response) => void response.send(request.params.id));
expressApp.use(expressFailures());
await ask(expressApp.listen(0, '127.0.0.1'), '/express/7');

const fastifyApp = Fastify();
await fastifyApp.register(fastifyPerformance());
fastifyApp.get('/fastify/:id', async () => 'fastify');
await fastifyApp.listen({ port: 0, host: '127.0.0.1' });
await ask(fastifyApp.server, '/fastify/7');

const honoApp = new Hono();
honoApp.use(honoPerformance());
honoApp.get('/hono/:id', (context) => context.text('hono'));
await ask(serve({ fetch: honoApp.fetch, port: 0, hostname: '127.0.0.1' }) as Server, '/hono/7');

const page = await (await fetch(perf.metricsUrl!)).text();
for (const name of ['plain', 'express', 'fastify', 'hono'])
  assert.match(
    page,
    new RegExp(`^http_server_request_duration_seconds_count\\{.*http_route="/${name}/:id".*\\} 1$`, 'm'),
  );
await perf.shutdown();
console.log('ok');
