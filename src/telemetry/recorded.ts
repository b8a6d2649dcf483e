import type { Meter } from '@opentelemetry/api';
import type { Cell, CellMaker } from './cells.js';
import type { MeterConnection } from './connection.js';
import { boundariesOf, type InstrumentDefinition } from './definition.js';
import { SdkHandle, type BoundSeries } from './sdk-handle.js';
import { SeriesTable, type KeptAttributes } from './series.js';

/** An instrument that is recorded into, with its series. */
export class Recorded<C extends Cell> {
  readonly definition: InstrumentDefinition;
  readonly series: SeriesTable<C>;
  readonly makeCell: CellMaker<C>;
  readonly #sdk: SdkHandle;
  #connections = 0;

  /** Without a connection it is never exported. */
  constructor(
    definition: InstrumentDefinition,
    limit: number,
    connection: MeterConnection | undefined,
    makeCell: CellMaker<C>,
  ) {
    this.definition = definition;
    this.makeCell = makeCell;
    const sdk = new SdkHandle(definition.kind, connection);
    this.#sdk = sdk;
    this.series = new SeriesTable(definition.name, limit, (attributes) => makeCell(attributes, sdk));
  }

  connect(meter: Meter | undefined): void {
    const sdk = this.#sdk;
    sdk.isLive = meter !== undefined;
    this.#connections += 1;
    sdk.epoch = sdk.isLive ? this.#connections : Number.NaN;
    sdk.add = undefined;
    sdk.record = undefined;
    sdk.bind = undefined;
    if (meter === undefined) return;
    const { name, kind, unit, description } = this.definition;
    const options = { unit, description };
    if (kind === 'histogram') {
      const advice = { explicitBucketBoundaries: [...boundariesOf(this.definition)] };
      const histogram = meter.createHistogram(name, { ...options, advice });
      sdk.record = (value, attributes) => histogram.record(value, attributes);
      if (isBindable(histogram)) sdk.bind = (attributes) => histogram.bind(attributes);
    } else if (kind === 'gauge') {
      const gauge = meter.createGauge(name, options);
      sdk.record = (value, attributes) => gauge.record(value, attributes);
    } else {
      const counter =
        kind === 'counter' ? meter.createCounter(name, options) : meter.createUpDownCounter(name, options);
      sdk.add = (value, attributes) => counter.add(value, attributes);
    }
  }

  flush(): void {
    for (const cell of this.series) cell.flush();
  }
}

interface Bindable {
  bind(attributes: KeptAttributes): BoundSeries;
}

/** Told by what it can do, not by its class: OpenTelemetry specifies `bind`, so others may have it one day. */
function isBindable<Instrument extends object>(instrument: Instrument): instrument is Instrument & Bindable {
  return 'bind' in instrument && typeof instrument.bind === 'function';
}
