import { expect } from 'chai';
import { Agent } from 'node:http';
import type { HttpOptions } from '../../src/integrations/http-recorder.js';
import { ask, askWith, Gate, Metrics, requestsOn, samplesOf } from './measured-server.js';

/** A class of its own, so that tests see which class is told. */
export class Broken extends Error {}

/** What a test gives to the application it starts. */
export interface AppParts {
  readonly metrics: Metrics;
  readonly options: HttpOptions;
  /** `/stream` and `/hang` tell it, `/stream` ends when it is opened. */
  readonly gate: Gate;
}

export interface StartedApp {
  readonly url: string;
  stop(): Promise<unknown>;
}

export interface HttpContract {
  /**
   * Starts a real server with: GET and POST `/users/:id` (200, 201), `/shops/:shop/items/:item` in a router mounted at
   * `/shops/:shop` where there are such, `/broken` that throws {@link Broken} and `/broken-later` that rejects with it,
   * `/refused` that answers 400, `/stream`, `/hang` that never answers, and `/metrics`.
   */
  readonly start: (parts: AppParts) => Promise<StartedApp>;
  /** The `error.type` of a 500 for {@link Broken}. @default 'Broken' */
  readonly failure?: string;
  /** Whether it answers HEAD where it answers GET. @default true */
  readonly answersHead?: boolean;
}

/** What the integration of every framework must do. */
export function httpContract({ start, failure = 'Broken', answersHead = true }: HttpContract): void {
  async function withApp(
    test: (url: string, parts: AppParts) => Promise<void>,
    options: HttpOptions = {},
  ): Promise<void> {
    const metrics = new Metrics();
    const gate = new Gate();
    const parts = { metrics, gate, options: { meterProvider: metrics.provider, ...options } };
    const app = await start(parts);
    try {
      await test(app.url, parts);
    } finally {
      gate.open();
      await app.stop();
      await metrics.provider.shutdown();
    }
  }

  it('counts requests by the template of their route, method and status', () =>
    withApp(async (url, { metrics }) => {
      expect((await ask(`${url}/users/1`)).status).to.equal(200);
      await ask(`${url}/users/2?secret=x`);
      await ask(`${url}/users/3`, { method: 'POST' });
      await ask(`${url}/shops/7/items/8`);
      await ask(`${url}/refused`);

      await metrics.expectRequests({
        'GET /users/:id 200': 2,
        'POST /users/:id 201': 1,
        'GET /shops/:shop/items/:item 200': 1,
        'GET /refused 400': 1,
      });
    }));

  it('tells no route where there is none, whatever the URL and the method', () =>
    withApp(async (url, { metrics }) => {
      expect((await ask(`${url}/nothing/here`)).status).to.equal(404);
      await ask(`${url}/nothing/there`);
      await ask(`${url}/nothing`, { method: 'PROPFIND' });

      await metrics.expectRequests({ 'GET - 404': 2, '_OTHER - 404': 1 });
    }));

  if (answersHead)
    it('counts HEAD', () =>
      withApp(async (url, { metrics }) => {
        const response = await fetch(`${url}/users/1`, { method: 'HEAD' });

        expect(response.status).to.equal(200);
        await metrics.expectRequests({ 'HEAD /users/:id 200': 1 });
      }));

  it('tells what handlers throw and reject with', () =>
    withApp(async (url, { metrics }) => {
      expect((await ask(`${url}/broken`)).status).to.equal(500);
      await ask(`${url}/broken-later`);

      const error = failure === '500' ? '' : ` ${failure}`;
      await metrics.expectRequests({
        [`GET /broken 500${error}`]: 1,
        [`GET /broken-later 500${error}`]: 1,
      });
      const page = await metrics.page();
      for (const { labels } of samplesOf(page, 'http_server_request_duration_seconds_count'))
        expect(labels['error_type']).to.equal(failure);
    }));

  it('counts an answer that streams when its last byte is sent', () =>
    withApp(async (url, { metrics, gate }) => {
      const response = await fetch(`${url}/stream`);
      const body = response.body!.getReader();
      expect(new TextDecoder().decode((await body.read()).value)).to.equal('first');
      await metrics.expectRequests({ 'active GET': 1 });

      gate.open();
      let rest = '';
      for (let read = await body.read(); !read.done; read = await body.read())
        rest += new TextDecoder().decode(read.value);

      expect(rest).to.equal('last');
      await metrics.expectRequests({ 'GET /stream 200': 1 });
    }));

  it('counts a client that goes away before the answer, with an error type of its own', () =>
    withApp(async (url, { metrics, gate }) => {
      const leaving = new AbortController();
      const asked = fetch(`${url}/hang`, { signal: leaving.signal }).catch((error: Error) => error.name);
      await gate.reached;
      leaving.abort();

      expect(await asked).to.equal('AbortError');
      await metrics.expectRequests({ 'GET /hang - client_disconnected': 1 });
    }));

  it('counts a client that goes away within the answer', () =>
    withApp(async (url, { metrics }) => {
      const leaving = new AbortController();
      const response = await fetch(`${url}/stream`, { signal: leaving.signal });
      await response.body!.getReader().read();
      leaving.abort();

      await metrics.expectRequests({ 'GET /stream 200 client_disconnected': 1 });
    }));

  it('counts each request of a connection that stays open', () =>
    withApp(async (url, { metrics }) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (const id of [1, 2, 3]) await askWith(agent, `${url}/users/${id}`);
      agent.destroy();

      await metrics.expectRequests({ 'GET /users/:id 200': 3 });
    }));

  it('is on the page it serves, with the labels and the buckets of the conventions', () =>
    withApp(async (url, { metrics }) => {
      await ask(`${url}/users/1`);
      await metrics.expectRequests({ 'GET /users/:id 200': 1 });

      const { body } = await ask(`${url}/metrics`);

      expect(requestsOn(body)).to.deep.equal({ 'GET /users/:id 200': 1, 'active GET': 1 });
      expect(body).to.include('# TYPE http_server_request_duration_seconds histogram');
      expect(body).to.include('# TYPE http_server_active_requests gauge');
      const [count] = samplesOf(body, 'http_server_request_duration_seconds_count');
      expect(count!.labels).to.include({
        http_request_method: 'GET',
        http_response_status_code: '200',
        http_route: '/users/:id',
        url_scheme: 'http',
      });
      const bounds = samplesOf(body, 'http_server_request_duration_seconds_bucket').map(
        (one) => one.labels['le'],
      );
      expect(bounds).to.deep.equal(
        '0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1.0 2.5 5.0 7.5 10.0 +Inf'
          .split(' ')
          .map((bound) => bound.replace(/\.0$/, '')),
      );
    }));
}
