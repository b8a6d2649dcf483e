import type { Attributes, Context, Counter, Gauge, Histogram, UpDownCounter } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import { usableValue } from './measurement.js';
import type { RecordedStream } from './recorded-stream.js';
import { recordToAll, talliesOf, type Recorder } from './recorder.js';
import type { Tally } from './tally/tally.js';

// One class for each kind, though they look alike: V8 then sees one kind of tally at each call and inlines it. The look
// at the value is written out for the same reason. Whatever is rare has a function of its own: V8 inlines small ones only.

const LOWEST = -Number.MAX_VALUE;

/** A counter, or one that goes up and down. */
export class CellCounter implements Counter, UpDownCounter {
  readonly #recorder: Recorder;
  readonly #only: RecordedStream | undefined;
  readonly #isInteger: boolean;
  readonly #lowest: number;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#only = onlyStreamOf(recorder);
    this.#isInteger = recorder.descriptor.valueType === ValueType.INT;
    this.#lowest = recorder.descriptor.type === 'COUNTER' ? 0 : LOWEST;
  }

  add(value: number, attributes?: Attributes, context?: Context): void {
    let usable: number | undefined = value;
    if (this.#isInteger || !(typeof value === 'number' && value >= this.#lowest && value < Infinity)) {
      usable = usableValue(value, this.#recorder.descriptor, this.#lowest < 0);
      if (usable === undefined) return;
    }
    if (this.#only === undefined) recordToAll(this.#recorder, usable, attributes, context);
    else this.#only.find(attributes, context).record(usable);
  }

  /**
   * The series of these attributes, found once: adding to it costs a few nanoseconds and allocates nothing. Views are
   * applied and the limit of series is looked at now; attributes are copied.
   */
  bind(attributes?: Attributes): BoundCellCounter {
    return new BoundCellCounter(this.#recorder, attributes);
  }
}

export class BoundCellCounter {
  readonly #recorder: Recorder;
  readonly #tally: Tally | undefined;
  readonly #others: readonly Tally[] | undefined;
  readonly #isInteger: boolean;
  readonly #lowest: number;

  constructor(recorder: Recorder, attributes: Attributes | undefined) {
    const [tally, ...others] = talliesOf(recorder, attributes);
    this.#recorder = recorder;
    this.#tally = tally;
    this.#others = others.length > 0 ? others : undefined;
    this.#isInteger = recorder.descriptor.valueType === ValueType.INT;
    this.#lowest = recorder.descriptor.type === 'COUNTER' ? 0 : LOWEST;
  }

  add(value: number): void {
    if (this.#isInteger || !(typeof value === 'number' && value >= this.#lowest && value < Infinity))
      return this.#addUnusual(value);
    this.#tally?.record(value);
    if (this.#others !== undefined) recordInto(this.#others, value);
  }

  #addUnusual(value: number): void {
    const usable = usableValue(value, this.#recorder.descriptor, this.#lowest < 0);
    if (usable === undefined) return;
    this.#tally?.record(usable);
    if (this.#others !== undefined) recordInto(this.#others, usable);
  }
}

export class CellHistogram implements Histogram {
  readonly #recorder: Recorder;
  readonly #only: RecordedStream | undefined;
  readonly #isInteger: boolean;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#only = onlyStreamOf(recorder);
    this.#isInteger = recorder.descriptor.valueType === ValueType.INT;
  }

  record(value: number, attributes?: Attributes, context?: Context): void {
    let usable: number | undefined = value;
    if (this.#isInteger || !(typeof value === 'number' && value >= 0 && value < Infinity)) {
      usable = usableValue(value, this.#recorder.descriptor, false);
      if (usable === undefined) return;
    }
    if (this.#only === undefined) recordToAll(this.#recorder, usable, attributes, context);
    else this.#only.find(attributes, context).record(usable);
  }

  /** As that of {@link CellCounter}. */
  bind(attributes?: Attributes): BoundCellHistogram {
    return new BoundCellHistogram(this.#recorder, attributes);
  }
}

export class BoundCellHistogram {
  readonly #recorder: Recorder;
  readonly #tally: Tally | undefined;
  readonly #others: readonly Tally[] | undefined;
  readonly #isInteger: boolean;

  constructor(recorder: Recorder, attributes: Attributes | undefined) {
    const [tally, ...others] = talliesOf(recorder, attributes);
    this.#recorder = recorder;
    this.#tally = tally;
    this.#others = others.length > 0 ? others : undefined;
    this.#isInteger = recorder.descriptor.valueType === ValueType.INT;
  }

  record(value: number): void {
    if (this.#isInteger || !(typeof value === 'number' && value >= 0 && value < Infinity))
      return this.#recordUnusual(value);
    this.#tally?.record(value);
    if (this.#others !== undefined) recordInto(this.#others, value);
  }

  #recordUnusual(value: number): void {
    const usable = usableValue(value, this.#recorder.descriptor, false);
    if (usable === undefined) return;
    this.#tally?.record(usable);
    if (this.#others !== undefined) recordInto(this.#others, usable);
  }
}

export class CellGauge implements Gauge {
  readonly #recorder: Recorder;
  readonly #only: RecordedStream | undefined;
  readonly #isInteger: boolean;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#only = onlyStreamOf(recorder);
    this.#isInteger = recorder.descriptor.valueType === ValueType.INT;
  }

  record(value: number, attributes?: Attributes, context?: Context): void {
    let usable: number | undefined = value;
    if (this.#isInteger || !(typeof value === 'number' && value >= LOWEST && value < Infinity)) {
      usable = usableValue(value, this.#recorder.descriptor, true);
      if (usable === undefined) return;
    }
    if (this.#only === undefined) recordToAll(this.#recorder, usable, attributes, context);
    else this.#only.find(attributes, context).record(usable);
  }

  /** As that of {@link CellCounter}. */
  bind(attributes?: Attributes): BoundCellGauge {
    return new BoundCellGauge(this.#recorder, attributes);
  }
}

export class BoundCellGauge {
  readonly #recorder: Recorder;
  readonly #tallies: readonly Tally[];

  constructor(recorder: Recorder, attributes: Attributes | undefined) {
    this.#recorder = recorder;
    this.#tallies = talliesOf(recorder, attributes);
  }

  record(value: number): void {
    const usable = usableValue(value, this.#recorder.descriptor, true);
    if (usable !== undefined) recordInto(this.#tallies, usable);
  }
}

function recordInto(tallies: readonly Tally[], value: number): void {
  for (const tally of tallies) tally.record(value);
}

function onlyStreamOf({ streams }: Recorder): RecordedStream | undefined {
  return streams.length === 1 ? streams[0] : undefined;
}
