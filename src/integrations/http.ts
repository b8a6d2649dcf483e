import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { checkFunction } from '../checks.js';
import { HttpRecorder, type HttpOptions } from './http-recorder.js';
import { beginExchange } from './node-exchange.js';

export { fetchShedGuard, instrumentFetchHandler } from './fetch-handler.js';
export type { FetchHandler, FetchHandlerOptions } from './fetch-handler.js';
export { shedGuard } from './shed-guard.js';
export type { ShedGuard, ShedGuardOptions } from './shed-guard.js';
export type { HttpOptions } from './http-recorder.js';

/** How requests of a server of Node are measured. */
export interface NodeHttpOptions extends HttpOptions {
  /**
   * The template of the route that answers a request: `/users/:id`, never the URL. Asked when the request is over.
   * Without it requests are not told apart by their route.
   */
  readonly routeOf?: (request: IncomingMessage) => string | undefined;
}

/** A handler as `createServer` takes it; what it returns is waited for by nobody. */
export type NodeHandler<Result = unknown> = (request: IncomingMessage, response: ServerResponse) => Result;

/** What all servers of Node are: those of `node:http`, `node:https` and `node:http2`. */
type AnyServer = Pick<Server, 'listenerCount'> & { prependListener(event: string, listener: never): unknown };

/**
 * Measures all requests of a server. Connections that are upgraded, to WebSocket for example, are no requests.
 *
 * ```ts
 * const server = instrumentServer(createServer(answer), { routeOf: ({ url }) => (url === '/' ? '/' : undefined) });
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function instrumentServer<S extends AnyServer>(server: S, options: NodeHttpOptions = {}): S {
  const begin = beginnerOf(options);
  server.prependListener('request', begin as never);
  // Only where the application listens for them: otherwise such requests come as all others.
  for (const event of ['checkContinue', 'checkExpectation'])
    if (server.listenerCount(event) > 0) server.prependListener(event, begin as never);
  return server;
}

/**
 * A handler for `createServer` that measures what the given one answers, and what it throws.
 *
 * @throws {InvalidOptionError}
 */
export function instrumentHandler<Result>(
  handler: NodeHandler<Result>,
  options: NodeHttpOptions = {},
): NodeHandler<Result> {
  checkFunction('handler', handler);
  const begin = beginnerOf(options);
  return (request, response) => {
    const exchange = begin(request, response);
    const failed = (error: unknown): never => {
      exchange.fail(error);
      throw error;
    };
    try {
      const result = handler(request, response);
      // A follower, whose rejection is as unhandled as that of the handler was.
      return result instanceof Promise ? (result.then(undefined, failed) as Result) : result;
    } catch (error) {
      return failed(error);
    }
  };
}

function beginnerOf({ routeOf, ...options }: NodeHttpOptions) {
  if (routeOf !== undefined) checkFunction('routeOf', routeOf);
  const recorder = new HttpRecorder(options);
  return (request: IncomingMessage, response: ServerResponse) => {
    const exchange = beginExchange(recorder, request, response);
    if (routeOf !== undefined) exchange.findRoute = () => routeOf(request);
    return exchange;
  };
}
