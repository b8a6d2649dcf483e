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
  readonly #lowest: number;
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
    this.#lowest = sdk.kind === 'counter' ? 0 : -Infinity;
  }

  /** Whether the value counts: one NaN would poison the series for ever, a text would turn the sum into a text. */
  add(value = 1): boolean {
    const total = typeof value === 'number' ? this.#total + value : Number.NaN;
    if (!(total > -Infinity && total < Infinity && value >= this.#lowest))
      return reject(this.#rejections, value);
    this.#total = total;
    this.#isPending = true;
    if (!this.#sdk.isLive) this.#sdk.refresh();
    return true;
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
  /** NaN for none: as a number it is kept in place, where `undefined` would make each value an object of its own. */
  #last = Number.NaN;

  static maker(rejections: Rejections | undefined): CellMaker<GaugeCell> {
    return (attributes, sdk) => new GaugeCell(attributes, sdk, rejections);
  }

  private constructor(attributes: KeptAttributes, sdk: SdkHandle, rejections: Rejections | undefined) {
    this.attributes = attributes;
    this.#sdk = sdk;
    this.#rejections = rejections;
  }

  /** Whether the value could be kept. */
  record(value: number): boolean {
    const isUsable = typeof value === 'number' && value > -Infinity && value < Infinity;
    if (!isUsable) return reject(this.#rejections, value);
    this.#last = value;
    if (!this.#sdk.isLive) this.#sdk.refresh();
    return true;
  }

  /** Every time, not only after a change: a delta reader forgets a gauge that is not recorded again. */
  flush(): void {
    if (!Number.isNaN(this.#last)) this.#sdk.record?.(this.#last, this.attributes);
  }

  reading({ name, kind, unit }: InstrumentDefinition): Reading {
    return { name, kind, unit, attributes: this.attributes, value: this.#last || 0 };
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
  #epoch = Number.NaN;

  static maker(rejections: Rejections | undefined): CellMaker<HistogramCell> {
    return (attributes, sdk) => new HistogramCell(attributes, sdk, rejections);
  }

  private constructor(attributes: KeptAttributes, sdk: SdkHandle, rejections: Rejections | undefined) {
    this.attributes = attributes;
    this.#sdk = sdk;
    this.#rejections = rejections;
  }

  /** Whether the value could be kept. */
  record(value: number): boolean {
    const isUsable = typeof value === 'number' && value >= 0 && value < Infinity;
    if (!isUsable) return reject(this.#rejections, value);
    if (this.#epoch !== this.#sdk.epoch) this.#follow();
    const series = this.#summarized;
    if (series === undefined) this.#recordCounted(value);
    else series.record(value);
    return true;
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

  /** A provider may have come, or been replaced: by one that binds, or by one that does not. */
  #follow(): void {
    const sdk = this.#sdk;
    if (!sdk.isLive) sdk.refresh();
    if (this.#epoch === sdk.epoch) return;
    const { count = 0, sum = 0 } = this.#summarized?.summary() ?? {};
    this.#count += count;
    this.#sum += sum;
    this.#epoch = sdk.epoch;
    this.#bound = sdk.bind?.(this.attributes);
    this.#summarized = isSummarized(this.#bound) ? this.#bound : undefined;
  }
}

/** Asked now, so that the provider keeps totals from the first value on, whatever its readers take. */
function isSummarized(bound: BoundSeries | undefined): bound is Required<BoundSeries> {
  return bound?.summary?.() !== undefined;
}

function reject(rejections: Rejections | undefined, value: unknown): false {
  rejections?.count(Number.isFinite(value) && (value as number) < 0 ? 'negative' : 'not_a_number');
  return false;
}
