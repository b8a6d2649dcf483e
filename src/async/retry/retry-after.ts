import { errorField } from './error-field.js';

/** `Wed, 21 Oct 2026 07:28:00 GMT` and the two older forms that HTTP allows. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * How long the other side asks to wait, in milliseconds: by `retryAfterMs`, or by a `Retry-After` in the headers of the
 * error or of its response, as seconds or as a date. `undefined` when it does not, or says something else.
 *
 * @param wallNow for dates, milliseconds since 1970.
 */
export function retryAfterOf(error: unknown, wallNow: () => number): number | undefined {
  const own = errorField(error, 'retryAfterMs');
  if (isWait(own)) return own;
  for (const source of [error, errorField(error, 'response')]) {
    const wait = parse(header(errorField(source, 'headers')), wallNow);
    if (wait !== undefined) return wait;
  }
  return undefined;
}

/** Headers of fetch, Map and axios have `get`; those of Node are a plain object. */
function header(headers: unknown): unknown {
  const get = errorField(headers, 'get');
  if (typeof get === 'function') {
    try {
      return get.call(headers, 'retry-after') as unknown;
    } catch {
      return undefined;
    }
  }
  if (typeof headers !== 'object' || headers === null) return undefined;
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'retry-after');
  return name === undefined ? undefined : errorField(headers, name);
}

function parse(value: unknown, wallNow: () => number): number | undefined {
  if (Array.isArray(value)) return parse(value[0], wallNow);
  if (typeof value === 'number') return isWait(value) ? value * 1000 : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!HTTP_DATE.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallNow());
}

function isWait(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}
