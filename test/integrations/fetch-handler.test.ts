import { expect } from 'chai';
import {
  fetchShedGuard,
  instrumentFetchHandler,
  type FetchHandlerOptions,
} from '../../src/integrations/http.js';
import type { FetchHandler } from '../../src/integrations/fetch-handler.js';
import { Broken } from './http-contract.js';
import { Metrics, samplesOf } from './measured-server.js';
import { refusing } from './refusing.js';

const get = (path: string, init?: RequestInit) => new Request(`https://shop.test${path}`, init);

const measured = (handler: FetchHandler, options: FetchHandlerOptions = {}) => {
  const metrics = new Metrics();
  const answer = instrumentFetchHandler(handler, { meterProvider: metrics.provider, ...options });
  return { metrics, answer };
};

describe('instrumentFetchHandler', () => {
  it('counts an answer with its route when its last byte was read', async () => {
    const { metrics, answer } = measured(
      () => new Response('hello', { status: 201, statusText: 'Made', headers: { 'x-kept': 'yes' } }),
      { routeOf: ({ url }) => new URL(url).pathname.replace(/\d+/, ':id') },
    );

    const response = await answer(get('/users/7'));
    expect(await metrics.requests()).to.deep.equal({ 'active GET': 1 });

    expect([response.status, response.statusText, response.headers.get('x-kept')]).to.deep.equal([
      201,
      'Made',
      'yes',
    ]);
    expect(await response.text()).to.equal('hello');
    expect(await metrics.requests()).to.deep.equal({ 'GET /users/:id 201': 1 });
    const [count] = samplesOf(await metrics.page(), 'http_server_request_duration_seconds_count');
    expect(count!.labels['url_scheme']).to.equal('https');
  });

  it('counts answers without a body, and to HEAD, at once', async () => {
    const { metrics, answer } = measured(({ method }) =>
      method === 'HEAD' ? new Response('not read') : new Response(null, { status: 204 }),
    );
    await answer(get('/'));
    await answer(get('/', { method: 'HEAD' }));

    expect(await metrics.requests()).to.deep.equal({ 'GET - 204': 1, 'HEAD - 200': 1 });
  });

  it('counts what is thrown, and passes it on', async () => {
    const error = new Broken('no');
    const { metrics, answer } = measured(() => {
      throw error;
    });

    expect(await answer(get('/')).catch((reason: unknown) => reason)).to.equal(error);
    expect(await metrics.requests()).to.deep.equal({ 'GET - - Broken': 1 });
  });

  it('counts bodies that are cancelled, given up by their request, and broken', async () => {
    const endless = () => new Response(new ReadableStream({ pull: (out) => out.enqueue(new Uint8Array(1)) }));
    let cancelled: unknown;
    const { metrics, answer } = measured(({ url }) => {
      if (url.endsWith('/endless')) return endless();
      if (url.endsWith('/cancel'))
        return new Response(new ReadableStream({ cancel: (reason) => void (cancelled = reason) }));
      return new Response(new ReadableStream({ pull: () => Promise.reject(new Broken('disk')) }));
    });

    const leaving = new AbortController();
    await answer(get('/endless', { signal: leaving.signal }));
    leaving.abort();
    expect(await metrics.requests()).to.deep.equal({ 'GET - 200 client_disconnected': 1 });

    await (await answer(get('/cancel'))).body!.cancel('enough');
    expect(cancelled).to.equal('enough');
    expect(await metrics.requests()).to.deep.equal({ 'GET - 200 client_disconnected': 2 });

    expect(await (await answer(get('/broken'))).text().catch((error: unknown) => error)).to.be.instanceOf(
      Broken,
    );
    expect(await metrics.requests()).to.deep.equal({
      'GET - 200 client_disconnected': 2,
      'GET - 200 Broken': 1,
    });
  });

  it('passes further arguments on', async () => {
    const { answer } = measured((_, context) => Response.json(context));
    expect(await (await answer(get('/'), { params: { id: 7 } })).json()).to.deep.equal({ params: { id: 7 } });
  });
});

describe('fetchShedGuard', () => {
  it('refuses by priority, and never health checks', async () => {
    const guarded = fetchShedGuard(() => new Response('yes'), refusing(50), {
      priorityOf: ({ url }) => (url.endsWith('/checkout') ? 50 : 0),
    });

    const refused = await guarded(get('/search'));
    expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '4']);
    expect((await guarded(get('/checkout'))).status).to.equal(200);
    expect((await guarded(get('/readyz?full'))).status).to.equal(200);
  });
});
