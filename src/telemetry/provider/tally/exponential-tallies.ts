import { ExponentialTally, type ExponentialOptions } from './exponential-tally.js';
import type { Tallies } from './tallies.js';
import type { PointValue, TallySummary } from './tally.js';

/** Histograms with exponential buckets: how many each needs shows only while it is recorded into. */
export class ExponentialTallies implements Tallies {
  readonly #options: ExponentialOptions;
  readonly #tallies: ExponentialTally[] = [];

  constructor(options: ExponentialOptions) {
    this.#options = options;
  }

  open(series: number): boolean {
    while (this.#tallies.length <= series) this.#tallies.push(new ExponentialTally(this.#options));
    this.clear(series);
    return false;
  }

  cell(series: number): ExponentialTally {
    return this.#tallies[series]!;
  }

  record(series: number, value: number): void {
    this.#tallies[series]!.record(value);
  }

  hasRecords(series: number): boolean {
    return this.#tallies[series]!.hasRecords;
  }

  absorb(series: number, later: ExponentialTallies): void {
    this.#tallies[series]!.absorb(later.#tallies[series]!);
  }

  clear(series: number): void {
    this.#tallies[series]!.clear();
  }

  value(series: number): PointValue {
    return this.#tallies[series]!.value();
  }

  summary(series: number): TallySummary {
    return this.#tallies[series]!.summary;
  }
}
