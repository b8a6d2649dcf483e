import type { Attributes, Context, Counter, Gauge, Histogram, UpDownCounter } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import { BoundSeries } from './bound-series.js';
import { usableValue } from './measurement.js';
import type { RecordedStream } from './recorded-stream.js';
import { recordToAll, removeFromAll, type Recorder } from './recorder.js';

// One class for each kind, though they look alike: V8 then sees one kind of tallies at each call and inlines it. The look
// at the value is written out for the same reason. Whatever is rare has a function of its own: V8 inlines small ones only.

const LOWEST = -Number.MAX_VALUE;

/** A counter, or one that goes up and down. */
export class CellCounter implements Counter, UpDownCounter {
  readonly #recorder: Recorder;
  readonly #only: RecordedStream | undefined;
  readonly #lowest: number;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#only = onlyStreamOf(recorder);
    this.#lowest = recorder.descriptor.type === 'COUNTER' ? 0 : LOWEST;
  }

  add(value: number, attributes?: Attributes, context?: Context): void {
    const stream = this.#only;
    if (stream === undefined || !(typeof value === 'number' && value >= this.#lowest && value < Infinity))
      return recordUnusual(this.#recorder, value, this.#lowest < 0, attributes, context);
    const series = stream.find(attributes, context);
    stream.tallies.record(series, value);
    if (stream.follower !== undefined) stream.follower.recorded(series, value, attributes, context);
  }

  /**
   * The series of these attributes, found once: adding to it costs a few nanoseconds and allocates nothing. Views are
   * applied and the limit of series is looked at now; attributes are copied.
   */
  bind(attributes?: Attributes): BoundCellCounter {
    return new BoundCellCounter(this.#recorder, attributes, this.#lowest);
  }

  /**
   * Forgets the series of these attributes: it is exported no more, and its place is free for another. Recording under
   * them again starts a new one at zero, bound series included. Tells whether there was one.
   */
  remove(attributes?: Attributes): boolean {
    return removeFromAll(this.#recorder, attributes);
  }
}

/** Adds to one series of a counter. */
export class BoundCellCounter extends BoundSeries {
  readonly #lowest: number;

  constructor(recorder: Recorder, attributes: Attributes | undefined, lowest: number) {
    super(recorder, attributes, lowest < 0);
    this.#lowest = lowest;
  }

  add(value: number): void {
    const isUsable = typeof value === 'number' && value >= this.#lowest && value < Infinity;
    if (!isUsable || this.cellEpoch !== this.epochs.epoch) return this.recordUnusual(value);
    this.cell!.record(value);
  }
}

/** OpenTelemetry's histogram, which can be bound. */
export class CellHistogram implements Histogram {
  readonly #recorder: Recorder;
  readonly #only: RecordedStream | undefined;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#only = onlyStreamOf(recorder);
  }

  record(value: number, attributes?: Attributes, context?: Context): void {
    const stream = this.#only;
    if (stream === undefined || !(typeof value === 'number' && value >= 0 && value < Infinity))
      return recordUnusual(this.#recorder, value, false, attributes, context);
    const series = stream.find(attributes, context);
    stream.tallies.record(series, value);
    if (stream.follower !== undefined) stream.follower.recorded(series, value, attributes, context);
  }

  /** As that of {@link CellCounter}. */
  bind(attributes?: Attributes): BoundCellHistogram {
    return new BoundCellHistogram(this.#recorder, attributes, false);
  }

  /** As that of {@link CellCounter}. */
  remove(attributes?: Attributes): boolean {
    return removeFromAll(this.#recorder, attributes);
  }
}

/** Records into one series of a histogram. */
export class BoundCellHistogram extends BoundSeries {
  record(value: number): void {
    const isUsable = typeof value === 'number' && value >= 0 && value < Infinity;
    if (!isUsable || this.cellEpoch !== this.epochs.epoch) return this.recordUnusual(value);
    this.cell!.record(value);
  }
}

/** OpenTelemetry's gauge, which can be bound. */
export class CellGauge implements Gauge {
  readonly #recorder: Recorder;
  readonly #only: RecordedStream | undefined;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#only = onlyStreamOf(recorder);
  }

  record(value: number, attributes?: Attributes, context?: Context): void {
    const stream = this.#only;
    if (stream === undefined || !(typeof value === 'number' && value >= LOWEST && value < Infinity))
      return recordUnusual(this.#recorder, value, true, attributes, context);
    const series = stream.find(attributes, context);
    stream.tallies.record(series, value);
    if (stream.follower !== undefined) stream.follower.recorded(series, value, attributes, context);
  }

  /** As that of {@link CellCounter}. */
  bind(attributes?: Attributes): BoundCellGauge {
    return new BoundCellGauge(this.#recorder, attributes, true);
  }

  /** As that of {@link CellCounter}. */
  remove(attributes?: Attributes): boolean {
    return removeFromAll(this.#recorder, attributes);
  }
}

/** Sets one series of a gauge. */
export class BoundCellGauge extends BoundSeries {
  record(value: number): void {
    const isUsable = typeof value === 'number' && value >= LOWEST && value < Infinity;
    if (!isUsable || this.cellEpoch !== this.epochs.epoch) return this.recordUnusual(value);
    this.cell!.record(value);
  }
}

/** Values that must be looked at, and instruments that have no stream, several, or integers only. */
function recordUnusual(
  recorder: Recorder,
  value: number,
  isNegativeAllowed: boolean,
  attributes: Attributes | undefined,
  context: Context | undefined,
): void {
  const usable = usableValue(value, recorder.descriptor, isNegativeAllowed);
  if (usable !== undefined) recordToAll(recorder, usable, attributes, context);
}

/** The stream the fast way records into. None where integers are to be made of what is recorded. */
function onlyStreamOf({ streams, descriptor }: Recorder): RecordedStream | undefined {
  return streams.length === 1 && descriptor.valueType !== ValueType.INT ? streams[0] : undefined;
}
