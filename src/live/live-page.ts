import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeCrypto } from '../built-ins.js';
import type { Clock } from '../clock.js';
import { noticeOnce } from '../telemetry/notice.js';
import { LiveFeed } from './live-feed.js';
import type { LiveReport } from './live-report.js';
import { isForeignFetch, isLocalRequest } from './local-request.js';

/** Who makes the reports: a `LiveReporter`. */
export interface ReportSource {
  report(options: { readonly isWatched: boolean }): LiveReport;
  rest(): void;
  close(): void;
}

const PAGE_PATH = '/';
const REPORT_PATH = '/live';

/** Nothing of it is for others, nor to be kept. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/**
 * Serves a page that shows how the process does (`GET /`), and the report behind it (`GET /live`): once as JSON, or each
 * second as server-sent events. Only who asks from this machine, for this machine, is answered.
 */
export class LivePage {
  readonly #source: ReportSource;
  readonly #feed: LiveFeed;

  constructor(source: ReportSource, clock: Clock) {
    this.#source = source;
    this.#feed = new LiveFeed(
      () => JSON.stringify(source.report({ isWatched: true })),
      clock,
      () => source.rest(),
    );
  }

  /** Whether the request is for it. For who must not see it, it is not there. */
  answers(request: IncomingMessage): boolean {
    const path = pathOf(request);
    return (path === PAGE_PATH || path === REPORT_PATH) && isLocalRequest(request);
  }

  readonly handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return end(response, 405, 'Only GET and HEAD\n', { allow: 'GET, HEAD' });
      await (pathOf(request) === PAGE_PATH
        ? this.#answerPage(request, response)
        : this.#answerReport(request, response));
    } catch (error) {
      noticeOnce('live page', `the live page failed: ${String(error)}`, 'error');
      if (response.headersSent) response.destroy();
      else end(response, 500, 'The report could not be made\n');
    }
  };

  close(): void {
    this.#feed.close();
    this.#source.close();
  }

  async #answerPage({ method }: IncomingMessage, response: ServerResponse): Promise<void> {
    // Not before somebody asks: most processes never show it.
    const { PAGE_HTML, PAGE_SCRIPT, PAGE_STYLE } = await import('./page-document.js');
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyFor(PAGE_SCRIPT, PAGE_STYLE),
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
    };
    response.writeHead(200, headers).end(method === 'HEAD' ? undefined : PAGE_HTML);
  }

  #answerReport(request: IncomingMessage, response: ServerResponse): void {
    if (isForeignFetch(request)) return end(response, 403, 'Forbidden\n');
    const isOnce = isAskedOnce(request);
    if (request.method === 'HEAD') {
      const type = isOnce ? 'application/json' : 'text/event-stream; charset=utf-8';
      response.writeHead(200, { 'content-type': type }).end();
    } else if (isOnce) {
      const report = JSON.stringify(this.#source.report({ isWatched: false }));
      response.writeHead(200, { 'content-type': 'application/json' }).end(`${report}\n`);
    } else if (this.#feed.isFull) {
      end(response, 503, 'Too many watch already\n', { 'retry-after': '5' });
    } else {
      this.#feed.add(response);
    }
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0]!;
}

function isAskedOnce({ url = '', headers }: IncomingMessage): boolean {
  const query = new URLSearchParams(url.split('?', 2)[1]);
  return query.has('once') || headers.accept?.includes('application/json') === true;
}

/** Just this script and this style, and no address but the own: what a report says can neither run nor be sent anywhere. */
function policyFor(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `sha256-${nodeCrypto().createHash('sha256').update(text).digest('base64')}`;
}

function end(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(text);
}
