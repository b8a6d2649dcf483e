import { Rows } from './rows.js';
import type { Cell, Tallies } from './tallies.js';
import type { TallySummary } from './tally.js';

/** Where nothing was recorded. Adding finite numbers never gives it. */
const NOTHING = Number.NaN;

export class SumTallies implements Tallies {
  readonly #sums = new Rows([NOTHING]);

  open(series: number): boolean {
    return this.#sums.open(series);
  }

  record(series: number, value: number): void {
    addTo(this.#sums.page(series), this.#sums.start(series), value);
  }

  cell(series: number): SumCell {
    return new SumCell(this.#sums.page(series), this.#sums.start(series));
  }

  hasRecords(series: number): boolean {
    return !Number.isNaN(this.#at(series));
  }

  absorb(series: number, later: SumTallies): void {
    this.record(series, later.#at(series));
  }

  clear(series: number): void {
    this.#sums.clear(series);
  }

  value(series: number): number {
    return this.#at(series);
  }

  summary(series: number): TallySummary {
    return this.hasRecords(series) ? { count: 1, sum: this.#at(series) } : { count: 0, sum: 0 };
  }

  #at(series: number): number {
    return this.#sums.page(series)[this.#sums.start(series)]!;
  }
}

class SumCell implements Cell {
  readonly #page: Float64Array;
  readonly #start: number;

  constructor(page: Float64Array, start: number) {
    this.#page = page;
    this.#start = start;
  }

  record(value: number): void {
    addTo(this.#page, this.#start, value);
  }
}

function addTo(page: Float64Array, start: number, value: number): void {
  const sum = page[start]!;
  // Zero and not the value itself: the sum of -0 is 0.
  page[start] = (Number.isNaN(sum) ? 0 : sum) + value;
}
