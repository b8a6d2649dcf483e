import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LoadShedder } from '../optimizer/cpu/load-shedder.js';
import { REFUSAL, shedRule, type ShedOptions } from './shed-rule.js';

/** How urgent requests are, and which are never refused. */
export type ShedGuardOptions<Request extends IncomingMessage = IncomingMessage> = ShedOptions<Request>;

/** Whether a request may go on; otherwise it was answered with 503. A middleware of Express too. */
export type ShedGuard<Request extends IncomingMessage = IncomingMessage> = (
  request: Request,
  response: ServerResponse,
  next?: () => void,
) => boolean;

/**
 * Refuses requests with 503 and `Retry-After` while the shedder says so. A middleware for Express and the like; with
 * `node:http` go on when it returns true:
 *
 * ```ts
 * const guard = shedGuard(new LoadShedder());
 * createServer((request, response) => {
 *   if (guard(request, response)) response.end('hello');
 * });
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function shedGuard<Request extends IncomingMessage = IncomingMessage>(
  shedder: LoadShedder,
  options: ShedGuardOptions<Request> = {},
): ShedGuard<Request> {
  const isRefused = shedRule('shedGuard', shedder, options, urlOf);
  return (request, response, next) => {
    if (isRefused(request)) {
      refuse(response, shedder.retryAfter);
      return false;
    }
    next?.();
    return true;
  };
}

/** Of Express the whole one: in a router mounted below a path, `url` is what is left of it. */
function urlOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? '';
}

function refuse(response: ServerResponse, retryAfter: number): void {
  response.writeHead(503, { 'Retry-After': String(retryAfter), 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(REFUSAL);
}
