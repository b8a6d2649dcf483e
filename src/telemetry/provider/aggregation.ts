import type { AggregationOption } from '@opentelemetry/sdk-metrics';
import { noticeOnce } from '../notice.js';
import { allowsNegative, isBoundaries, isObservable, type InstrumentDescriptor } from './descriptor.js';
import * as sdk from './sdk-constants.js';
import type { BucketOptions } from './tally/bucket-tallies.js';
import type { ExponentialOptions } from './tally/exponential-tally.js';

/** How the measurements of one instrument become points, with everything that had a default filled in. */
export type Aggregation = { readonly kind: 'drop' } | KeptAggregation;

export type KeptAggregation =
  | { readonly kind: 'lastValue' }
  | { readonly kind: 'sum'; readonly isMonotonic: boolean }
  | ({ readonly kind: 'buckets' } & BucketOptions)
  | ({ readonly kind: 'exponential' } & ExponentialOptions);

const DEFAULT_MAX_SIZE = 160;
const SMALLEST_MAX_SIZE = 2;

const KNOWN_TYPES: ReadonlySet<unknown> = new Set([
  sdk.AGGREGATE_BY_DEFAULT,
  sdk.AGGREGATE_NOTHING,
  sdk.AGGREGATE_SUM,
  sdk.AGGREGATE_LAST_VALUE,
  sdk.AGGREGATE_EXPLICIT_BUCKETS,
  sdk.AGGREGATE_EXPONENTIAL_BUCKETS,
]);

/** Instruments that say themselves how far they count, and so never go down. */
const MONOTONIC: ReadonlySet<sdk.InstrumentType> = new Set(['COUNTER', 'OBSERVABLE_COUNTER', 'HISTOGRAM']);

/**
 * The aggregation a View or a reader asks for, fitted to the instrument. `undefined` for one that makes no sense for it:
 * what is observed is a total, or a state, and no population of values of which a histogram could be made.
 */
export function resolveAggregation(
  option: AggregationOption,
  descriptor: InstrumentDescriptor,
): Aggregation | undefined {
  switch (option.type) {
    case sdk.AGGREGATE_NOTHING:
      return { kind: 'drop' };
    case sdk.AGGREGATE_SUM:
      return { kind: 'sum', isMonotonic: MONOTONIC.has(descriptor.type) };
    case sdk.AGGREGATE_LAST_VALUE:
      return { kind: 'lastValue' };
    case sdk.AGGREGATE_EXPLICIT_BUCKETS:
    case sdk.AGGREGATE_EXPONENTIAL_BUCKETS:
      return isObservable(descriptor.type) ? undefined : histogram(option, descriptor);
    default:
      return defaultAggregation(descriptor);
  }
}

/** Whether a View or a reader asks for something there is; its options are not looked at. */
export function isAggregation(option: unknown): option is AggregationOption {
  return KNOWN_TYPES.has((option as Partial<AggregationOption> | null | undefined)?.type);
}

export function defaultAggregation(descriptor: InstrumentDescriptor): Aggregation {
  const { type, advice } = descriptor;
  if (type.endsWith('GAUGE')) return { kind: 'lastValue' };
  if (type !== 'HISTOGRAM') return { kind: 'sum', isMonotonic: MONOTONIC.has(type) };
  return buckets(advice.explicitBucketBoundaries ?? sdk.DEFAULT_BOUNDARIES, true, descriptor);
}

/** Readers whose aggregations have the same text can share what is recorded. */
export function textOf(aggregation: Aggregation): string {
  return JSON.stringify(aggregation);
}

type HistogramOption = Extract<AggregationOption, { options?: object }>;

function histogram(option: HistogramOption, descriptor: InstrumentDescriptor): Aggregation {
  const hasMinMax = option.options?.recordMinMax ?? true;
  if (option.type === sdk.AGGREGATE_EXPLICIT_BUCKETS) {
    return buckets(option.options?.boundaries ?? sdk.DEFAULT_BOUNDARIES, hasMinMax, descriptor);
  }
  const maxSize = Math.max(option.options?.maxSize ?? DEFAULT_MAX_SIZE, SMALLEST_MAX_SIZE);
  return { kind: 'exponential', maxSize, hasMinMax, hasSum: !allowsNegative(descriptor.type) };
}

function buckets(
  boundaries: readonly number[],
  hasMinMax: boolean,
  { name, type }: InstrumentDescriptor,
): Aggregation {
  let usable = boundaries;
  if (!isBoundaries(boundaries)) {
    noticeOnce(`boundaries ${name}`, `${name}: bucket boundaries must be numbers; the defaults are used`);
    usable = sdk.DEFAULT_BOUNDARIES;
  }
  const finite = usable.filter((bound) => Number.isFinite(bound)).toSorted((a, b) => a - b);
  return { kind: 'buckets', boundaries: finite, hasMinMax, hasSum: !allowsNegative(type) };
}
