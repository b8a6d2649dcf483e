import { createRequire } from 'node:module';
import type { MeterOptions, MeterProvider } from '@opentelemetry/api';
import type {
  CollectionResult,
  IMetricReader,
  ResourceMetrics,
  ScopeMetrics,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { checkBoolean, checkKnownOptions } from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import { toSeconds, type Duration } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import { noticeOnce } from '../notice.js';
import { CellMeter } from './cell-meter.js';
import { CollectionTime } from './collection-time.js';
import { ExemplarGate } from './exemplar-gate.js';
import { ReaderPort } from './reader-port.js';
import { DEFAULT_CARDINALITY_LIMIT } from './sdk-constants.js';
import { View, type MeterScope } from './view.js';
import type { SeriesWalk, WalkingProducer } from './walk-series.js';

type Resource = ResourceMetrics['resource'];

/** Readers, views and limits of a provider. */
export interface CellMeterProviderOptions {
  /** What produces the metrics. Default: what `@opentelemetry/resources` says by default, which is loaded for it. */
  readonly resource?: Resource;
  /** Those of the SDK or your own. Each belongs to one provider only. */
  readonly readers?: readonly IMetricReader[];
  readonly views?: readonly ViewOptions[];
  /**
   * Series one metric may hold for the life of the process, the one for overflow included, where neither a View nor a
   * reader sets another limit. At least 2.
   * @default 2000
   */
  readonly cardinalityLimit?: number;
  /**
   * After this time without a measurement a series is removed: seconds, or text with a unit. It is looked at when somebody
   * collects; what a delta reader has not collected stays for it. Default: never.
   */
  readonly seriesIdleTimeout?: Duration;
  /** Whether measurements within a sampled span become exemplars. Costs nothing while nobody traces. @default true */
  readonly exemplars?: boolean;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** How long to wait for readers, in milliseconds; without it, for as long as they take. */
export interface FlushOptions {
  readonly timeoutMillis?: number;
}

const OPTION_NAMES = [
  'resource',
  'readers',
  'views',
  'cardinalityLimit',
  'seriesIdleTimeout',
  'exemplars',
  'clock',
] as const;

const require = createRequire(import.meta.url);

/**
 * A MeterProvider that keeps what is recorded in cells which all of its readers share: a measurement finds its cell by
 * its attributes, or is bound to it, and adds to plain numbers. Readers and exporters of the OpenTelemetry SDK collect from
 * it as from the SDK's own provider.
 *
 * ```ts
 * const provider = new CellMeterProvider({ readers: [new PrometheusExporter()] });
 * metrics.setGlobalMeterProvider(provider);
 * ```
 */
export class CellMeterProvider implements MeterProvider {
  readonly #resource: Resource;
  readonly #views: readonly View[];
  readonly #readers: readonly ReaderPort[];
  readonly #clock: Clock;
  readonly #time: CollectionTime;
  readonly #gate: ExemplarGate | undefined;
  readonly #idleTimeoutMs: number | undefined;
  readonly #meters = new Map<string, CellMeter>();
  #isShutDown = false;

  /** @throws {InvalidOptionError} for Views that select nothing, or rename several instruments at once. */
  constructor(options: CellMeterProviderOptions = {}) {
    checkKnownOptions('CellMeterProvider', options, OPTION_NAMES);
    const { readers = [], views = [], clock = systemClock } = options;
    const limit = checkLimit(options.cardinalityLimit ?? DEFAULT_CARDINALITY_LIMIT);
    this.#resource = options.resource ?? defaultResource();
    this.#views = views.map((view) => new View(view));
    this.#clock = clock;
    this.#time = new CollectionTime(clock);
    this.#gate = checkBoolean('exemplars', options.exemplars ?? true) ? new ExemplarGate(clock) : undefined;
    const { seriesIdleTimeout } = options;
    if (seriesIdleTimeout !== undefined)
      this.#idleTimeoutMs = toSeconds('seriesIdleTimeout', seriesIdleTimeout) * 1000;
    this.#readers = readers.map((reader) => new ReaderPort(reader, limit));
    for (const port of this.#readers) {
      const producer: WalkingProducer = {
        collect: (asked) => inTurn(port, () => this.#collect(port, asked?.timeoutMillis)),
        walkSeries: (asked) => inTurn(port, () => this.#walk(port, asked?.timeoutMillis)),
      };
      port.reader.setMetricProducer(producer);
    }
  }

  getMeter(name: string, version = '', { schemaUrl }: MeterOptions = {}): CellMeter {
    if (this.#isShutDown) {
      noticeOnce(
        'meter after shutdown',
        'a meter was asked for after shutdown; what it records goes nowhere',
      );
      return this.#makeMeter({ name, version, schemaUrl }, []);
    }
    const identity = JSON.stringify([name, version, schemaUrl]);
    let meter = this.#meters.get(identity);
    if (meter === undefined) {
      meter = this.#makeMeter({ name, version, schemaUrl }, this.#readers);
      this.#meters.set(identity, meter);
    }
    return meter;
  }

  /** Whether what is recorded goes nowhere any more. */
  get isShutDown(): boolean {
    return this.#isShutDown;
  }

  /** Whether somebody else than the library of this name has made an instrument of that name. */
  isMeasuredBesides(library: string, instrument: string): boolean {
    for (const meter of this.#meters.values())
      if (meter.library !== library && meter.hasInstrument(instrument)) return true;
    return false;
  }

  /** Lets every reader export what there is now. Rejects when one of them does. */
  async forceFlush(options?: FlushOptions): Promise<void> {
    if (this.#isShutDown) {
      noticeOnce('flush after shutdown', 'forceFlush was called after shutdown; nothing is exported');
      return;
    }
    await Promise.all(this.#readers.map(({ reader }) => reader.forceFlush(options)));
  }

  /** Flushes and ends every reader. Instruments still record, into what nobody reads any more. */
  async shutdown(options?: FlushOptions): Promise<void> {
    if (this.#isShutDown) {
      noticeOnce('shutdown twice', 'shutdown was called twice; the second call does nothing');
      return;
    }
    this.#isShutDown = true;
    try {
      await Promise.all(this.#readers.map(({ reader }) => reader.shutdown(options)));
    } finally {
      this.#gate?.close();
    }
  }

  #makeMeter(scope: MeterScope, readers: readonly ReaderPort[]): CellMeter {
    const kept = { time: this.#time, gate: this.#gate, idleTimeoutMs: this.#idleTimeoutMs };
    return new CellMeter({ scope, views: this.#views, readers, ...kept }, this.#clock);
  }

  async #collect(port: ReaderPort, timeoutMs: number | undefined): Promise<CollectionResult> {
    const { meters, rounds, endTime, errors } = await this.#observe(port, timeoutMs);
    const scopeMetrics: ScopeMetrics[] = [];
    for (const [index, meter] of meters.entries()) {
      const collected = meter.collect(port, endTime, rounds[index]!.observations);
      if (collected !== undefined) scopeMetrics.push(collected);
    }
    port.lastCollection = endTime;
    return { resourceMetrics: { resource: this.#resource, scopeMetrics }, errors };
  }

  async #walk(port: ReaderPort, timeoutMs: number | undefined): Promise<SeriesWalk> {
    const { meters, rounds, endTime, errors } = await this.#observe(port, timeoutMs);
    const metrics = meters.flatMap((meter, index) => meter.walk(port, endTime, rounds[index]!.observations));
    port.lastCollection = endTime;
    return { resource: this.#resource, metrics, errors };
  }

  /** Asks the callbacks. Afterwards nothing may wait, so that all metrics are of the same moment. */
  async #observe(port: ReaderPort, timeoutMs: number | undefined) {
    const meters = [...this.#meters.values()];
    const rounds = await Promise.all(meters.map((meter) => meter.observe(port, timeoutMs)));
    const errors = rounds.flatMap((round) => round.errors);
    return { meters, rounds, errors, endTime: this.#time.now() };
  }
}

/** One collection after the other: a callback must not run twice at the same time for one reader. */
async function inTurn<Result>(port: ReaderPort, collect: () => Promise<Result>): Promise<Result> {
  while (port.collecting !== undefined) await port.collecting;
  const collected = collect();
  port.collecting = collected.then(
    () => (port.collecting = undefined),
    () => (port.collecting = undefined),
  );
  return collected;
}

function checkLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 2) return limit;
  throw new InvalidOptionError('cardinalityLimit', 'an integer of at least 2', limit);
}

function defaultResource(): Resource {
  const resources = require('@opentelemetry/resources') as typeof import('@opentelemetry/resources');
  return resources.defaultResource();
}
