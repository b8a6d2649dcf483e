import compression from 'compression';
import { expect } from 'chai';
import express from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  MetricsEndpoint,
  type MetricsEndpointOptions,
} from '../../../src/export/prometheus/metrics-endpoint.js';
import { expressMetrics, fastifyMetrics, honoMetrics } from '../../../src/export/prometheus/middleware.js';
import { collected } from '../../fakes/collected-metrics.js';
import { withLocalServer } from '../../fakes/local-server.js';

const endpointOf = (options: MetricsEndpointOptions = {}) =>
  new MetricsEndpoint({ collect: async () => collected([{ points: [[{}, 7]] }]) }, options);

describe('middleware', () => {
  it('for Express answers its path and passes on the rest', async () => {
    const middleware = expressMetrics(endpointOf());
    const app = (request: IncomingMessage, response: ServerResponse) =>
      middleware(request, response, () => response.end('of the application'));

    await withLocalServer(app, async (url) => {
      expect(await (await fetch(`${url}/metrics?a=b`)).text()).to.include('m_total 7');
      expect(await (await fetch(`${url}/metrics/more`)).text()).to.equal('of the application');
    });
  });

  for (const encoding of ['identity', 'gzip', 'deflate', 'br']) {
    it(`writes large pages through middleware that compresses: ${encoding}`, async () => {
      const points = Array.from({ length: 4000 }, (_, i) => [{ route: `/${i}` }, i] as const);
      const endpoint = new MetricsEndpoint({
        collect: async () =>
          collected([
            { name: 'one', points },
            { name: 'two', points },
          ]),
      });
      const app = express().use(compression(), expressMetrics(endpoint));

      await withLocalServer(app, async (url) => {
        const response = await fetch(`${url}/metrics`, { headers: { 'accept-encoding': encoding } });
        const page = await response.text();
        expect(response.headers.get('content-encoding') ?? 'identity').to.equal(encoding);
        expect(page.match(/^(one|two)_total\{route="\/\d+"\} \d+$/gm)).to.have.lengthOf(8000);
      });
    });
  }

  it('for Fastify takes the answer over', async () => {
    type Handle = (
      request: { raw: IncomingMessage },
      reply: { raw: ServerResponse; hijack(): void },
    ) => unknown;
    const routes = new Map<string, Handle>();
    const app = { get: (path: string, handle: Handle) => routes.set(path, handle) };
    let isDone = false;
    fastifyMetrics(endpointOf(), '/internal/metrics')(app, {}, () => (isDone = true));
    let hijacked = 0;

    await withLocalServer(
      (raw, response) => {
        void routes.get(raw.url!)!({ raw }, { raw: response, hijack: () => void (hijacked += 1) });
      },
      async (url) => {
        expect(await (await fetch(`${url}/internal/metrics`)).text()).to.include('m_total 7');
      },
    );
    expect([isDone, hijacked]).to.deep.equal([true, 1]);
  });

  it('for Hono answers with a Response, and knows who asks where Node does', async () => {
    const handler = honoMetrics(endpointOf({ allow: ['10.0.0.0/8'] }));
    const raw = new Request('http://localhost/metrics');

    const answered = await handler({
      req: { raw },
      env: { incoming: { socket: { remoteAddress: '10.0.0.1' } } },
    });
    const unknown = await handler({ req: { raw } });

    expect(await answered.text()).to.include('m_total 7');
    expect(unknown.status).to.equal(403);
  });
});
