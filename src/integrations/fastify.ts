import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LoadShedder } from '../optimizer/cpu/load-shedder.js';
import { HttpRecorder, type HttpOptions } from './http-recorder.js';
import { beginExchange, exchangeOf } from './node-exchange.js';
import { REFUSAL, shedRule, type ShedOptions } from './shed-rule.js';

export { fastifyMetrics } from '../export/prometheus/middleware.js';
export type { HttpOptions } from './http-recorder.js';
export type { ShedOptions } from './shed-rule.js';

// What is needed of Fastify 5, told by its shape: it is no dependency.

/** What is read of a request of Fastify. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly url: string;
  readonly is404: boolean;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** What is read of a reply of Fastify, and what a guard needs to refuse. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  code(status: number): this;
  headers(headers: Record<string, string>): this;
  send(payload: string): this;
}

type Done = () => void;
type Hook = (request: FastifyRequestLike, reply: FastifyReplyLike, done: Done) => void;
type ErrorHook = (request: FastifyRequestLike, reply: FastifyReplyLike, error: Error, done: Done) => void;

/** What is used of an instance of Fastify. */
export interface FastifyLike {
  addHook(name: 'onRequest', hook: Hook): unknown;
  addHook(name: 'onError', hook: ErrorHook): unknown;
}

/** A plugin for `app.register`. */
export type FastifyPluginLike = (app: FastifyLike, options: unknown, done: Done) => void;

/**
 * A plugin for Fastify 5 that measures requests by their routes. Before other plugins: what their `onRequest` hooks answer
 * is seen then as well.
 *
 * ```ts
 * await app.register(fastifyPerformance());
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function fastifyPerformance(options?: HttpOptions): FastifyPluginLike {
  const recorder = new HttpRecorder(options);
  return forAllOf('@gary-zero/performance', (app) => addMeasuring(app, recorder));
}

/**
 * A plugin for Fastify 5 that refuses requests with 503 and `Retry-After` while the shedder says so. It knows the route:
 * `priorityOf: ({ routeOptions }) => (routeOptions.url === '/checkout' ? 50 : 0)`.
 *
 * @throws {InvalidOptionError}
 */
export function fastifyShedGuard(
  shedder: LoadShedder,
  options: ShedOptions<FastifyRequestLike> = {},
): FastifyPluginLike {
  const isRefused = shedRule('fastifyShedGuard', shedder, options, ({ url }) => url);
  return forAllOf('@gary-zero/performance/shedding', (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      if (!isRefused(request)) return done();
      const headers = {
        'retry-after': String(shedder.retryAfter),
        'content-type': 'text/plain; charset=utf-8',
      };
      reply.code(503).headers(headers).send(REFUSAL);
    });
  });
}

/** @internal */
export function addMeasuring(app: FastifyLike, recorder: HttpRecorder): void {
  app.addHook('onRequest', (request, reply, done) => {
    const exchange = beginExchange(recorder, request.raw, reply.raw);
    // Fastify has looked for the route before it asks hooks.
    exchange.findRoute = () => (request.is404 ? undefined : request.routeOptions.url);
    done();
  });
  app.addHook('onError', (_, reply, error, done) => {
    exchangeOf(reply.raw)?.fail(error);
    done();
  });
}

/** A plugin whose hooks are for the whole application: Fastify would keep them to the plugin otherwise. */
function forAllOf(name: string, add: (app: FastifyLike) => void): FastifyPluginLike {
  const plugin: FastifyPluginLike = (app, _, done) => {
    add(app);
    done();
  };
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: name,
  });
}
