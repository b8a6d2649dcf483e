import { checkKnownOptions } from '../checks.js';
import { systemClock, type Clock } from '../clock.js';
import { InvalidOptionError } from '../errors.js';
import * as catalogue from '../telemetry/catalogue.js';
import type { AttributesOf } from '../telemetry/definition.js';
import { errorTypeOf } from '../telemetry/error-type.js';
import {
  activeRpcMetadata,
  isMeasuredByInstrumentation,
  type RpcMetadata,
} from '../telemetry/http-instrumentation.js';
import {
  instrumentsOf,
  type BoundCounter,
  type Counter,
  type Histogram,
  type MeterProvider,
} from '../telemetry/instruments.js';
import { noticeOnce } from '../telemetry/notice.js';

/** What all integrations with servers take. */
export interface HttpOptions {
  /**
   * What becomes of requests that `@opentelemetry/instrumentation-http` measures too: `'skip'` leaves
   * `http.server.request.duration` to it and tells it the route, `'record'` records it as well.
   * @default 'skip'
   */
  readonly ifInstrumented?: 'skip' | 'record';
  /** Records there instead of into the global provider. */
  readonly meterProvider?: MeterProvider;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** The names of {@link HttpOptions}, for those that have more. */
export const HTTP_OPTIONS = ['ifInstrumented', 'meterProvider', 'clock'] as const;

/** What is known when a request comes. */
export interface RequestHead {
  readonly method: string | undefined;
  readonly isSecure: boolean;
  /** `1.1`, `2`; `undefined` where nobody tells. */
  readonly version: string | undefined;
  /** Of the server that was asked: who measures it patches that. */
  readonly emit?: unknown;
}

type Given = AttributesOf<typeof catalogue.httpServerRequestDuration>;
/** All of them in one order, so that series are found without looking twice. */
type DurationAttributes = { readonly [Name in keyof Given]: Given[Name] | undefined };
type Method = (typeof catalogue.HTTP_METHODS)[number];
type Scheme = (typeof catalogue.URL_SCHEMES)[number];

/** Answers that were not sent to the end, and nothing here failed. */
const CLIENT_GONE = 'client_disconnected';

/** Measures requests as the semantic conventions of OpenTelemetry say, for servers of all kinds. */
export class HttpRecorder {
  readonly clock: Clock;
  readonly #meterProvider: MeterProvider | undefined;
  readonly #isAlwaysRecorded: boolean;
  readonly #durations: Histogram<DurationAttributes>;
  readonly #active: Counter<AttributesOf<typeof catalogue.httpServerActiveRequests>>;
  readonly #activeBy = new Map<string, BoundCounter>();

  /** @throws {InvalidOptionError} */
  constructor(options: HttpOptions = {}) {
    checkKnownOptions('http', options, HTTP_OPTIONS);
    const { ifInstrumented = 'skip', meterProvider, clock = systemClock } = options;
    if (ifInstrumented !== 'skip' && ifInstrumented !== 'record')
      throw new InvalidOptionError('ifInstrumented', "'skip' or 'record'", ifInstrumented);
    this.clock = clock;
    this.#meterProvider = meterProvider;
    this.#isAlwaysRecorded = ifInstrumented === 'record';
    const instruments = instrumentsOf(meterProvider);
    this.#durations = instruments.histogram(catalogue.httpServerRequestDuration);
    this.#active = instruments.counter(catalogue.httpServerActiveRequests);
  }

  begin(head: RequestHead): Exchange {
    const method = knownMethod(head.method);
    const scheme = head.isSecure ? 'https' : 'http';
    const active = this.#activeOf(method, scheme);
    active.add(1);
    const isElsewhere =
      !this.#isAlwaysRecorded && isMeasuredByInstrumentation(head.emit, this.#meterProvider);
    return new Exchange(this, {
      method,
      scheme,
      version: head.version,
      active,
      elsewhere: isElsewhere ? { rpc: activeRpcMetadata() } : undefined,
    });
  }

  /** @internal */
  record(seconds: number, attributes: DurationAttributes): void {
    this.#durations.record(seconds, attributes);
  }

  #activeOf(method: Method, scheme: Scheme): BoundCounter {
    const key = scheme + method;
    let active = this.#activeBy.get(key);
    if (active === undefined) {
      active = this.#active.bind({ 'http.request.method': method, 'url.scheme': scheme });
      this.#activeBy.set(key, active);
    }
    return active;
  }
}

interface Begun {
  readonly method: Method;
  readonly scheme: Scheme;
  readonly version: string | undefined;
  readonly active: BoundCounter;
  /** There when OpenTelemetry's instrumentation measures the request. */
  readonly elsewhere: { readonly rpc: RpcMetadata | undefined } | undefined;
}

/** One request that is being answered. */
export class Exchange {
  /** Finds the template of the route, `/users/:id`, when the request has ended: routers know late. */
  findRoute: (() => string | undefined) | undefined;
  readonly #recorder: HttpRecorder;
  readonly #begun: Begun;
  readonly #start: number;
  #failure: string | undefined;
  #hasEnded = false;

  constructor(recorder: HttpRecorder, begun: Begun) {
    this.#recorder = recorder;
    this.#begun = begun;
    this.#start = recorder.clock.now();
  }

  /** What was thrown; the first counts. It is told of answers with 5xx and of requests that got no answer. */
  fail(error: unknown): void {
    this.#failure ??= errorTypeOf(error);
  }

  /**
   * Records the request. Only the first call does.
   *
   * @param status of the answer; `undefined` when none was sent.
   * @param isComplete whether all of the answer was sent.
   */
  end(status: number | undefined, isComplete: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { method, scheme, version, active, elsewhere } = this.#begun;
    active.add(-1);
    const seconds = (this.#recorder.clock.now() - this.#start) / 1000;
    const route = this.#route();
    if (elsewhere !== undefined) {
      if (elsewhere.rpc !== undefined && route !== undefined) elsewhere.rpc.route ??= route;
      return;
    }
    this.#recorder.record(seconds, {
      'http.request.method': method,
      'url.scheme': scheme,
      'http.response.status_code': status,
      'http.route': route,
      'network.protocol.version': version,
      'error.type': this.#errorType(status, isComplete),
    });
  }

  #route(): string | undefined {
    try {
      return this.findRoute?.();
    } catch (error) {
      noticeOnce('http route', `the route of a request could not be found: ${String(error)}`);
      return undefined;
    }
  }

  #errorType(status: number | undefined, isComplete: boolean): string | undefined {
    if (!isComplete) return this.#failure ?? CLIENT_GONE;
    if (status !== undefined && status < 500) return undefined;
    return this.#failure ?? (status === undefined ? '_OTHER' : String(status));
  }
}

const METHODS: ReadonlySet<string> = new Set(catalogue.HTTP_METHODS);

function knownMethod(method = 'GET'): Method {
  return METHODS.has(method) ? (method as Method) : '_OTHER';
}
