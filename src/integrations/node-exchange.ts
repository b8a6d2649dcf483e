import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange, HttpRecorder } from './http-recorder.js';

/** On a response, so that a request counts once, however many layers measure it. */
const EXCHANGE = Symbol('exchange');

type Measured = ServerResponse & { [EXCHANGE]?: Exchange };

/**
 * Measures a request until its answer is sent or given up. Who comes second is given what was begun.
 *
 * The response says by `close` that it is over, whichever way: after the last byte, and when the connection is gone.
 */
export function beginExchange(
  recorder: HttpRecorder,
  request: IncomingMessage,
  response: ServerResponse,
): Exchange {
  const known = exchangeOf(response);
  if (known !== undefined) return known;
  const socket = request.socket as { encrypted?: boolean; server?: { emit?: unknown } } | undefined;
  const exchange = recorder.begin({
    method: request.method,
    isSecure: socket?.encrypted === true,
    version: request.httpVersion === '2.0' ? '2' : request.httpVersion,
    emit: socket?.server?.emit,
  });
  (response as Measured)[EXCHANGE] = exchange;
  // First: others that measure look on `close` for the route, which they are told then.
  response.prependListener('close', () => {
    if (response.errored) exchange.fail(response.errored);
    exchange.end(response.headersSent ? response.statusCode : undefined, isComplete(request, response));
  });
  return exchange;
}

/**
 * Whether all was sent when a response is closed. `writableFinished` does not tell: it is also true of what a broken
 * connection has dropped. Streams of HTTP/2 know it by themselves.
 */
function isComplete(request: IncomingMessage, response: ServerResponse): boolean {
  if (!response.writableEnded) return false;
  return request.httpVersionMajor === 2 ? !request.aborted : !request.socket.destroyed;
}

/** What was begun for a response, if anything was. */
export function exchangeOf(response: ServerResponse): Exchange | undefined {
  return (response as Measured)[EXCHANGE];
}
