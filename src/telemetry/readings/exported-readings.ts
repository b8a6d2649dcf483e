import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Cancel } from '../../clock.js';
import type { AttributesOf, InstrumentDefinition } from '../definition.js';
import type { Reading } from '../reading.js';
import type { KeptAttributes } from '../series.js';
import type { ExportTap } from './export-tap.js';

/** One series as an exporter was given it. */
export interface ExportedReading extends Reading {
  readonly kind: 'counter' | 'upDownCounter' | 'gauge' | 'histogram';
  /** Least and greatest recorded value; histograms only, where the SDK keeps them. */
  readonly min?: number;
  readonly max?: number;
  /** Counters and histograms: since the export before, instead of since the start. */
  readonly isDelta: boolean;
}

/**
 * The last exported values of some instruments, whoever made them. They are as old as the last export:
 * for what is to be seen sooner there are the resource tracker and the instruments of this package.
 *
 * Only what is named is kept, so that memory does not grow with what the application measures.
 */
export class ExportedReadings {
  readonly #names: ReadonlySet<string>;
  readonly #last = new Map<string, readonly ExportedReading[]>();
  readonly #listeners = new Set<(readings: readonly ExportedReading[]) => void>();
  readonly #cancel: Cancel;

  constructor(tap: ExportTap, instruments: readonly (InstrumentDefinition | string)[]) {
    this.#names = new Set(instruments.map(nameOf));
    this.#cancel = tap.subscribe((exported) => this.#keep(exported));
  }

  /** Every series of an instrument as it was last exported; empty before that. */
  all(instrument: InstrumentDefinition | string): readonly ExportedReading[] {
    return this.#last.get(nameOf(instrument)) ?? [];
  }

  /** The series with just these attributes. */
  last<Definition extends InstrumentDefinition>(
    instrument: Definition | string,
    attributes: AttributesOf<Definition> = {},
  ): ExportedReading | undefined {
    return this.all(instrument).find((reading) => hasJust(reading.attributes, attributes));
  }

  /** Hears of each export that has some of the instruments. */
  subscribe(listener: (readings: readonly ExportedReading[]) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops listening. What was heard stays. */
  close(): void {
    this.#cancel();
    this.#listeners.clear();
  }

  #keep({ scopeMetrics }: ResourceMetrics): void {
    const heard = new Map<string, ExportedReading[]>();
    for (const { metrics } of scopeMetrics) {
      for (const metric of metrics) {
        const { name } = metric.descriptor;
        // Two libraries may measure under one name.
        if (this.#names.has(name)) heard.set(name, [...(heard.get(name) ?? []), ...readingsIn(metric)]);
      }
    }
    if (heard.size === 0) return;
    for (const [name, readings] of heard) this.#last.set(name, readings);
    const all = [...heard.values()].flat();
    for (const listener of this.#listeners) listener(all);
  }
}

function nameOf(instrument: InstrumentDefinition | string): string {
  return typeof instrument === 'string' ? instrument : instrument.name;
}

function hasJust(attributes: KeptAttributes, wanted: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(wanted);
  return (
    names.length === Object.keys(attributes).length &&
    names.every((name) => attributes[name] === wanted[name])
  );
}

interface HistogramValue {
  readonly count: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

interface Point {
  readonly attributes: KeptAttributes;
  readonly value: number | HistogramValue;
}

function readingsIn(metric: MetricData): ExportedReading[] {
  return (metric.dataPoints as readonly Point[]).map((point) => readingOf(metric, point));
}

/** Of every kind of aggregation: told apart by their shape, as the numbers of the SDK's enums are its own matter. */
function readingOf(metric: MetricData, { attributes, value }: Point): ExportedReading {
  const { name, unit } = metric.descriptor;
  // DELTA is 0 in both lines of the SDK.
  const isDelta = (metric.aggregationTemporality as number) === 0;
  if (typeof value !== 'number') {
    const { count, sum = 0, min, max } = value;
    const extremes = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
    return { name, kind: 'histogram', unit, attributes, value: sum, count, ...extremes, isDelta };
  }
  if (!('isMonotonic' in metric)) return { name, kind: 'gauge', unit, attributes, value, isDelta: false };
  const kind = metric.isMonotonic ? 'counter' : 'upDownCounter';
  return { name, kind, unit, attributes, value, isDelta };
}
