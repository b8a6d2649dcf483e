import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MeterProvider } from '@opentelemetry/api';
import { checkBoolean, checkKnownOptions } from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import { InvalidOptionError } from '../../errors.js';
import { noticeOnce } from '../../telemetry/notice.js';
import type { SeriesWalk } from '../../telemetry/provider/walk-series.js';
import { Access, type AccessOptions } from './access.js';
import { walkSource, type MetricSource } from './metric-source.js';
import { Namer, TRANSLATION_STRATEGIES, type TranslationStrategy } from './names.js';
import { acceptsGzip, negotiateFormat } from './negotiation.js';
import type { Pages, PagesOptions } from './pages.js';
import type { Scrape } from './scrape.js';
import { ScrapeMetrics } from './scrape-metrics.js';

/** Who may ask for metrics, and how they are written. */
export interface MetricsEndpointOptions extends AccessOptions {
  /**
   * How names become names of Prometheus. Those with UTF-8 are for Prometheus 3: others are given escaped names.
   * @default 'UnderscoreEscapingWithSuffixes'
   */
  readonly translationStrategy?: TranslationStrategy;
  /**
   * Whether every series has labels that name the library it was made by (`otel_scope_name` and so on). Otherwise only
   * series have them that could not be told apart without.
   * @default false
   */
  readonly scopeLabels?: boolean;
  /** Resource attributes, such as `'service.name'`, that every series has as a label. All are in `target_info` anyway. */
  readonly resourceLabels?: readonly string[];
  /** Where scrapes are measured. Default: the global provider. */
  readonly meterProvider?: MeterProvider | undefined;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** Those of an endpoint that `startPerformance` makes. */
export const SERVED_OPTIONS = [
  'auth',
  'allow',
  'translationStrategy',
  'scopeLabels',
  'resourceLabels',
] as const;

interface Plain {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** An answer before it is sent: a short text, or a page that is written while it is read. */
type Answer =
  Plain | { readonly status: 200; readonly headers: Record<string, string>; readonly scrape: Scrape };

interface Asked {
  readonly method: string;
  /** By its name in lower case. */
  readonly header: (name: string) => string | null | undefined;
  readonly address: string | undefined;
}

/** Each is one page in the making; who comes too many is told to come back. */
const MOST_SCRAPES = 64;

/**
 * Serves metrics of a reader in the format that is asked for: the text formats of Prometheus and OpenMetrics, and protobuf.
 * Pages are written while they are read: a slow reader costs little memory, a large page does not hold up the event loop.
 *
 * ```ts
 * const endpoint = new MetricsEndpoint(reader);
 * createServer(endpoint.handler).listen(9464);
 * ```
 */
export class MetricsEndpoint {
  readonly #source: MetricSource;
  readonly #access: Access;
  readonly #pageOptions: PagesOptions;
  readonly #running = new Set<Scrape>();
  #pages: Promise<Pages> | undefined;
  #collecting: Promise<SeriesWalk> | undefined;

  /** `source` is a MetricReader with cumulative temporality. @throws {InvalidOptionError} */
  constructor(source: MetricSource, options: MetricsEndpointOptions = {}) {
    checkKnownOptions('MetricsEndpoint', options, [...SERVED_OPTIONS, 'meterProvider', 'clock']);
    this.#source = source;
    this.#access = new Access(options);
    this.#pageOptions = {
      namer: new Namer(checkStrategy(options.translationStrategy ?? 'UnderscoreEscapingWithSuffixes')),
      hasScopeLabels: checkBoolean('prometheus.scopeLabels', options.scopeLabels ?? false),
      resourceLabels: checkNames(options.resourceLabels ?? []),
      clock: options.clock ?? systemClock,
      metrics: new ScrapeMetrics(options.meterProvider),
    };
  }

  /** Whether anybody may ask. */
  get isOpen(): boolean {
    return this.#access.isOpen;
  }

