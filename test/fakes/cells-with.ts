import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  AggregationType,
  MetricReader,
  type AggregationOption,
  type CollectionResult,
  type MetricData,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Duration } from '../../src/duration.js';
import { CellMeterProvider } from '../../src/telemetry/provider/cell-meter-provider.js';
import type { CellMeter } from '../../src/telemetry/provider/cell-meter.js';
import { FakeClock } from './fake-clock.js';

export interface AskingReader {
  readonly temporality?: 'cumulative' | 'delta';
  readonly aggregation?: AggregationOption;
  readonly cardinalityLimit?: number;
}

export interface CellsOptions {
  /** @default one that is cumulative */
  readonly readers?: readonly AskingReader[];
  readonly views?: readonly ViewOptions[];
  readonly cardinalityLimit?: number;
  readonly seriesIdleTimeout?: Duration;
  readonly exemplars?: boolean;
}

/** One metric as a reader gets it, with its points as `[attributes, value]`. */
export interface CollectedMetric {
  readonly name: string;
  readonly data: MetricData;
  readonly points: readonly (readonly [attributes: Attributes, value: unknown])[];
}

/** A provider of ours, its readers, and a clock that stands still. */
export interface Cells {
  readonly provider: CellMeterProvider;
  readonly meter: CellMeter;
  readonly clock: FakeClock;
  /** Everything one reader gets, with what went wrong. */
  collectAll(reader?: number, timeoutMillis?: number): Promise<CollectionResult>;
  /** The metrics of every scope. */
  collect(reader?: number): Promise<CollectedMetric[]>;
  /** The points of the only metric there is; none when there is no metric. */
  points(reader?: number): Promise<CollectedMetric['points']>;
  /** The value of the only point there is. */
  value(reader?: number): Promise<unknown>;
}

export function cellsWith({ readers: asked = [{}], ...options }: CellsOptions = {}): Cells {
  const clock = new FakeClock();
  const readers = asked.map((one) => new ManualReader(one));
  const resource = resourceFromAttributes({ 'service.name': 'test' });
  const provider = new CellMeterProvider({ ...options, resource, readers, clock });
  const collectAll = (reader = 0, timeoutMillis?: number) =>
    readers[reader]!.collect(timeoutMillis === undefined ? undefined : { timeoutMillis });
  const collect = async (reader?: number) => {
    const { resourceMetrics, errors } = await collectAll(reader);
    if (errors.length > 0) throw new AggregateError(errors, 'a callback failed while collecting');
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).map(collectedOf);
  };
  const points = async (reader?: number) => {
    const metrics = await collect(reader);
    if (metrics.length > 1) throw new Error(`there are ${metrics.length} metrics`);
    return metrics[0]?.points ?? [];
  };
  const value = async (reader?: number) => {
    const found = await points(reader);
    if (found.length > 1) throw new Error(`there are ${found.length} points`);
    return found[0]?.[1];
  };
  return { provider, meter: provider.getMeter('test'), clock, collectAll, collect, points, value };
}

function collectedOf(data: MetricData): CollectedMetric {
  return {
    name: data.descriptor.name,
    data,
    points: data.dataPoints.map(({ attributes, value }) => [attributes, value] as const),
  };
}

class ManualReader extends MetricReader {
  constructor({ temporality, aggregation, cardinalityLimit }: AskingReader) {
    const { CUMULATIVE, DELTA } = AggregationTemporality;
    super({
      aggregationTemporalitySelector: () => (temporality === 'delta' ? DELTA : CUMULATIVE),
      aggregationSelector: () => aggregation ?? { type: AggregationType.DEFAULT },
      ...(cardinalityLimit === undefined ? {} : { cardinalitySelector: () => cardinalityLimit }),
    });
  }

  protected override async onShutdown(): Promise<void> {}

  protected override async onForceFlush(): Promise<void> {}
}
