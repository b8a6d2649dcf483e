import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CollectionResult, MetricData } from '@opentelemetry/sdk-metrics';
import { noticeOnce } from '../../telemetry/notice.js';
import { CollectedMetric } from '../../telemetry/provider/collected-metric.js';
import { DELTA, GAUGE_POINTS } from '../../telemetry/provider/sdk-constants.js';
import type { SeriesWalk } from '../../telemetry/provider/walk-series.js';

/** How long callbacks may take, in milliseconds. */
export interface CollectOptions {
  readonly timeoutMillis?: number;
}

/** Something metrics can be pulled from: every MetricReader of the SDK. Its temporality must be cumulative. */
export interface MetricSource {
  collect(options?: CollectOptions): Promise<CollectionResult>;
  /** For sources that can do better than making points of everything. `undefined` when they cannot right now. */
  walkSeries?(options?: CollectOptions): Promise<SeriesWalk> | undefined;
}

/** Runs the callbacks of observables once, and returns what there is to read. */
export async function walkSource(source: MetricSource, options: CollectOptions): Promise<SeriesWalk> {
  const walk = source.walkSeries?.(options);
  if (walk !== undefined) return walk;
  const { resourceMetrics, errors } = await source.collect(options);
  // The SDK looks at all series in one go; who waited meanwhile goes first.
  await nextTurn();
  const metrics = resourceMetrics.scopeMetrics.flatMap(({ scope, metrics: collected }) =>
    collected.filter(isCumulative).map((metric) => new CollectedMetric(scope, metric)),
  );
  return { resource: resourceMetrics.resource, metrics, errors };
}

/** What is about an interval means nothing to Prometheus, which does not know when it began. */
function isCumulative(metric: MetricData): boolean {
  if (metric.dataPointType === GAUGE_POINTS || metric.aggregationTemporality !== DELTA) return true;
  const { name } = metric.descriptor;
  noticeOnce(`delta ${name}`, `"${name}" has delta temporality; it is left out of /metrics`);
  return false;
}
