import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LoadShedder } from '../optimizer/cpu/load-shedder.js';
import { beginFetchExchange, measuredResponse, refusalOf } from './fetch-handler.js';
import { HttpRecorder, type HttpOptions } from './http-recorder.js';
import { beginExchange } from './node-exchange.js';
import { shedRule, type ShedOptions } from './shed-rule.js';

export { honoMetrics } from '../export/prometheus/middleware.js';
export type { HttpOptions } from './http-recorder.js';
export type { ShedOptions } from './shed-rule.js';

// What is needed of Hono 4, told by its shape: it is no dependency.

type Handler = (...given: never[]) => unknown;

interface HonoRoute {
  readonly path: string;
  readonly handler: Handler;
}

/** What is used of a context of Hono. */
export interface HonoContextLike {
  readonly req: {
    readonly raw: Request;
    readonly path: string;
    readonly routeIndex: number;
    readonly matchedRoutes: HonoRoute[];
  };
  readonly env: unknown;
  readonly error: Error | undefined;
  res: Response;
}

type Next = () => Promise<void>;

/**
 * Middleware for Hono 4 that measures requests by their routes. Before all others: what is answered before it is not seen.
 *
 * ```ts
 * app.use(honoPerformance());
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function honoPerformance(
  options?: HttpOptions,
): (context: HonoContextLike, next: Next) => Promise<void> {
  const recorder = new HttpRecorder(options);
  return async (context, next) => {
    const { incoming, outgoing } = (context.env ?? {}) as {
      incoming?: IncomingMessage;
      outgoing?: ServerResponse;
    };
    const isOnNode = incoming !== undefined && outgoing !== undefined;
    const exchange = isOnNode
      ? beginExchange(recorder, incoming, outgoing)
      : beginFetchExchange(recorder, context.req.raw);
    let status = 0;
    exchange.findRoute = () => routeOf(context, status);
    await next();
    const { error, res } = context;
    status = res.status;
    if (error !== undefined) exchange.fail(error);
    // On Node the response of the server tells when the last byte was sent.
    if (!isOnNode) context.res = measuredResponse(exchange, context.req.raw, res);
  };
}

/**
 * Middleware for Hono 4 that refuses requests with 503 and `Retry-After` while the shedder says so.
 *
 * @throws {InvalidOptionError}
 */
export function honoShedGuard(
  shedder: LoadShedder,
  options: ShedOptions<HonoContextLike> = {},
): (context: HonoContextLike, next: Next) => Promise<Response | undefined> {
  const isRefused = shedRule('honoShedGuard', shedder, options, ({ req }) => req.path);
  return async (context, next) => {
    if (isRefused(context)) return refusalOf(shedder);
    await next();
    return undefined;
  };
}

/** Of what ran last. Middleware that went on and found nothing, and middleware for everything, are no routes. */
function routeOf({ req }: HonoContextLike, status: number): string | undefined {
  const route = req.matchedRoutes[req.routeIndex];
  if (route === undefined) return undefined;
  const isForAll = route.path === '*' || route.path === '/*';
  return isMiddleware(route.handler) && (status === 404 || isForAll) ? undefined : route.path;
}

/** Where the wrapper that handlers of a mounted application get has theirs. */
const WRAPPED_HANDLER = '__COMPOSED_HANDLER';

/** As Hono tells them itself: middleware takes `next`. */
function isMiddleware(handler: Handler & { readonly [WRAPPED_HANDLER]?: Handler }): boolean {
  return (handler[WRAPPED_HANDLER] ?? handler).length > 1;
}
