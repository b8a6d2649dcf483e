import type { Meter, Observable, ObservableResult } from '@opentelemetry/api';
import type { Attributes, InstrumentDefinition } from './definition.js';
import { noticeOnce } from './notice.js';
import type { Reading } from './reading.js';
import { SeriesTable, type KeptAttributes } from './series.js';

/** Reads an owner's present values and reports each. Must not reset, wait or throw. */
export type Observer<Owner, A> = (owner: Owner, report: (value: number, attributes?: A) => void) => void;

interface Source {
  readonly owner: WeakRef<object>;
  readonly read: Observer<object, Attributes>;
}

interface Slot {
  readonly attributes: KeptAttributes;
  value: number;
  isReported: boolean;
}

/** An instrument that is asked. Owners are held weakly: a forgotten cache must not live on for its gauge. */
export class Observed {
  readonly definition: InstrumentDefinition;
  instrument: Observable | undefined;
  readonly #series: SeriesTable<Slot>;
  readonly #sources = new Set<Source>();

  constructor(definition: InstrumentDefinition, limit: number) {
    this.definition = definition;
    this.#series = new SeriesTable(definition.name, limit, (attributes) => ({
      attributes,
      value: 0,
      isReported: false,
    }));
  }

  add(owner: object, read: Observer<object, Attributes>): () => void {
    const source: Source = { owner: new WeakRef(owner), read };
    this.#sources.add(source);
    return () => this.#sources.delete(source);
  }

  connect(meter: Meter | undefined): void {
    this.instrument = undefined;
    if (meter === undefined) return;
    const { name, kind, unit, description } = this.definition;
    const options = { unit, description };
    const instrument =
      kind === 'observableCounter'
        ? meter.createObservableCounter(name, options)
        : kind === 'observableUpDownCounter'
          ? meter.createObservableUpDownCounter(name, options)
          : meter.createObservableGauge(name, options);
    instrument.addCallback((result) => this.#observe(result));
    this.instrument = instrument;
  }

  read(): Reading[] {
    const { name, kind, unit } = this.definition;
    return this.#collect().map(({ attributes, value }) => ({ name, kind, unit, attributes, value }));
  }

  #observe(result: ObservableResult): void {
    for (const { value, attributes } of this.#collect()) result.observe(value, attributes);
  }

  #collect(): Slot[] {
    for (const slot of this.#series) {
      slot.value = 0;
      slot.isReported = false;
    }
    const isAdded = this.definition.kind !== 'observableGauge';
    for (const source of this.#sources) {
      const owner = source.owner.deref();
      if (owner === undefined) {
        this.#sources.delete(source);
        continue;
      }
      try {
        source.read(owner, (value, attributes) => {
          if (typeof value !== 'number' || !Number.isFinite(value)) return;
          const slot = this.#series.find(attributes);
          slot.value = isAdded ? slot.value + value : value;
          slot.isReported = true;
        });
      } catch (error) {
        noticeOnce(
          `observer ${this.definition.name}`,
          `reading ${this.definition.name} failed: ${String(error)}`,
        );
      }
    }
    return [...this.#series].filter((slot) => slot.isReported);
  }
}
