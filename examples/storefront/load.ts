import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeySource } from './key-source.js';
import type { Random } from './random.js';

export interface LoadOptions {
  /** Of the service. */
  readonly url: string;
  /** Ids of the products whose pages are opened. */
  readonly keys: KeySource;
  /** Numbers of the visitors, some of whom come often. */
  readonly visitors: { next(): number };
  readonly random: Random;
  /** Arrivals a second, however long the answers take. */
  readonly requestsPerSecond: number;
  /** Told about answers that should not be, and about requests without one. */
  readonly onUnexpected: (error: unknown) => void;
}

const TICK_MS = 10;
/** What a machine that was asleep or overloaded has missed by more than this is not made up for. */
const MAX_CATCH_UP_MS = 100;
/** Beyond so many unanswered requests new ones are left out: they would only wait in line. */
const MAX_IN_FLIGHT = 200;
const MAX_SOCKETS = 64;
const REQUEST_TIMEOUT_MS = 10_000;
const STOP_PATIENCE_MS = 2000;

const CHECKOUT_SHARE = 0.1;
const FRONT_PAGE_SHARE = 0.05;
/** A 500 is reported by the service, which knows its cause. */
const EXPECTED_STATUS = new Set([200, 201, 402, 500]);

/**
 * Visitors: an open loop over HTTP with kept-alive connections. Each arrival opens the page of the next key, or the
 * front page, or buys what was looked at last. Those that arrive within a tick may overtake each other on the way, so
 * the service sees the order of the keys almost, not exactly. It runs in the process it measures, whose CPU therefore
 * includes it.
 */
export class Load {
  readonly #options: LoadOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #lastTick = 0;
  #owed = 0;
  #leftOut = 0;
  #lastViewed = '1';

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Arrivals that were not sent because too many were waiting. */
  get leftOut(): number {
    return this.#leftOut;
  }

  start(): void {
    this.#lastTick = performance.now();
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  /** Sends nothing more and waits for the answers under way, but not for long. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await Promise.race([Promise.all(this.#inFlight), delay(STOP_PATIENCE_MS, undefined, { ref: false })]);
    // Whatever still waits ends with an error, and so as unexpected.
    this.#agent.destroy();
    await Promise.all(this.#inFlight);
  }

  #tick(): void {
    const now = performance.now();
    const elapsedMs = Math.min(now - this.#lastTick, MAX_CATCH_UP_MS);
    this.#lastTick = now;
    this.#owed += (this.#options.requestsPerSecond * elapsedMs) / 1000;
    for (; this.#owed >= 1; this.#owed -= 1) {
      if (this.#inFlight.size < MAX_IN_FLIGHT) this.#arrive();
      else this.#leftOut += 1;
    }
  }

  #arrive(): void {
    const visit = this.#visit()
      .catch((error: unknown) => this.#options.onUnexpected(error))
      .finally(() => this.#inFlight.delete(visit));
    this.#inFlight.add(visit);
  }

  async #visit(): Promise<void> {
    const choice = this.#options.random();
    if (choice < CHECKOUT_SHARE) {
      await this.#send('POST', '/checkout', JSON.stringify({ productId: this.#lastViewed, quantity: 1 }));
    } else if (choice < CHECKOUT_SHARE + FRONT_PAGE_SHARE) {
      await this.#send('GET', '/');
    } else {
      this.#lastViewed = this.#options.keys.next();
      const visitor = this.#options.visitors.next();
      await this.#send('GET', `/products/${encodeURIComponent(this.#lastViewed)}?visitor=${visitor}`);
    }
  }

  async #send(method: 'GET' | 'POST', path: string, body = ''): Promise<void> {
    const { statusCode } = await this.#exchange(method, path, body);
    if (!EXPECTED_STATUS.has(statusCode!))
      throw new Error(`${method} ${path} was answered with ${statusCode}`);
  }

  /** Resolves when the answer has arrived in full. */
  #exchange(method: string, path: string, body: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = method === 'POST' ? { 'content-length': Buffer.byteLength(body) } : {};
      const sent = request(new URL(path, this.#options.url), {
        method,
        headers,
        agent: this.#agent,
        timeout: REQUEST_TIMEOUT_MS,
      });
      sent.once('timeout', () => sent.destroy(new Error(`${method} ${path} took too long`)));
      sent.once('error', reject);
      sent.once('response', (response) => {
        response.once('end', () => resolve(response)).once('error', reject);
        response.resume();
      });
      sent.end(body);
    });
  }
}
