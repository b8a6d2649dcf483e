import { checkFunction, checkKnownOptions } from '../checks.js';
import type { LoadShedder } from '../optimizer/cpu/load-shedder.js';

/** Which requests may be refused, and which first. */
export interface ShedOptions<Request> {
  /** From -100 to 100, the higher the later it is refused; 100 never is. Default: 0 for all. */
  readonly priorityOf?: (request: Request) => number;
  /**
   * Requests that are always answered. Default: `/health`, `/healthz`, `/livez`, `/readyz` and `/metrics`, because who asks
   * there decides whether this process is ended.
   */
  readonly isExempt?: (request: Request) => boolean;
}

const ALWAYS_ANSWERED = new Set(['/health', '/healthz', '/livez', '/readyz', '/metrics']);
const KNOWN = ['priorityOf', 'isExempt'] as const;

/** What a refused caller is told. */
export const REFUSAL = 'Overloaded, try again later\n';

/** Whether to refuse a request. Asked once for each. @throws {InvalidOptionError} */
export function shedRule<Request>(
  owner: string,
  shedder: LoadShedder,
  options: ShedOptions<Request>,
  urlOf: (request: Request) => string,
): (request: Request) => boolean {
  checkKnownOptions(owner, options, KNOWN);
  const { priorityOf, isExempt = (request) => isAlwaysAnswered(urlOf(request)) } = options;
  checkFunction('isExempt', isExempt);
  if (priorityOf !== undefined) checkFunction('priorityOf', priorityOf);
  return (request) =>
    !isExempt(request) &&
    shedder.shouldShed(priorityOf === undefined ? undefined : { priority: priorityOf(request) });
}

/** @param url a path with or without a query. */
export function isAlwaysAnswered(url: string): boolean {
  const query = url.indexOf('?');
  return ALWAYS_ANSWERED.has(query < 0 ? url : url.slice(0, query));
}
