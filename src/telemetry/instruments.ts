import type { Meter, MeterProvider } from '@opentelemetry/api';
import * as catalogue from './catalogue.js';
import { CounterCell, GaugeCell, HistogramCell, type Cell, type Rejections } from './cells.js';
import { MeterConnection } from './connection.js';
import type { Attributes, AttributesOf, InstrumentDefinition, InstrumentKind } from './definition.js';
import { noticeOnce } from './notice.js';
import { Observed, type Observer } from './observed.js';
import { Recorded } from './recorded.js';
import type { Reading } from './reading.js';
import type { SeriesTable } from './series.js';

export type { MeterProvider };

/** Series one instrument may hold; OpenTelemetry's own default, here for the life of the process. */
export const CARDINALITY_LIMIT = 2000;

export interface InstrumentsOptions {
  /** Records there instead of into the global provider. */
  readonly meterProvider?: MeterProvider;
  /** Series one instrument may hold, the overflow series included. At least 2. @default 2000 */
  readonly cardinalityLimit?: number;
}

/** Counts into one series. */
export interface BoundCounter {
  /** Adds to this series: about 3 ns, nothing allocated. What is no finite number >= 0 is dropped and counted. */
  add(value?: number): void;
}

/** Sets the value of one series. */
export interface BoundGauge {
  /** Sets this series: about 3 ns, nothing allocated. What is no finite number is dropped and counted. */
  record(value: number): void;
}

/** Records into one series. */
export interface BoundHistogram {
  /**
   * Records one value; costs what the provider's `record` costs, with a `CellMeterProvider` some 12 ns. What is no finite
   * number >= 0 is dropped and counted.
   */
  record(value: number): void;
}

/** Counts what only grows. */
export interface Counter<A = Attributes> {
  add(value: number, attributes?: A): void;
  /** The series of these attributes, found once; they are copied, so the object may change afterwards. */
  bind(attributes?: A): BoundCounter;
}

/** Holds the last value of something. */
export interface Gauge<A = Attributes> {
  record(value: number, attributes?: A): void;
  bind(attributes?: A): BoundGauge;
}

/** Records values whose distribution matters. */
export interface Histogram<A = Attributes> {
  record(value: number, attributes?: A): void;
  bind(attributes?: A): BoundHistogram;
}

type Definition<Kind extends InstrumentKind> = InstrumentDefinition<InstrumentDefinition['attributes'], Kind>;
type ObservableDefinition = Definition<'observableCounter' | 'observableUpDownCounter' | 'observableGauge'>;

/**
 * All instruments of one provider. Counters and gauges count in plain fields and are handed to the SDK when it
 * collects (from an observable callback of the same meter), so that a record costs nanoseconds and Views, temporality
 * and every reader stay right. Histograms record directly, into a bound series where the provider has those.
 *
 * Nothing here throws because of what is measured.
 */
export class Instruments {
  readonly #connection: MeterConnection;
  readonly #limit: number;
  readonly #recorded = new Map<string, Recorded<Cell>>();
  readonly #observed = new Map<string, Observed>();
  readonly #rejections: Rejections;

