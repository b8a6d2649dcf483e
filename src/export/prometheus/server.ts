import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListenError } from '../../errors.js';
import type { MetricsEndpoint } from './metrics-endpoint.js';

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** What is served at other paths. Who may read the metrics may ask, and it may refuse more. */
  readonly beside?: ServedBeside | undefined;
}

export interface ServedBeside {
  answers(request: IncomingMessage): boolean;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Ends what is being answered. */
  close(): void;
}

/** Serves an endpoint under one path, at a port of its own. It never keeps the process alive. */
export class MetricsServer {
  readonly #endpoint: MetricsEndpoint;
  readonly #options: MetricsServerOptions;
  readonly #server: Server;

  constructor(endpoint: MetricsEndpoint, options: MetricsServerOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    // Not at the import of the package: it takes milliseconds, on Node 24 tens of them, where nothing is served.
    const { createServer } = process.getBuiltinModule('node:http');
    this.#server = createServer((request, response) => void this.#answer(request, response));
    // An application that is done ends, whether or not somebody keeps a connection open.
    this.#server.unref();
    this.#server.on('connection', (socket) => socket.unref());
  }

  /** Where the metrics are found; `undefined` while the server does not listen. */
  get url(): string | undefined {
    const address = this.#server.address() as AddressInfo | null;
    if (address === null) return undefined;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}${this.#options.path}`;
  }

  /** @throws {ListenError} naming host and port. */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    const listening = new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(new ListenError(host, port, cause)));
      this.#server.listen({ host, port }, resolve);
    });
    await Promise.all([listening, this.#endpoint.prepare()]);
    if (this.#endpoint.isOpen && !isLoopback((this.#server.address() as AddressInfo).address)) warnOnce(host);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#endpoint.close();
      this.#options.beside?.close();
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, beside } = this.#options;
    const [pathname] = (request.url ?? '/').split('?', 1);
    if (pathname === path) return this.#endpoint.handler(request, response);
    if (beside?.answers(request) === true) {
      if (this.#endpoint.admits(request, response)) await beside.handler(request, response);
      return;
    }
    // Who must not read the metrics need not learn where they are.
    const hint = this.#endpoint.isOpen ? `Metrics are under ${path}\n` : 'Not found\n';
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end(hint);
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

let hasWarned = false;

function warnOnce(host: string): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    `/metrics is served on ${host} to everybody who reaches this machine; set prometheus.auth or prometheus.allow, or listen on 127.0.0.1`,
    { code: 'PERF_METRICS_OPEN' },
  );
}
