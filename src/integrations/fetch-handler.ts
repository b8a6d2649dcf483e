import { checkFunction } from '../checks.js';
import type { LoadShedder } from '../optimizer/cpu/load-shedder.js';
import { HttpRecorder, type Exchange, type HttpOptions } from './http-recorder.js';
import { REFUSAL, shedRule, type ShedOptions } from './shed-rule.js';

/** As Next.js route handlers, `Bun.serve`, `Deno.serve` and workers have it; further arguments are passed on. */
export type FetchHandler<Rest extends unknown[] = unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/** How requests to a handler of `Request` are measured. */
export interface FetchHandlerOptions extends HttpOptions {
  /** The template of the route that answers: `/users/:id`, never the URL. Asked when the request is over. */
  readonly routeOf?: (request: Request) => string | undefined;
}

/**
 * A handler that measures what the given one answers, until the last byte of it was read.
 *
 * @throws {InvalidOptionError}
 */
export function instrumentFetchHandler<Rest extends unknown[]>(
  handler: FetchHandler<Rest>,
  { routeOf, ...options }: FetchHandlerOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  checkFunction('handler', handler);
  if (routeOf !== undefined) checkFunction('routeOf', routeOf);
  const recorder = new HttpRecorder(options);
  return async (request, ...rest) => {
    const exchange = beginFetchExchange(recorder, request);
    if (routeOf !== undefined) exchange.findRoute = () => routeOf(request);
    try {
      return measuredResponse(exchange, request, await handler(request, ...rest));
    } catch (error) {
      exchange.fail(error);
      exchange.end(undefined, true);
      throw error;
    }
  };
}

/** A handler that refuses with 503 and `Retry-After` while the shedder says so. @throws {InvalidOptionError} */
export function fetchShedGuard<Rest extends unknown[]>(
  handler: FetchHandler<Rest>,
  shedder: LoadShedder,
  options: ShedOptions<Request> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  checkFunction('handler', handler);
  const isRefused = shedRule('fetchShedGuard', shedder, options, ({ url }) => new URL(url).pathname);
  return async (request, ...rest) => (isRefused(request) ? refusalOf(shedder) : handler(request, ...rest));
}

export function refusalOf({ retryAfter }: LoadShedder): Response {
  return new Response(REFUSAL, {
    status: 503,
    headers: { 'retry-after': String(retryAfter), 'content-type': 'text/plain; charset=utf-8' },
  });
}

export function beginFetchExchange(recorder: HttpRecorder, { method, url }: Request): Exchange {
  return recorder.begin({ method, isSecure: url.startsWith('https:'), version: undefined });
}

/** The response, with a body that ends the exchange. One that nobody reads ends with the request's signal, or never. */
export function measuredResponse(exchange: Exchange, request: Request, response: Response): Response {
  const { body, status } = response;
  // The body of an answer to HEAD is not read by anybody.
  if (body === null || request.method === 'HEAD') {
    exchange.end(status, true);
    return response;
  }
  request.signal.addEventListener('abort', () => exchange.end(status, false), { once: true });
  return new Response(measuredBody(exchange, status, body), response);
}

function measuredBody(
  exchange: Exchange,
  status: number,
  body: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          exchange.end(status, true);
          controller.close();
        } catch (error) {
          exchange.fail(error);
          exchange.end(status, false);
          controller.error(error);
        }
      },
      cancel(reason) {
        exchange.end(status, false);
        return reader.cancel(reason);
      },
    },
    // Reads nothing ahead: what the application sees of its reader stays as it was.
    { highWaterMark: 0 },
  );
}
