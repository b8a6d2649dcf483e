import type { InstrumentKind } from './definition.js';
import type { KeptAttributes } from './series.js';

/** The state of one series: counters and histograms cumulative, gauges as they are. */
export interface Reading {
  readonly name: string;
  readonly kind: InstrumentKind;
  readonly unit: string;
  readonly attributes: KeptAttributes;
  /** Sum of a counter or histogram, value of a gauge. */
  readonly value: number;
  /** Number of recorded values; histograms only. */
  readonly count?: number;
}

/** What happened in one interval: counters and histograms as differences, gauges as they are at its end. */
export interface IntervalReadings {
  readonly seconds: number;
  readonly readings: readonly Reading[];
}
