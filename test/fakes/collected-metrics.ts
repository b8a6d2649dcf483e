import type { CollectionResult } from '@opentelemetry/sdk-metrics';
import { CollectedMetric } from '../../src/telemetry/provider/collected-metric.js';
import { LabelTexts } from '../../src/export/prometheus/label-texts.js';
import { LabelStyle } from '../../src/export/prometheus/labels.js';
import { Namer } from '../../src/export/prometheus/names.js';
import { negotiateFormat } from '../../src/export/prometheus/negotiation.js';
import { writePage } from '../../src/export/prometheus/page.js';
import type { MetricsEndpointOptions } from '../../src/export/prometheus/metrics-endpoint.js';
import type { PointExemplar } from '../../src/telemetry/provider/walk-series.js';

/** Values of the SDK's enumeration of points. */
export const [HISTOGRAM, EXPONENTIAL, GAUGE, SUM] = [0, 1, 2, 3] as const;

export const EMPTY_BUCKETS = { offset: 0, bucketCounts: [] };

export interface GivenMetric {
  readonly scope?: string | object;
  readonly name?: string;
  readonly unit?: string;
  readonly description?: string;
  /** @default SUM */
  readonly type?: number;
  readonly isMonotonic?: boolean;
  readonly points: readonly (readonly [
    attributes: object,
    value: unknown,
    exemplars?: readonly PointExemplar[],
  ])[];
}

/** What a reader collects, made by hand. */
export function collected(metrics: readonly GivenMetric[], resource: object = {}): CollectionResult {
  const scopeMetrics = metrics.map(
    ({ scope = 'app', name = 'm', unit = '', description = '', type = SUM, isMonotonic = true, points }) => ({
      scope: typeof scope === 'string' ? { name: scope } : scope,
      metrics: [
        {
          descriptor: { name, unit, description },
          dataPointType: type,
          aggregationTemporality: 1,
          isMonotonic,
          dataPoints: points.map(([attributes, value, exemplars]) => ({ attributes, value, exemplars })),
        },
      ],
    }),
  );
  const resourceMetrics = { resource: { attributes: resource }, scopeMetrics };
  return { resourceMetrics, errors: [] } as unknown as CollectionResult;
}

export interface PageOptions extends Pick<MetricsEndpointOptions, 'translationStrategy' | 'scopeLabels'> {
  /** Header of the request. */
  readonly accept?: string;
  readonly resource?: object;
  readonly constantLabels?: Readonly<Record<string, string>>;
}

/** The page that hand-made metrics become. */
export function pageBytes(metrics: readonly GivenMetric[], options: PageOptions = {}): Buffer {
  const { resourceMetrics } = collected(metrics, options.resource);
  const { format, escaping } = negotiateFormat(options.accept);
  const namer = new Namer(options.translationStrategy);
  const style = new LabelStyle(namer, escaping);
  const walked = resourceMetrics.scopeMetrics.flatMap(({ scope, metrics: all }) =>
    all.map((metric) => new CollectedMetric(scope, metric)),
  );
  const walk = { resource: resourceMetrics.resource, metrics: walked, errors: [] };
  const pieces = writePage(walk, format, {
    namer,
    escaping,
    style,
    texts: new LabelTexts(style),
    hasScopeLabels: options.scopeLabels ?? false,
    constantLabels: options.constantLabels ?? {},
  });
  return Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece ?? '')));
}

export function page(metrics: readonly GivenMetric[], options: PageOptions = {}): string {
  return pageBytes(metrics, options).toString('utf8');
}

/** The lines of a page that are no comments. */
export function samples(metrics: readonly GivenMetric[], options: PageOptions = {}): string[] {
  return page(metrics, options)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}
