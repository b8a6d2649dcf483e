import type { Attributes } from '@opentelemetry/api';
import type { WalkedMetric } from '../../src/telemetry/provider/walk-series.js';

export interface LastingSeries {
  readonly edition: number;
  readonly size: number;
  attributes(position: number): Attributes | undefined;
  value(position: number): number | undefined;
}

/** A counter called "m" that is the same in every walk. What `series` says is asked for each time. */
export function lastingMetric(series: LastingSeries): WalkedMetric {
  return {
    scope: { name: 'app' },
    descriptor: { name: 'm', unit: '', description: '' },
    dataPointType: 3,
    isMonotonic: true,
    get edition() {
      return series.edition;
    },
    get size() {
      return series.size;
    },
    attributes: (position) => series.attributes(position),
    value: (position) => series.value(position),
  };
}
