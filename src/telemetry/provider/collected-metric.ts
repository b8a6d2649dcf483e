import type { MetricData } from '@opentelemetry/sdk-metrics';
import type { PointExemplar, WalkedMetric } from './walk-series.js';

const NONE: readonly PointExemplar[] = [];

/** Points as a reader collected them, for who walks. */
export class CollectedMetric implements WalkedMetric {
  readonly scope: WalkedMetric['scope'];
  readonly descriptor: WalkedMetric['descriptor'];
  readonly dataPointType: WalkedMetric['dataPointType'];
  readonly isMonotonic: boolean;
  readonly edition = undefined;
  readonly #points: MetricData['dataPoints'];

  constructor(scope: WalkedMetric['scope'], metric: MetricData) {
    this.scope = scope;
    this.descriptor = metric.descriptor;
    this.dataPointType = metric.dataPointType;
    this.isMonotonic = 'isMonotonic' in metric && metric.isMonotonic;
    this.#points = metric.dataPoints;
  }

  get size(): number {
    return this.#points.length;
  }

  attributes(position: number): ReturnType<WalkedMetric['attributes']> {
    return this.#points[position]!.attributes;
  }

  value(position: number): ReturnType<WalkedMetric['value']> {
    return this.#points[position]!.value;
  }

  exemplars(position: number): readonly PointExemplar[] {
    return (this.#points[position] as { exemplars?: readonly PointExemplar[] }).exemplars ?? NONE;
  }
}
