import { errorField } from './error-field.js';

/**
 * What can get better by itself. Errors are told apart by name and code, not by class: a class exists once per realm and
 * once per copy of a package.
 */

/** Mistakes in the program: the next attempt makes them again. SyntaxError is not among them: JSON may be cut off. */
const MISTAKES: ReadonlySet<unknown> = new Set([
  'TypeError',
  'ReferenceError',
  'RangeError',
  'EvalError',
  'URIError',
  'AssertionError',
]);

const OWN_MISTAKES: ReadonlySet<unknown> = new Set([
  'PERF_INVALID_OPTION',
  'PERF_INVALID_ENVIRONMENT',
  'PERF_INVALID_USE',
  'PERF_UNSERIALIZABLE',
  'PERF_CLOSED',
]);

/** What `fetch` says by a TypeError when the network failed. */
const NETWORK_FAILURES: ReadonlySet<unknown> = new Set(['fetch failed', 'terminated', 'network error']);

const ABORTS: ReadonlySet<unknown> = new Set(['ABORT_ERR', 'ERR_CANCELED']);

/** Of the answers 400 to 499, those that another attempt may change: timeout, conflict, locked, too early, too many. */
const PASSING_STATUS: ReadonlySet<number> = new Set([408, 409, 423, 425, 429]);

/** False for mistakes in the program and for aborts: what must not be tried again whoever asks. */
export function isRetryable(error: unknown): boolean {
  const name = errorField(error, 'name');
  const code = errorField(error, 'code');
  if (name === 'AbortError' || ABORTS.has(code) || OWN_MISTAKES.has(code)) return false;
  // Refused for good: what refused it is closed.
  if (code === 'PERF_REJECTED') return errorField(error, 'retryAfterMs') !== undefined;
  if (name === 'TypeError') return NETWORK_FAILURES.has(errorField(error, 'message'));
  return !MISTAKES.has(name);
}

/** Whether it is the answer of an HTTP server that will be the same next time: 404, not 429. */
export function isFinalAnswer(error: unknown): boolean {
  const response = errorField(error, 'response');
  const status = [error, response]
    .flatMap((one) => [errorField(one, 'status'), errorField(one, 'statusCode')])
    .find((one): one is number => typeof one === 'number');
  return status !== undefined && status >= 400 && status < 500 && !PASSING_STATUS.has(status);
}
