import type {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  InstrumentType as SdkInstrumentType,
} from '@opentelemetry/sdk-metrics';

// The values of the SDK's enums. Importing them would load the SDK, which is what a provider of our own avoids; a test
// compares them with the installed line.

export type InstrumentType = `${SdkInstrumentType}`;

export const DELTA: AggregationTemporality.DELTA = 0;
export const CUMULATIVE: AggregationTemporality.CUMULATIVE = 1;

export const HISTOGRAM_POINTS: DataPointType.HISTOGRAM = 0;
export const EXPONENTIAL_HISTOGRAM_POINTS: DataPointType.EXPONENTIAL_HISTOGRAM = 1;
export const GAUGE_POINTS: DataPointType.GAUGE = 2;
export const SUM_POINTS: DataPointType.SUM = 3;

export const AGGREGATE_BY_DEFAULT: AggregationType.DEFAULT = 0;
export const AGGREGATE_NOTHING: AggregationType.DROP = 1;
export const AGGREGATE_SUM: AggregationType.SUM = 2;
export const AGGREGATE_LAST_VALUE: AggregationType.LAST_VALUE = 3;
export const AGGREGATE_EXPLICIT_BUCKETS: AggregationType.EXPLICIT_BUCKET_HISTOGRAM = 4;
export const AGGREGATE_EXPONENTIAL_BUCKETS: AggregationType.EXPONENTIAL_HISTOGRAM = 5;

/** Upper bounds of a histogram about which nobody said anything, as OpenTelemetry's specification lists them. */
export const DEFAULT_BOUNDARIES: readonly number[] = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000,
];

export const DEFAULT_CARDINALITY_LIMIT = 2000;
