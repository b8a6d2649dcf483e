import { Rows } from './rows.js';
import type { Cell, Tallies } from './tallies.js';
import type { TallySummary } from './tally.js';

/** Where nothing was recorded. */
const NOTHING = Number.NaN;

export class LastValueTallies implements Tallies {
  readonly #last = new Rows([NOTHING]);

  open(series: number): boolean {
    return this.#last.open(series);
  }

  record(series: number, value: number): void {
    this.#last.page(series)[this.#last.start(series)] = value;
  }

  cell(series: number): LastValueCell {
    return new LastValueCell(this.#last.page(series), this.#last.start(series));
  }

  hasRecords(series: number): boolean {
    return !Number.isNaN(this.value(series));
  }

  absorb(series: number, later: LastValueTallies): void {
    this.record(series, later.value(series));
  }

  clear(series: number): void {
    this.#last.clear(series);
  }

  value(series: number): number {
    return this.#last.page(series)[this.#last.start(series)]!;
  }

  summary(series: number): TallySummary {
    return this.hasRecords(series) ? { count: 1, sum: this.value(series) } : { count: 0, sum: 0 };
  }
}

class LastValueCell implements Cell {
  readonly #page: Float64Array;
  readonly #start: number;

  constructor(page: Float64Array, start: number) {
    this.#page = page;
    this.#start = start;
  }

  record(value: number): void {
    this.#page[this.#start] = value;
  }
}
