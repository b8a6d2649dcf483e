import type { IncomingMessage, ServerResponse } from 'node:http';
import { expressRoute, followRequest, type RoutedRequest } from './express-route.js';
import { HttpRecorder, type HttpOptions } from './http-recorder.js';
import { beginExchange, exchangeOf } from './node-exchange.js';

export { expressMetrics } from '../export/prometheus/middleware.js';
export { shedGuard } from './shed-guard.js';
export type { ShedGuard, ShedGuardOptions } from './shed-guard.js';
export type { HttpOptions } from './http-recorder.js';

type Next = (error?: unknown) => void;

/**
 * Middleware for Express 4 and 5 that measures requests by their routes. Before all others: what is answered before it is
 * not seen.
 *
 * ```ts
 * app.use(expressPerformance());
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function expressPerformance(
  options?: HttpOptions,
): (request: IncomingMessage, response: ServerResponse, next: Next) => void {
  const recorder = new HttpRecorder(options);
  return (request, response, next) => {
    followRequest(request as RoutedRequest);
    const exchange = beginExchange(recorder, request, response);
    exchange.findRoute = () => expressRoute(request as RoutedRequest);
    next();
  };
}

/**
 * Middleware for after all routes that tells what was thrown: answers with 5xx have the class of the error as `error.type`
 * then, instead of their status. The error goes on to the next one.
 */
export function expressFailures(): (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: Next,
) => void {
  // Express tells middleware for errors by its four parameters.
  return (error, _request, response, next) => {
    exchangeOf(response)?.fail(error);
    next(error);
  };
}