  /** Answers a request of `node:http`, whatever its path. Settles when the answer was taken, or nobody wants it any more. */
  readonly handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await this.#answer({
      method: request.method ?? 'GET',
      header: (name) => request.headers[name]?.toString(),
      address: request.socket.remoteAddress,
    });
    if (!('scrape' in answer)) {
      response.writeHead(answer.status, answer.headers).end(answer.text);
      return;
    }
    const { scrape } = answer;
    if (response.destroyed) return scrape.end('aborted');
    response.writeHead(answer.status, answer.headers);
    await scrape.writeTo(response);
  };

  /**
   * Answers a `Request` of the Fetch standard. It does not know who sent it: with `allow`, say from which address.
   */
  readonly fetchHandler = async (
    request: Request,
    { address }: { address?: string } = {},
  ): Promise<Response> => {
    const answer = await this.#answer({
      method: request.method,
      header: (name) => request.headers.get(name),
      address,
    });
    const { status, headers } = answer;
    if (!('scrape' in answer)) return new Response(answer.text, { status, headers });
    const { scrape } = answer;
    return new Response(scrape.toWeb(), { status, headers });
  };

  /** Whether who asks may read the metrics; who may not is told so. For what is served beside them. */
  admits({ headers, socket }: IncomingMessage, response: ServerResponse): boolean {
    const refused = this.#refused(headers.authorization, socket.remoteAddress);
    if (refused !== undefined) response.writeHead(refused.status, refused.headers).end(refused.text);
    return refused === undefined;
  }

  /** @internal Loads what writes pages before somebody asks for one. */
  async prepare(): Promise<void> {
    await this.#open();
  }

  /** Ends what is being written. */
  close(): void {
    for (const scrape of this.#running) scrape.abort();
  }

  async #answer({ method, header, address }: Asked): Promise<Answer> {
    const refused = this.#refused(header('authorization'), address);
    if (refused !== undefined) return refused;
    if (method !== 'GET' && method !== 'HEAD')
      return plain(405, 'Only GET and HEAD\n', { allow: 'GET, HEAD' });
    const format = negotiateFormat(header('accept') ?? undefined);
    const isGzip = acceptsGzip(header('accept-encoding') ?? undefined);
    const headers: Record<string, string> = {
      'content-type': format.contentType,
      vary: 'Accept, Accept-Encoding',
    };
    if (isGzip) headers['content-encoding'] = 'gzip';
    if (method === 'HEAD') return { status: 200, headers, text: '' };
    const pages = await this.#openOrTell();
    if (pages === undefined) return NOT_COLLECTED;
    if (this.#running.size >= MOST_SCRAPES) return plain(503, 'Too many scrapes\n', { 'retry-after': '1' });
    const scrape = pages.scrape({
      format: format.format,
      isGzip,
      timeoutHeader: header('x-prometheus-scrape-timeout-seconds') ?? undefined,
      onEnd: () => this.#running.delete(scrape),
    });
    this.#running.add(scrape);
    try {
      const walk = await scrape.inTime(this.#collect(scrape.collectTimeoutMs));
      scrape.start(pages.write(walk, format));
      return { status: 200, headers, scrape };
    } catch (error) {
      scrape.fail(error);
      return NOT_COLLECTED;
    }
  }

  #refused(authorization: string | null | undefined, address: string | undefined): Plain | undefined {
    const refusal = this.#access.refusal(authorization, address);
    if (refusal === 403) return plain(403, 'Forbidden\n');
    if (refusal === 401)
      return plain(401, 'Unauthorized\n', { 'www-authenticate': this.#access.challenge ?? '' });
    return undefined;
  }

  /** What writes pages is a large part of the package, and many a process is never asked for one. */
  #open(): Promise<Pages> {
    this.#pages ??= import('./pages.js').then(({ Pages }) => new Pages(this.#pageOptions));
    return this.#pages;
  }

  async #openOrTell(): Promise<Pages | undefined> {
    try {
      return await this.#open();
    } catch (error) {
      this.#pages = undefined;
      noticeOnce('scrape', `metrics could not be written: ${String(error)}`, 'error');
      return undefined;
    }
  }

  /** Scrapes that come while one collects get what it gets, and write it each for itself. */
  #collect(timeoutMillis: number): Promise<SeriesWalk> {
    this.#collecting ??= walkSource(this.#source, { timeoutMillis })
      .then((walk) => {
        for (const error of walk.errors)
          noticeOnce(`collect ${String(error)}`, `while collecting metrics: ${String(error)}`);
        return walk;
      })
      .finally(() => (this.#collecting = undefined));
    return this.#collecting;
  }
}

const NOT_COLLECTED = plain(503, 'Metrics could not be collected\n');

function plain(status: number, text: string, headers: Record<string, string> = {}): Plain {
  return { status, text, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } };
}

function checkStrategy(strategy: TranslationStrategy): TranslationStrategy {
  if (TRANSLATION_STRATEGIES.includes(strategy)) return strategy;
  throw new InvalidOptionError(
    'prometheus.translationStrategy',
    `one of ${TRANSLATION_STRATEGIES.join(', ')}`,
    strategy,
  );
}

function checkNames(names: readonly string[]): readonly string[] {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw new InvalidOptionError('prometheus.resourceLabels', 'a list of names of resource attributes', names);
}
