import { ExpositionError, parseExposition, type Exposition } from './exposition.js';

/** A page that was read, with what reading it took. */
export interface Scraped extends Exposition {
  /** Milliseconds of a clock that does not jump, when it was asked for. */
  readonly at: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** There are no metrics to be had. The message says what to do. */
export class ScrapeError extends Error {
  override readonly name = 'ScrapeError';
}

export interface ScrapeOptions {
  readonly url: URL;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  readonly signal: AbortSignal;
  /** For the whole page. @default 10000 */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;
const ACCEPT = 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1';

/** Reads a page of metrics once. @throws {ScrapeError} @throws {ExpositionError} */
export async function scrape({
  url,
  token,
  signal,
  timeoutMs = TIMEOUT_MS,
}: ScrapeOptions): Promise<Scraped> {
  const at = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  const headers = { accept: ACCEPT, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const { signal: either, free } = anyOf(signal, timeout);
  try {
    // A token is for the one it was meant for.
    const response = await fetch(url, { headers, signal: either, redirect: 'manual' });
    const text = await bodyOf(response, url);
    return {
      ...parseExposition(text),
      at,
      bytes: Buffer.byteLength(text),
      seconds: (performance.now() - at) / 1000,
    };
  } catch (error) {
    if (error instanceof ScrapeError || error instanceof ExpositionError || signal.aborted) throw error;
    if (timeout.aborted) throw new ScrapeError(`${shown(url)} did not answer within ${timeoutMs / 1000} s`);
    throw new ScrapeError(`${shown(url)} cannot be reached: ${reasonOf(error)}`, { cause: error });
  } finally {
    free();
  }
}

/** As `AbortSignal.any`, which keeps what it listens to from being forgotten for as long as the first one lives. */
function anyOf(...signals: readonly AbortSignal[]): { signal: AbortSignal; free: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const signal of signals) {
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  }
  return {
    signal: controller.signal,
    free: () => signals.forEach((signal) => signal.removeEventListener('abort', abort)),
  };
}

async function bodyOf(response: Response, url: URL): Promise<string> {
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel();
    throw new ScrapeError(`${shown(url)} answered ${status}: ${adviceFor(response)}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new ScrapeError(`${shown(url)} has more than 64 MiB of metrics`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (/^\s*</.test(text))
    throw new ScrapeError(`${shown(url)} is a page in HTML, not one of metrics; is the path right?`);
  return text;
}

function adviceFor({ status, headers }: Response): string {
  const location = headers.get('location');
  if (status === 401) return 'a token is asked for, set PERF_TOP_TOKEN (it is sent as a bearer token)';
  if (status === 403) return 'it does not let this machine, or this token, ask';
  if (status === 404) return 'there are no metrics at this path, usually they are at /metrics';
  if (location !== null) return `the metrics are at ${location}`;
  return 'expected 200';
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  // One for each address that was tried.
  const {
    code,
    errors,
    message: why,
  } = (cause ?? {}) as { code?: string; errors?: unknown[]; message?: string };
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'ENOTFOUND') return 'there is no machine of this name';
  if (errors !== undefined) return (errors[0] as Error | undefined)?.message ?? message;
  return why ?? message;
}

/** Without the password that may be in it. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
