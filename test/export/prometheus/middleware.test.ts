import { expect } from 'chai';
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
