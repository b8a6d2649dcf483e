import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { PerformanceMonitor } from '@gary-zero/performance';
import { PaymentDeclined, type Checkout, type Order } from './checkout.js';
import type { Product, ProductStore } from './product-store.js';
import type { Recommendation, Recommender } from './recommender.js';
import type { Sessions } from './sessions.js';

export interface ServiceOptions {
  readonly monitor: PerformanceMonitor;
  readonly store: ProductStore;
  readonly sessions: Sessions;
  readonly recommender: Recommender;
  readonly checkout: Checkout;
  /** Ids of the products on the front page. */
  readonly bestsellers: () => readonly string[];
  /** Told about every answer with status 500. */
  readonly onUnexpected: (error: unknown) => void;
}

/** Names of operations: few and fixed, so never the path itself. */
type Route = 'GET /' | 'GET /products/:id' | 'POST /checkout' | 'unknown route';

interface Answer {
  readonly status: number;
  readonly body: string | object;
}

/** The service cannot listen where it was told to. */
export class PortError extends Error {
  readonly port: number;

  constructor(port: number, cause: unknown) {
    super(`the shop cannot open port ${port} on ${HOST}: ${reasonOf(cause)}`, { cause });
    this.name = 'PortError';
    this.port = port;
  }
}

const HOST = '127.0.0.1';
const DEFAULT_PORT = 8080;
const PRODUCT_PATH = /^\/products\/([^/]+)$/;
const MAX_QUANTITY = 100;
const MAX_BODY_BYTES = 10_000;
/** Longer than clients keep an idle connection, or they would use one that is just being closed. */
const KEEP_ALIVE_MS = 65_000;

/** The shop as an HTTP service. */
export class Service {
  readonly #options: ServiceOptions;
  readonly #server: Server;
  #answered = 0;
  #declined = 0;
  #failed = 0;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /** Requests that got an answer, whichever. */
  get answered(): number {
    return this.#answered;
  }

  /** Checkouts that were declined. */
  get declined(): number {
    return this.#declined;
  }

  /** Requests answered with status 500. */
  get failed(): number {
    return this.#failed;
  }

  /**
   * Resolves to its URL. Without a port it takes any free one when the usual one is taken.
   *
   * @throws {PortError}
   */
  async listen(port?: number): Promise<string> {
    try {
      return await this.#listenOn(port ?? DEFAULT_PORT);
    } catch (error) {
      if (port !== undefined) throw new PortError(port, error);
      return this.#listenOn(0);
    }
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #listenOn(port: number): Promise<string> {
    this.#server.listen(port, HOST);
    await once(this.#server, 'listening');
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = routeOf(request);
    using timing = this.#options.monitor.timer(route);
    let answer: Answer;
    try {
      answer = await this.#answer(route, request);
    } catch (error) {
      timing.fail(error);
      answer = this.#answerError(error);
    }
    this.#answered += 1;
    this.#options.monitor.recordCounter('storefront.requests', 1, { route, status: answer.status });
    send(response, answer);
  }

  async #answer(route: Route, request: IncomingMessage): Promise<Answer> {
    const { checkout, bestsellers } = this.#options;
    switch (route) {
      case 'GET /':
        return { status: 200, body: frontPage(bestsellers()) };
      case 'GET /products/:id': {
        const id = productIdOf(request);
        return id === undefined ? NOT_FOUND : { status: 200, body: await this.#productPage(id, request) };
      }
      case 'POST /checkout': {
        const order = await readOrder(request);
        return order === undefined ? BAD_ORDER : { status: 201, body: await checkout.pay(order) };
      }
      default:
        return NOT_FOUND;
    }
  }

  /** Asks four caches: for product, price, visitor and recommendations, then for products and prices of those. */
  async #productPage(id: string, { url }: IncomingMessage): Promise<string> {
    const { store, sessions, recommender } = this.#options;
    const [product, price, { seen }, recommended] = await Promise.all([
      store.find(id),
      store.priceOf(id),
      sessions.find(visitorOf(url)),
      recommender.recommend(id),
    ]);
    const others = await Promise.all(
      recommended.map(async ({ id: other, because }) => {
        const [{ name }, cents] = await Promise.all([store.find(other), store.priceOf(other)]);
        return { id: other, because, name, price: cents };
      }),
    );
    return productPage(product, price, others, seen.length);
  }

