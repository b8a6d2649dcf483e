import type { ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';

export type PointValue = number | Histogram | ExponentialHistogram;

/**
 * What was recorded into one series over a span of time. Recording is the hot path: no checks, nothing allocated.
 * Values arrive finite, and where the instrument asks for it not negative.
 */
export interface Tally {
  /** Whether anything was recorded, be it a zero. */
  readonly hasRecords: boolean;
  record(value: number): void;
  /** Adds what another of the same kind gathered afterwards. */
  absorb(later: this): void;
  clear(): void;
  /** A copy that later recording does not change. */
  value(): PointValue;
}
