import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { PointExemplar } from '../../telemetry/provider/walk-series.js';
import type { MergeableValue } from './add-values.js';
import type { ReportedMetric, ReportedPoint } from './messages.js';

/** Series in one message: each is made into text, and read, in one go. */
const SERIES_AT_ONCE = 500;

/** Everything a reader collected, for others to add up. */
export function reportOf({ scopeMetrics }: ResourceMetrics): ReportedMetric[] {
  return scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.map((metric) => ({
      scope,
      descriptor: {
        name: metric.descriptor.name,
        unit: metric.descriptor.unit,
        description: metric.descriptor.description,
      },
      dataPointType: metric.dataPointType,
      isMonotonic: 'isMonotonic' in metric && metric.isMonotonic,
      points: pointsOf(metric),
    })),
  );
}

/** In pieces that others are not held up by. At least one. */
export function* partsOf(report: readonly ReportedMetric[]): Generator<ReportedMetric[]> {
  let part: ReportedMetric[] = [];
  let room = SERIES_AT_ONCE;
  for (const metric of report) {
    for (let from = 0; from < metric.points.length;) {
      const points = metric.points.slice(from, from + room);
      part.push({ ...metric, points });
      from += points.length;
      room -= points.length;
      if (room > 0) continue;
      yield part;
      part = [];
      room = SERIES_AT_ONCE;
    }
  }
  yield part;
}

function pointsOf(metric: MetricData): ReportedPoint[] {
  return (metric.dataPoints as readonly CollectedPoint[]).map(({ attributes, value, exemplars }) => ({
    attributes,
    value: withoutExtremes(value),
    exemplars,
  }));
}

type CollectedPoint = MetricData['dataPoints'][number] & { readonly exemplars?: readonly PointExemplar[] };

/** Nobody shows them, and of nothing they are infinite, which JSON does not know. */
function withoutExtremes(value: CollectedPoint['value']): MergeableValue {
  if (typeof value === 'number') return value;
  const { min: _min, max: _max, ...rest } = value;
  return rest;
}