  #answerError(error: unknown): Answer {
    if (error instanceof PaymentDeclined) {
      this.#declined += 1;
      return { status: 402, body: { error: error.code, message: error.message } };
    }
    this.#failed += 1;
    this.#options.onUnexpected(error);
    return { status: 500, body: { error: 'INTERNAL' } };
  }
}

const NOT_FOUND: Answer = { status: 404, body: { error: 'NOT_FOUND' } };
const BAD_ORDER: Answer = {
  status: 400,
  body: {
    error: 'BAD_ORDER',
    message: `expected {"productId": text, "quantity": whole number from 1 to ${MAX_QUANTITY}}`,
  },
};

function routeOf({ method, url }: IncomingMessage): Route {
  const path = pathOf(url);
  if (method === 'GET' && path === '/') return 'GET /';
  if (method === 'GET' && PRODUCT_PATH.test(path)) return 'GET /products/:id';
  if (method === 'POST' && path === '/checkout') return 'POST /checkout';
  return 'unknown route';
}

function pathOf(url: string | undefined): string {
  return url?.split('?', 1)[0] ?? '/';
}

function productIdOf({ url }: IncomingMessage): string | undefined {
  try {
    return decodeURIComponent(PRODUCT_PATH.exec(pathOf(url))![1]!);
  } catch {
    return undefined;
  }
}

function visitorOf(url: string | undefined): string {
  return new URLSearchParams(url?.split('?', 2)[1]).get('visitor') ?? 'somebody';
}

async function readOrder(request: IncomingMessage): Promise<Order | undefined> {
  // Whoever sends no length, or too much, gets no order; so nobody can fill the memory.
  if (!(Number(request.headers['content-length']) <= MAX_BODY_BYTES)) return undefined;
  try {
    const { productId, quantity } = JSON.parse(await text(request)) as Partial<Order>;
    const isUsable =
      typeof productId === 'string' &&
      productId !== '' &&
      typeof quantity === 'number' &&
      Number.isInteger(quantity) &&
      quantity >= 1 &&
      quantity <= MAX_QUANTITY;
    return isUsable ? { productId, quantity } : undefined;
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const isPage = typeof body === 'string';
  const content = isPage ? body : JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
      'content-length': Buffer.byteLength(content),
    })
    .end(content);
}

function frontPage(bestsellers: readonly string[]): string {
  const items = bestsellers.map((id) => {
    return `<li><a href="/products/${encodeURIComponent(id)}">Product ${escapeHtml(id)}</a></li>`;
  });
  return page('Storefront', `<h2>Bestsellers</h2><ol>${items.join('')}</ol>`);
}

function productPage(
  { name, description }: Product,
  price: number,
  others: readonly (Recommendation & { readonly name: string; readonly price: number })[],
  seen: number,
): string {
  const items = others.map(({ id, because, name: other, price: cents }) => {
    const link = `<a href="/products/${encodeURIComponent(id)}">${escapeHtml(other)}</a>`;
    return `<li>${link} ${asEuros(cents)}. ${escapeHtml(because)}</li>`;
  });
  return page(
    escapeHtml(name),
    `<p>${escapeHtml(description)}</p><p>${asEuros(price)}</p><ul>${items.join('')}</ul>` +
      `<p>You have seen ${seen} products.</p><a href="/">Shop</a>`,
  );
}

function asEuros(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}

function page(title: string, content: string): string {
  return `<!doctype html><title>${title}</title><h1>${title}</h1>${content}\n`;
}

function escapeHtml(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE'
    ? 'it is in use. Choose another one, or 0 for any free one'
    : (code ?? message);
}
