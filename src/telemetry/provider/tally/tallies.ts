import type { PointValue, TallySummary } from './tally.js';

/** Where one series is recorded into, for who does it often. Right until pages move or the series is removed. */
export interface Cell {
  record(value: number): void;
}

/**
 * What was recorded into the series of one stream over a span of time, by the numbers of the series. Recording is the hot
 * path: no checks, nothing allocated. Values arrive finite, and where the instrument asks for it not negative.
 */
export interface Tallies {
  /**
   * Makes room for a series; nothing is recorded in it then. Before anything else is done with it. Tells whether cells
   * that were handed out are right no more.
   */
  open(series: number): boolean;
  record(series: number, value: number): void;
  cell(series: number): Cell;
  /** Whether anything was recorded, be it a zero. */
  hasRecords(series: number): boolean;
  /** Adds what another of the same kind gathered for the series afterwards. */
  absorb(series: number, later: this): void;
  clear(series: number): void;
  /** A copy that later recording does not change. */
  value(series: number): PointValue;
  summary(series: number): TallySummary;
}
