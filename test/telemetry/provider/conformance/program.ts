import type { Attributes } from '@opentelemetry/api';
import type { AggregationOption, ViewOptions } from '@opentelemetry/sdk-metrics';

export const INSTRUMENT_TYPES = [
  'COUNTER',
  'UP_DOWN_COUNTER',
  'HISTOGRAM',
  'GAUGE',
  'OBSERVABLE_COUNTER',
  'OBSERVABLE_UP_DOWN_COUNTER',
  'OBSERVABLE_GAUGE',
] as const;

export type InstrumentType = (typeof INSTRUMENT_TYPES)[number];

export interface MeterSpec {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
}

export interface InstrumentSpec {
  /** Position among the meters. */
  readonly meter: number;
  readonly type: InstrumentType;
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly isInteger: boolean;
  readonly boundaries?: readonly number[];
  /** Whether its callback is one of a batch. */
  readonly isBatch: boolean;
}

export interface ViewSpec extends Omit<ViewOptions, 'attributesProcessors' | 'instrumentType'> {
  readonly instrumentType?: InstrumentType;
  readonly keptNames?: readonly string[];
  readonly deniedNames?: readonly string[];
}

export interface ReaderSpec {
  readonly delta: readonly InstrumentType[];
  readonly aggregations: Readonly<Partial<Record<InstrumentType, AggregationOption>>>;
  readonly cardinalityLimit?: number;
}

export type Observation = readonly [value: number, attributes: Attributes];

export type Step =
  /** `isOursOnly`: what must have no effect. `isSpoilt`: the attributes are changed right after the call. */
  | {
      readonly do: 'record';
      readonly instrument: number;
      readonly value: number;
      readonly attributes: Attributes | null;
      readonly isOursOnly: boolean;
      readonly isSpoilt: boolean;
    }
  /** From now on the callback of the instrument says this; nothing: it throws. */
  | {
      readonly do: 'observe';
      readonly instrument: number;
      readonly observations: readonly Observation[] | undefined;
    }
  | { readonly do: 'collect'; readonly reader: number };

/** What an application might do with a provider. Plain data, so that it can be printed and made smaller. */
export interface Program {
  readonly meters: readonly MeterSpec[];
  readonly readers: readonly ReaderSpec[];
  readonly views: readonly ViewSpec[];
  readonly instruments: readonly InstrumentSpec[];
  readonly steps: readonly Step[];
}
