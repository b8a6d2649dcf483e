import type {
  BatchObservableCallback,
  HrTime,
  Meter,
  MetricOptions,
  Observable as ApiObservable,
} from '@opentelemetry/api';
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { Clock } from '../../clock.js';
import { noticeOnce } from '../notice.js';
import { CallbackRegistry, type Round } from './callback-registry.js';
import { CellCounter, CellGauge, CellHistogram } from './cell-instruments.js';
import { CollectedMetric } from './collected-metric.js';
import { describeInstrument, isSameMetric, type InstrumentDescriptor } from './descriptor.js';
import { Observable, type Observations } from './observable.js';
import type { ReaderPort } from './reader-port.js';
import type { InstrumentType } from './sdk-constants.js';
import { StreamRegistry, type StreamRegistryOptions } from './stream-registry.js';
import type { WalkedMetric } from './walk-series.js';
import { WalkedStream } from './walked-stream.js';

interface Made {
  readonly descriptor: InstrumentDescriptor;
  readonly instrument: unknown;
}

/** Makes the instruments of one scope. Asked twice for the same, it returns the same. */
export class CellMeter implements Meter {
  readonly #streams: StreamRegistry;
  readonly #callbacks: CallbackRegistry;
  readonly #scope: StreamRegistryOptions['scope'];
  /** By their names in lower case. */
  readonly #made = new Map<string, readonly Made[]>();

  constructor(options: StreamRegistryOptions, clock: Clock) {
    this.#streams = new StreamRegistry(options);
    this.#callbacks = new CallbackRegistry(clock);
    this.#scope = options.scope;
  }

  createCounter(name: string, options?: MetricOptions): CellCounter {
    return this.#recorded(name, 'COUNTER', options, CellCounter);
  }

  createUpDownCounter(name: string, options?: MetricOptions): CellCounter {
    return this.#recorded(name, 'UP_DOWN_COUNTER', options, CellCounter);
  }

  createHistogram(name: string, options?: MetricOptions): CellHistogram {
    return this.#recorded(name, 'HISTOGRAM', options, CellHistogram);
  }

  createGauge(name: string, options?: MetricOptions): CellGauge {
    return this.#recorded(name, 'GAUGE', options, CellGauge);
  }

  createObservableCounter(name: string, options?: MetricOptions): ApiObservable {
    return this.#observed(name, 'OBSERVABLE_COUNTER', options);
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): ApiObservable {
    return this.#observed(name, 'OBSERVABLE_UP_DOWN_COUNTER', options);
  }

  createObservableGauge(name: string, options?: MetricOptions): ApiObservable {
    return this.#observed(name, 'OBSERVABLE_GAUGE', options);
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: ApiObservable[]): void {
    this.#callbacks.addBatch(callback, observables);
  }

  removeBatchObservableCallback(callback: BatchObservableCallback, observables: ApiObservable[]): void {
    this.#callbacks.removeBatch(callback, observables);
  }

  /** Name of the library that measures with it. */
  get library(): string {
    return this.#scope.name;
  }

  hasInstrument(name: string): boolean {
    return this.#made.has(name.toLowerCase());
  }

  /** Asks the callbacks for one reader. */
  observe(reader: ReaderPort, timeoutMs: number | undefined): Promise<Round> {
    return this.#callbacks.observe(reader, timeoutMs);
  }

  /** What one reader gets of this scope. `undefined` when there is nothing. */
  collect(reader: ReaderPort, endTime: HrTime, observations: Observations): ScopeMetrics | undefined {
    const metrics: MetricData[] = [];
    for (const stream of this.#streams.recorded) {
      if (stream.isReadBy(reader)) push(metrics, stream.collect(reader, endTime));
    }
    for (const stream of this.#streams.observed) push(metrics, stream.collect(reader, endTime, observations));
    return metrics.length === 0 ? undefined : { scope: this.#scope as ScopeMetrics['scope'], metrics };
  }

  /** As {@link collect} for a cumulative reader, without points of what is recorded. */
  walk(reader: ReaderPort, endTime: HrTime, observations: Observations): WalkedMetric[] {
    const scope = this.#scope as ScopeMetrics['scope'];
    const recorded = this.#streams.recorded.filter((stream) => stream.isReadBy(reader));
    const observed = this.#streams.observed.flatMap((stream) => {
      const metric = stream.collect(reader, endTime, observations);
      return metric === undefined ? [] : [new CollectedMetric(scope, metric)];
    });
    return [...recorded.map((stream) => WalkedStream.of(stream, scope)), ...observed];
  }

  #recorded<Instrument>(
    name: string,
    type: InstrumentType,
    options: MetricOptions | undefined,
    Kind: new (recorder: {
      descriptor: InstrumentDescriptor;
      streams: StreamRegistry['recorded'];
    }) => Instrument,
  ): Instrument {
    return this.#knownOr(describeInstrument(name, type, options), (descriptor) => {
      const streams = this.#streams.recordedFor(descriptor);
      return () => new Kind({ descriptor, streams });
    });
  }

  #observed(name: string, type: InstrumentType, options: MetricOptions | undefined): Observable {
    return this.#knownOr(describeInstrument(name, type, options), (descriptor) => {
      const streams = this.#streams.observedFor(descriptor);
      return () => {
        const observable = new Observable(descriptor, this.#callbacks, streams.length > 0);
        for (const stream of streams) stream.addSource(observable);
        return observable;
      };
    });
  }

  /** `prepare` looks for the streams; for a known instrument only where they may get a longer description. */
  #knownOr<Instrument>(
    given: InstrumentDescriptor,
    prepare: (descriptor: InstrumentDescriptor) => () => Instrument,
  ): Instrument {
    const key = given.name.toLowerCase();
    const namesakes = this.#made.get(key) ?? [];
    const known = namesakes.find(({ descriptor }) => isSameMetric(descriptor, given));
    if (known === undefined) {
      const instrument = prepare(given)();
      this.#made.set(key, [...namesakes, { descriptor: given, instrument }]);
      return instrument;
    }
    const { name, advice, description } = known.descriptor;
    if (name !== given.name || JSON.stringify(advice) !== JSON.stringify(given.advice)) {
      noticeOnce(
        `again ${this.#scope.name} ${name}`,
        `"${given.name}" was created as "${name}" before; name and advice of then are used`,
      );
    }
    if (description !== given.description) prepare({ ...given, name, advice });
    // Instruments of the same type are made by the same class.
    return known.instrument as Instrument;
  }
}

function push(metrics: MetricData[], metric: MetricData | undefined): void {
  if (metric !== undefined) metrics.push(metric);
}