  constructor({ meterProvider, cardinalityLimit = CARDINALITY_LIMIT }: InstrumentsOptions = {}) {
    this.#limit = cardinalityLimit;
    this.#connection = new MeterConnection(meterProvider, (meter) => this.#connect(meter));
    // First, because its observable carries the callback by which all others are flushed.
    this.observe(catalogue.telemetrySeries, this, (instruments, report) => report(instruments.seriesCount));
    const rejected = this.#make(catalogue.telemetryRejected, CounterCell.maker(undefined));
    this.#rejections = {
      count: (reason) => rejected.series.find({ 'perf.telemetry.reason': reason }).add(1),
    };
  }

  counter<D extends Definition<'counter' | 'upDownCounter'>>(definition: D): Counter<AttributesOf<D>> {
    const series = this.counterSeries(definition);
    return {
      add: (value, attributes) => void series.find(attributes as Attributes).add(value),
      bind: (attributes) => series.find(attributes as Attributes),
    };
  }

  gauge<D extends Definition<'gauge'>>(definition: D): Gauge<AttributesOf<D>> {
    const series = this.gaugeSeries(definition);
    return {
      record: (value, attributes) => void series.find(attributes as Attributes).record(value),
      bind: (attributes) => series.find(attributes as Attributes),
    };
  }

  histogram<D extends Definition<'histogram'>>(definition: D): Histogram<AttributesOf<D>> {
    const series = this.histogramSeries(definition);
    return {
      record: (value, attributes) => void series.find(attributes as Attributes).record(value),
      bind: (attributes) => series.find(attributes as Attributes),
    };
  }

  /** The cells of a counter, for who must know what is recorded. */
  counterSeries(definition: Definition<'counter' | 'upDownCounter'>): SeriesTable<CounterCell> {
    return this.#make(definition, CounterCell.maker(this.#rejections)).series;
  }

  gaugeSeries(definition: Definition<'gauge'>): SeriesTable<GaugeCell> {
    return this.#make(definition, GaugeCell.maker(this.#rejections)).series;
  }

  histogramSeries(definition: Definition<'histogram'>): SeriesTable<HistogramCell> {
    return this.#make(definition, HistogramCell.maker(this.#rejections)).series;
  }

  /**
   * Reports values whenever somebody collects, for as long as `owner` lives or until the returned function is called.
   * `read` only reads: it runs once for each reader. Equal attributes of several owners are added up, gauges excepted.
   */
  observe<D extends ObservableDefinition, Owner extends object>(
    definition: D,
    owner: Owner,
    read: Observer<Owner, AttributesOf<D>>,
  ): () => void {
    const key = definition.name.toLowerCase();
    let observed = this.#observed.get(key);
    const known = (observed ?? this.#recorded.get(key))?.definition;
    if (known !== undefined && known.kind !== definition.kind) {
      this.#noteConflict(definition, known);
      return () => {};
    }
    if (observed === undefined) {
      observed = new Observed(definition, this.#limit);
      this.#observed.set(key, observed);
      if (this.#connection.meter !== undefined) observed.connect(this.#connection.meter);
    }
    return observed.add(owner, read as Observer<object, Attributes>);
  }

  /** Follows a provider that was registered, replaced or removed since the last look. */
  refresh(): void {
    this.#connection.refresh();
  }

  /** A measurement somebody else had to drop; counted with the reason. */
  reject(reason: Parameters<Rejections['count']>[0]): void {
    this.#rejections.count(reason);
  }

  /** The kind under which a name is taken, if it is. */
  kindOf(name: string): InstrumentKind | undefined {
    const key = name.toLowerCase();
    return (this.#recorded.get(key) ?? this.#observed.get(key))?.definition.kind;
  }

  get seriesCount(): number {
    let count = 0;
    for (const { series } of this.#recorded.values()) count += series.size;
    return count;
  }

  /** Cumulative values of every series, read without any reader: no exporter notices. */
  read(): Reading[] {
    // First, as for the SDK: what observes may record what it still holds.
    const observed = [...this.#observed.values()].flatMap((each) => each.read());
    const readings: Reading[] = [];
    for (const { definition, series } of this.#recorded.values()) {
      for (const cell of series) readings.push(cell.reading(definition));
    }
    return [...readings, ...observed];
  }

  #make<C extends Cell>(definition: Definition<InstrumentKind>, maker: Recorded<C>['makeCell']): Recorded<C> {
    const key = definition.name.toLowerCase();
    const known = this.#recorded.get(key) ?? this.#observed.get(key);
    if (known === undefined) {
      const made = new Recorded(definition, this.#limit, this.#connection, maker);
      this.#recorded.set(key, made);
      if (this.#connection.refresh()) made.connect(this.#connection.meter);
      return made;
    }
    if (known.definition.kind === definition.kind) return known as unknown as Recorded<C>;
    this.#noteConflict(definition, known.definition);
    // Recorded for nobody: two kinds under one name would be refused by every backend.
    return new Recorded(definition, this.#limit, undefined, maker);
  }

  #noteConflict(definition: InstrumentDefinition, known: InstrumentDefinition): void {
    this.#rejections.count('kind_conflict');
    noticeOnce(
      `conflict ${definition.name} ${definition.kind}`,
      `"${definition.name}" is a ${known.kind} already and cannot be a ${definition.kind} as well; the ${definition.kind} is not exported`,
    );
  }

  #connect(meter: Meter | undefined): void {
    for (const recorded of this.#recorded.values()) recorded.connect(meter);
    for (const observed of this.#observed.values()) observed.connect(meter);
    if (meter === undefined) return;
    // Any observable of this meter carries the callback; the SDK runs callbacks before it reads the other instruments.
    const carrier = this.#observed.get(catalogue.telemetrySeries.name)?.instrument;
    if (carrier !== undefined) meter.addBatchObservableCallback(() => this.#flush(), [carrier]);
  }

  #flush(): void {
    for (const recorded of this.#recorded.values()) recorded.flush();
  }
}

const byProvider = new WeakMap<MeterProvider, Instruments>();
let global: Instruments | undefined;

/** The instruments of a provider, made on first use. Without one: those that follow the global provider. */
export function instrumentsOf(meterProvider?: MeterProvider): Instruments {
  if (meterProvider === undefined) return (global ??= new Instruments());
  let instruments = byProvider.get(meterProvider);
  if (instruments === undefined)
    byProvider.set(meterProvider, (instruments = new Instruments({ meterProvider })));
  return instruments;
}
