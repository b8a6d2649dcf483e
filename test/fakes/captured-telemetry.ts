import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  MeterProvider,
  MetricReader,
  type MetricData,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';

export type Temporality = 'cumulative' | 'delta';

export interface CaptureOptions {
  /** Of the only reader. @default 'cumulative' */
  readonly temporality?: Temporality;
  readonly views?: ViewOptions[];
  /** One reader for each, in place of the only one. */
  readonly readers?: readonly Temporality[];
}

export interface CollectedHistogram {
  readonly count: number;
  readonly sum: number;
  readonly buckets: { readonly boundaries: readonly number[]; readonly counts: readonly number[] };
}

/** One series as an exporter is given it. */
export interface CollectedSeries {
  readonly name: string;
  readonly kind: 'counter' | 'upDownCounter' | 'gauge' | 'histogram';
  readonly unit: string;
  readonly description: string;
  readonly attributes: Attributes;
  readonly value: number | CollectedHistogram;
}

export interface CapturedTelemetry {
  readonly provider: MeterProvider;
  /** Collects as the reader with this number does. */
  collect(reader?: number): Promise<CollectedSeries[]>;
  shutdown(): Promise<void>;
}

/** A provider of the real SDK whose readers collect only when the test says so. */
export function captureMetrics({
  temporality = 'cumulative',
  views = [],
  readers: temporalities = [temporality],
}: CaptureOptions = {}): CapturedTelemetry {
  const readers = temporalities.map((one) => new ManualReader(one));
  const provider = new MeterProvider({ readers, views });
  return {
    provider,
    async collect(reader = 0) {
      const { resourceMetrics, errors } = await readers[reader]!.collect();
      if (errors.length > 0) throw new AggregateError(errors, 'a callback failed while collecting');
      return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(seriesIn));
    },
    shutdown: () => provider.shutdown(),
  };
}

/** What was collected under one name, without what every series of it shares. */
export function seriesOf(
  collected: readonly CollectedSeries[],
  name: string,
): Pick<CollectedSeries, 'attributes' | 'value'>[] {
  return collected
    .filter((series) => series.name === name)
    .map(({ attributes, value }) => ({ attributes, value }));
}

/** The value of the only series of a name; `undefined` when there is none. */
export function valueOf(
  collected: readonly CollectedSeries[],
  name: string,
): number | CollectedHistogram | undefined {
  const found = seriesOf(collected, name);
  if (found.length > 1) throw new Error(`${name} has ${found.length} series`);
  return found[0]?.value;
}

class ManualReader extends MetricReader {
  constructor(temporality: Temporality) {
    const selected =
      temporality === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
    super({ aggregationTemporalitySelector: () => selected });
  }

  protected override async onShutdown(): Promise<void> {}

  protected override async onForceFlush(): Promise<void> {}
}

function seriesIn(metric: MetricData): CollectedSeries[] {
  const { name, unit, description } = metric.descriptor;
  const kind = kindOf(metric);
  return metric.dataPoints.map((point) => ({
    name,
    kind,
    unit,
    description,
    attributes: point.attributes,
    value: typeof point.value === 'number' ? point.value : histogramOf(point.value as CollectedHistogram),
  }));
}

function histogramOf({ count, sum, buckets }: CollectedHistogram): CollectedHistogram {
  const { boundaries, counts } = buckets;
  return { count, sum, buckets: { boundaries: [...boundaries], counts: [...counts] } };
}

function kindOf(metric: MetricData): CollectedSeries['kind'] {
  if ('isMonotonic' in metric) return metric.isMonotonic ? 'counter' : 'upDownCounter';
  const [point] = metric.dataPoints;
  return typeof point?.value === 'number' ? 'gauge' : 'histogram';
}
