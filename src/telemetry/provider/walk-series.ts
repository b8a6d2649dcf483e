import type { Attributes, HrTime } from '@opentelemetry/api';
import type {
  DataPointType,
  MetricDescriptor,
  MetricProducer,
  ResourceMetrics,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import type { PointValue } from './tally/tally.js';

/** One measurement that stands for others, with the span it was made in. */
export interface PointExemplar {
  readonly value: number;
  readonly timestamp: HrTime;
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  /** Attributes that the series does not have. */
  readonly filteredAttributes?: Attributes | undefined;
}

/** One metric, read series by series where the series are: nobody makes points of all of them first. */
export interface WalkedMetric {
  readonly scope: ScopeMetrics['scope'];
  readonly descriptor: Pick<MetricDescriptor, 'name' | 'unit' | 'description'>;
  readonly dataPointType: DataPointType;
  readonly isMonotonic: boolean;
  /**
   * Changes when a position may have been given to other attributes than before. While it does not, and the object is the
   * same in later walks, what is made of the attributes may be kept. `undefined` where nothing lasts.
   */
  readonly edition: number | undefined;
  /** May grow while somebody walks. */
  readonly size: number;
  /** `undefined` where there is no series any more. */
  attributes(position: number): Attributes | undefined;
  /** As it is now, until the next call: the object may be used again. `undefined` while nothing was recorded. */
  value(position: number): PointValue | undefined;
  exemplars?(position: number): readonly PointExemplar[];
}

/** Everything a cumulative reader gets, for who reads it piece by piece. */
export interface SeriesWalk {
  readonly resource: ResourceMetrics['resource'];
  readonly metrics: readonly WalkedMetric[];
  /** What callbacks threw. */
  readonly errors: readonly unknown[];
}

/** What readers are given by a provider that can do more than collect. */
export interface WalkingProducer extends MetricProducer {
  /** For cumulative readers. `undefined` when somebody must hear of points instead. */
  walkSeries(options?: { readonly timeoutMillis?: number }): Promise<SeriesWalk> | undefined;
}

export function canWalk(producer: MetricProducer): producer is WalkingProducer {
  return 'walkSeries' in producer;
}
