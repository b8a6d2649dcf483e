import type { InstrumentDefinition } from './definition.js';
import type { Reading } from './reading.js';
import type { BoundSeries, SdkHandle } from './sdk-handle.js';
import type { KeptAttributes } from './series.js';

export type RejectionReason =
  'not_a_number' | 'negative' | 'kind_conflict' | 'too_many_names' | 'invalid_name';

/** Counts what could not be recorded. */
export interface Rejections {
  count(reason: RejectionReason): void;
}

/** One series: its attributes and what was recorded so far. */
export interface Cell {
  readonly attributes: KeptAttributes;
  /** Hands to the SDK what it does not know yet. */
  flush(): void;
  reading(definition: InstrumentDefinition): Reading;
}

export type CellMaker<C extends Cell> = (attributes: KeptAttributes, sdk: SdkHandle) => C;

export class CounterCell implements Cell {
  readonly attributes: KeptAttributes;
  readonly #sdk: SdkHandle;
  readonly #rejections: Rejections | undefined;
  readonly #isMonotonic: boolean;
  #total = 0;
  #flushed = 0;
  /** Also after adding zero, or up and down again: the series exists and is to be seen. */
  #isPending = false;

  static maker(rejections: Rejections | undefined): CellMaker<CounterCell> {
    return (attributes, sdk) => new CounterCell(attributes, sdk, rejections);
  }

  private constructor(attributes: KeptAttributes, sdk: SdkHandle, rejections: Rejections | undefined) {
    this.attributes = attributes;
    this.#sdk = sdk;
    this.#rejections = rejections;
    this.#isMonotonic = sdk.kind === 'counter';
  }

  add(value = 1): void {
    // One NaN would poison the series for ever, a text would turn the sum into a text.
    if (typeof value !== 'number') return this.#rejections?.count('not_a_number');
    const total = this.#total + value;
    if (!(total > -Infinity && total < Infinity)) return this.#rejections?.count('not_a_number');
    if (value < 0 && this.#isMonotonic) return this.#rejections?.count('negative');
    this.#total = total;
    this.#isPending = true;
    if (!this.#sdk.isLive) this.#sdk.refresh();
  }

  flush(): void {
    // The last flush of a provider may come after it was unregistered: what is pending then is for the next one.
    if (!this.#isPending || this.#sdk.add === undefined) return;
    const delta = this.#total - this.#flushed;
    this.#flushed = this.#total;
    this.#isPending = false;
    this.#sdk.add(delta, this.attributes);
  }

  reading({ name, kind, unit }: InstrumentDefinition): Reading {
    return { name, kind, unit, attributes: this.attributes, value: this.#total };
  }
}

export class GaugeCell implements Cell {
  readonly attributes: KeptAttributes;
  readonly #sdk: SdkHandle;
  readonly #rejections: Rejections | undefined;
  #last: number | undefined;

  static maker(rejections: Rejections | undefined): CellMaker<GaugeCell> {
    return (attributes, sdk) => new GaugeCell(attributes, sdk, rejections);
  }

  private constructor(attributes: KeptAttributes, sdk: SdkHandle, rejections: Rejections | undefined) {
    this.attributes = attributes;
    this.#sdk = sdk;
    this.#rejections = rejections;
  }

  record(value: number): void {
    if (typeof value !== 'number' || !(value > -Infinity && value < Infinity))
      return this.#rejections?.count('not_a_number');
    this.#last = value;
    if (!this.#sdk.isLive) this.#sdk.refresh();
  }

  /** Every time, not only after a change: a delta reader forgets a gauge that is not recorded again. */
  flush(): void {
    if (this.#last !== undefined) this.#sdk.record?.(this.#last, this.attributes);
  }

  reading({ name, kind, unit }: InstrumentDefinition): Reading {
    return { name, kind, unit, attributes: this.attributes, value: this.#last ?? 0 };
  }
}

export class HistogramCell implements Cell {
  readonly attributes: KeptAttributes;
  readonly #sdk: SdkHandle;
  readonly #rejections: Rejections | undefined;
  /** What the series of the provider in force does not tell. */
  #count = 0;
  #sum = 0;
  #bound: BoundSeries | undefined;
  /** The same, where it counts and adds up itself. */
  #summarized: Required<BoundSeries> | undefined;
  #boundBy: SdkHandle['bind'];

  static maker(rejections: Rejections | undefined): CellMaker<HistogramCell> {
    return (attributes, sdk) => new HistogramCell(attributes, sdk, rejections);
  }

  private constructor(attributes: KeptAttributes, sdk: SdkHandle, rejections: Rejections | undefined) {
    this.attributes = attributes;
    this.#sdk = sdk;
    this.#rejections = rejections;
  }

  record(value: number): void {
    if (typeof value !== 'number' || !(value > -Infinity && value < Infinity))
      return this.#rejections?.count('not_a_number');
    if (value < 0) return this.#rejections?.count('negative');
    const sdk = this.#sdk;
    if (!sdk.isLive) sdk.refresh();
    if (sdk.bind !== this.#boundBy) this.#rebind();
    if (this.#summarized === undefined) this.#recordCounted(value);
    else this.#summarized.record(value);
  }

  flush(): void {}

  reading({ name, kind, unit }: InstrumentDefinition): Reading {
    const { count = 0, sum = 0 } = this.#summarized?.summary() ?? {};
    const { attributes } = this;
    return { name, kind, unit, attributes, value: this.#sum + sum, count: this.#count + count };
  }

  #recordCounted(value: number): void {
    this.#count += 1;
    this.#sum += value;
    if (this.#bound === undefined) this.#sdk.record?.(value, this.attributes);
    else this.#bound.record(value);
  }

  /** After the provider was replaced: by one that binds, or by one that does not. */
  #rebind(): void {
    const { count = 0, sum = 0 } = this.#summarized?.summary() ?? {};
    this.#count += count;
    this.#sum += sum;
    this.#boundBy = this.#sdk.bind;
    this.#bound = this.#boundBy?.(this.attributes);
    this.#summarized = isSummarized(this.#bound) ? this.#bound : undefined;
  }
}

/** Asked now, so that the provider keeps totals from the first value on, whatever its readers take. */
function isSummarized(bound: BoundSeries | undefined): bound is Required<BoundSeries> {
  return bound?.summary?.() !== undefined;
}
