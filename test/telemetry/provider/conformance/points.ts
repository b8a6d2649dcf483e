import { ValueType, type Attributes } from '@opentelemetry/api';
import { AggregationTemporality, type CollectionResult, type MetricData } from '@opentelemetry/sdk-metrics';
import type { InstrumentType } from './program.js';

/** One collected point, flat, in texts that are equal when the point is. */
export interface CollectedPoint {
  readonly meter: string;
  readonly name: string;
  readonly type: InstrumentType;
  readonly unit: string;
  readonly isInteger: boolean;
  /** Scope, descriptor, temporality, kind of points. */
  readonly metric: string;
  readonly isDelta: boolean;
  readonly isSum: boolean;
  readonly isMonotonic: boolean;
  readonly attributes: string;
  readonly value: unknown;
  /** In seconds. */
  readonly start: number;
  readonly end: number;
}

interface FullDescriptor {
  readonly type: InstrumentType;
  readonly advice?: unknown;
}

export function pointsOf({ resourceMetrics }: CollectionResult): CollectedPoint[] {
  return resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.flatMap((metric) => pointsIn(scope, metric)),
  );
}

/** Equal for equal attributes in any order; values that JSON has no word for are `null`. */
export function textOfAttributes(attributes: Attributes): string {
  return JSON.stringify(
    Object.keys(attributes)
      .toSorted()
      .map((name) => [name, attributes[name] ?? null]),
  );
}

function pointsIn(
  scope: { name: string; version?: string; schemaUrl?: string },
  metric: MetricData,
): CollectedPoint[] {
  const { descriptor, aggregationTemporality, dataPointType } = metric;
  const { name, unit, description, valueType } = descriptor;
  const { type, advice } = descriptor as unknown as FullDescriptor;
  const monotonic = 'isMonotonic' in metric ? metric.isMonotonic : undefined;
  const about = [
    [scope.name, scope.version ?? null, scope.schemaUrl ?? null],
    [name, unit, description, valueType, type, advice ?? null],
    [aggregationTemporality, dataPointType, monotonic ?? null],
  ];
  return metric.dataPoints.map(({ attributes, value, startTime, endTime }) => ({
    meter: scope.name,
    name,
    type,
    unit,
    isInteger: valueType === ValueType.INT,
    metric: JSON.stringify(about),
    isDelta: aggregationTemporality === AggregationTemporality.DELTA,
    isSum: monotonic !== undefined,
    isMonotonic: monotonic === true,
    attributes: textOfAttributes(attributes),
    value: typeof value === 'number' ? value : { ...value },
    start: startTime[0] + startTime[1] / 1e9,
    end: endTime[0] + endTime[1] / 1e9,
  }));
}
