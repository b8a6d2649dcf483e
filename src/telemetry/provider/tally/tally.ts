import type { ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';

/** What an exporter is told about one series. */
export type PointValue = number | Histogram | ExponentialHistogram;

/** How often something was recorded, and what it adds up to. Of what keeps the last value, that. */
export interface TallySummary {
  readonly count: number;
  readonly sum: number;
}
