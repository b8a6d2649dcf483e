import type { PointValue } from '../../telemetry/provider/tally/tally.js';
import type { SeriesWalk, WalkedMetric } from '../../telemetry/provider/walk-series.js';
import type { MergeableValue } from './add-values.js';
import type { ReportedMetric, ReportedPoint } from './messages.js';

/** Series in one message: each is made into text, and read, in one go. */
const SERIES_AT_ONCE = 500;

/**
 * What a process measured, for others to add up: in pieces that nobody is held up by, each read when it is asked for. At
 * least one.
 */
export function* partsOf({ metrics }: SeriesWalk): Generator<ReportedMetric[], void> {
  let part: ReportedMetric[] = [];
  let room = SERIES_AT_ONCE;
  for (const metric of metrics) {
    let points: ReportedPoint[] = [];
    for (let position = 0; position < metric.size; position++) {
      const point = pointAt(metric, position);
      if (point === undefined) continue;
      points.push(point);
      room -= 1;
      if (room > 0) continue;
      yield [...part, reported(metric, points)];
      [part, points, room] = [[], [], SERIES_AT_ONCE];
    }
    if (points.length > 0) part.push(reported(metric, points));
  }
  yield part;
}

function reported(metric: WalkedMetric, points: readonly ReportedPoint[]): ReportedMetric {
  const { scope, dataPointType, isMonotonic } = metric;
  const { name, unit, description } = metric.descriptor;
  return { scope, descriptor: { name, unit, description }, dataPointType, isMonotonic, points };
}

function pointAt(metric: WalkedMetric, position: number): ReportedPoint | undefined {
  const attributes = metric.attributes(position);
  const value = metric.value(position);
  if (attributes === undefined || value === undefined) return undefined;
  return { attributes, value: copyOf(value), exemplars: metric.exemplars?.(position) };
}

/**
 * Of an object that is used again. Without extremes: nobody shows them, and of nothing they are infinite, which JSON does
 * not know.
 */
function copyOf(value: PointValue): MergeableValue {
  if (typeof value === 'number') return value;
  const { min: _min, max: _max, ...rest } = value;
  if (!('buckets' in rest)) return rest;
  const { boundaries, counts } = rest.buckets;
  return { ...rest, buckets: { boundaries, counts: counts.slice() } };
}
