import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkFunction, checkKnownOptions } from '../checks.js';
import type { LoadShedder } from '../optimizer/cpu/load-shedder.js';

export interface ShedGuardOptions {
  /** From -100 to 100, the higher the later it is refused; 100 never is. Default: 0 for all. */
  readonly priorityOf?: (request: IncomingMessage) => number;
  /**
   * Requests that are always answered. Default: `/health`, `/healthz`, `/livez`, `/readyz` and `/metrics`, because who asks
   * there decides whether this process is ended.
   */
  readonly isExempt?: (request: IncomingMessage) => boolean;
}

export type ShedGuard = (request: IncomingMessage, response: ServerResponse, next?: () => void) => boolean;

const ALWAYS_ANSWERED = new Set(['/health', '/healthz', '/livez', '/readyz', '/metrics']);
const KNOWN = ['priorityOf', 'isExempt'] as const;

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
export function shedGuard(shedder: LoadShedder, options: ShedGuardOptions = {}): ShedGuard {
  checkKnownOptions('shedGuard', options, KNOWN);
  const { priorityOf, isExempt = isAlwaysAnswered } = options;
  checkFunction('isExempt', isExempt);
  if (priorityOf !== undefined) checkFunction('priorityOf', priorityOf);
  return (request, response, next) => {
    const isRefused =
      !isExempt(request) &&
      shedder.shouldShed(priorityOf === undefined ? undefined : { priority: priorityOf(request) });
    if (isRefused) refuse(response, shedder.retryAfter);
    else next?.();
    return !isRefused;
  };
}

function isAlwaysAnswered({ url = '' }: IncomingMessage): boolean {
  const query = url.indexOf('?');
  return ALWAYS_ANSWERED.has(query < 0 ? url : url.slice(0, query));
}

function refuse(response: ServerResponse, retryAfter: number): void {
  response.writeHead(503, { 'Retry-After': String(retryAfter), 'Content-Type': 'text/plain; charset=utf-8' });
  response.end('Overloaded, try again later\n');
}
