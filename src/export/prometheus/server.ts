import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import type { CollectionResult } from '@opentelemetry/sdk-metrics';
import { ListenError } from '../../errors.js';
import { noticeOnce } from '../../telemetry/notice.js';
import { TEXT_CONTENT_TYPE, writeText } from './text.js';

/** Something metrics can be pulled from: every MetricReader of the SDK. */
export interface PullReader {
  collect(options?: { timeoutMillis?: number }): Promise<CollectionResult>;
}

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** An observable callback that hangs holds up a scrape no longer than this. */
const COLLECT_TIMEOUT_MS = 5000;

/** Serves what a reader collects under one path. It never keeps the process alive. */
export class MetricsServer {
  readonly #reader: PullReader;
  readonly #options: MetricsServerOptions;
  readonly #server: Server;
  #collecting: Promise<string> | undefined;

  constructor(reader: PullReader, options: MetricsServerOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#server = createServer((request, response) => void this.handle(request, response));
    // An application that is done ends, whether or not somebody keeps a connection open.
    this.#server.unref();
    this.#server.on('connection', (socket) => socket.unref());
  }

  /** Where the metrics are found; `undefined` while the server does not listen. */
  get url(): string | undefined {
    const address = this.#server.address() as AddressInfo | null;
    if (address === null) return undefined;
    const host = isIPv6(address.address) ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}${this.#options.path}`;
  }

  /** @throws {ListenError} naming host and port. */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(new ListenError(host, port, cause)));
      this.#server.listen({ host, port }, resolve);
    });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Answers one request; for servers of the application as well. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [pathname] = (request.url ?? '/').split('?', 1);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return answer(response, 405, 'Only GET and HEAD\n', { allow: 'GET, HEAD' });
    }
    if (pathname !== this.#options.path)
      return answer(response, 404, `Metrics are under ${this.#options.path}\n`);
    try {
      const text = await this.#text();
      answer(response, 200, request.method === 'HEAD' ? '' : text, { 'content-type': TEXT_CONTENT_TYPE });
    } catch (error) {
      // What went wrong may hold anything; it goes to the log, not to whoever asks.
      noticeOnce('scrape', `metrics could not be collected: ${String(error)}`, 'error');
      answer(response, 500, 'Metrics could not be collected\n');
    }
  }

  /** Scrapes that come while one is being answered get the same text. */
  async #text(): Promise<string> {
    this.#collecting ??= this.#collect().finally(() => (this.#collecting = undefined));
    return this.#collecting;
  }

  async #collect(): Promise<string> {
    const { resourceMetrics, errors } = await this.#reader.collect({ timeoutMillis: COLLECT_TIMEOUT_MS });
    for (const error of errors)
      noticeOnce(`collect ${String(error)}`, `while collecting metrics: ${String(error)}`);
    return writeText(resourceMetrics);
  }
}

function answer(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
  response.end(text);
}
