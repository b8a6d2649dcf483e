import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MetricsEndpoint } from './metrics-endpoint.js';

// What is needed of the frameworks, told by its shape: none of them is a dependency.

interface FastifyRequest {
  readonly raw: IncomingMessage;
}

interface FastifyReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

interface FastifyInstance {
  get(path: string, handle: (request: FastifyRequest, reply: FastifyReply) => unknown): unknown;
}

interface HonoContext {
  readonly req: { readonly raw: Request };
  readonly env?: unknown;
}

type Next = (error?: unknown) => void;

/** Middleware for Express, Connect and the like: answers what asks for the path and passes on the rest. */
export function expressMetrics(
  endpoint: MetricsEndpoint,
  path = '/metrics',
): (request: IncomingMessage, response: ServerResponse, next: Next) => void {
  return (request, response, next) => {
    const [pathname] = (request.url ?? '/').split('?', 1);
    if (pathname === path) void answerOr(next, endpoint, request, response);
    else next();
  };
}

async function answerOr(
  next: Next,
  { handler }: MetricsEndpoint,
  ...exchange: Parameters<MetricsEndpoint['handler']>
): Promise<void> {
  try {
    await handler(...exchange);
  } catch (error) {
    next(error);
  }
}

/** A plugin for Fastify: `app.register(fastifyMetrics(endpoint))`. */
export function fastifyMetrics(
  endpoint: MetricsEndpoint,
  path = '/metrics',
): (app: FastifyInstance, options: unknown, done: () => void) => void {
  return (app, _, done) => {
    app.get(path, (request, reply) => {
      // From here on the answer is not Fastify's: it would gather the whole page first.
      reply.hijack();
      return endpoint.handler(request.raw, reply.raw);
    });
    done();
  };
}

/** A handler for Hono: `app.get('/metrics', honoMetrics(endpoint))`. It knows who asks on `@hono/node-server`. */
export function honoMetrics(endpoint: MetricsEndpoint): (context: HonoContext) => Promise<Response> {
  return ({ req, env }) => {
    const incoming = (env as { incoming?: IncomingMessage } | undefined)?.incoming;
    const address = incoming?.socket.remoteAddress;
    return endpoint.fetchHandler(req.raw, address === undefined ? {} : { address });
  };
}
