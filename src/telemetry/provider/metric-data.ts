import type { Attributes, HrTime } from '@opentelemetry/api';
import type { AggregationTemporality, MetricData } from '@opentelemetry/sdk-metrics';
import type { KeptAggregation } from './aggregation.js';
import type { InstrumentDescriptor } from './descriptor.js';
import * as sdk from './sdk-constants.js';
import type { PointValue } from './tally/tally.js';
import type { PointExemplar } from './walk-series.js';

export interface Point {
  readonly attributes: Attributes;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly value: PointValue;
  /** Not part of the SDK's data model; exporters that do not know them leave them out. Absent where there are none. */
  readonly exemplars?: readonly PointExemplar[];
}

/** The points of a stream as exporters take them. `undefined` when there are none. */
export function metricDataOf(
  descriptor: InstrumentDescriptor,
  aggregation: KeptAggregation,
  aggregationTemporality: AggregationTemporality,
  dataPoints: readonly Point[],
): MetricData | undefined {
  if (dataPoints.length === 0) return undefined;
  const metric = { descriptor, aggregationTemporality, dataPointType: pointTypeOf(aggregation), dataPoints };
  // The kind of the aggregation decided what its tallies return, so the points fit their type.
  return (aggregation.kind === 'sum'
    ? { ...metric, isMonotonic: aggregation.isMonotonic }
    : metric) as unknown as MetricData;
}

export function pointTypeOf({ kind }: KeptAggregation): MetricData['dataPointType'] {
  if (kind === 'sum') return sdk.SUM_POINTS;
  if (kind === 'buckets') return sdk.HISTOGRAM_POINTS;
  return kind === 'exponential' ? sdk.EXPONENTIAL_HISTOGRAM_POINTS : sdk.GAUGE_POINTS;
}
