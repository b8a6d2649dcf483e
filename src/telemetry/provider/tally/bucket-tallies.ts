import type { Histogram } from '@opentelemetry/sdk-metrics';
import { BucketIndex } from './bucket-index.js';
import { Rows } from './rows.js';
import type { Cell, Tallies } from './tallies.js';
import type { TallySummary } from './tally.js';

/** What the tallies of one stream have in common. */
export interface BucketOptions {
  /** Upper bounds, ascending. */
  readonly boundaries: readonly number[];
  readonly hasMinMax: boolean;
  /** Not where values may be negative: their sum says nothing. */
  readonly hasSum: boolean;
}

/** What a row holds; the counts follow. How many values there are is the sum of the counts. */
const SUM = 0;
const MIN = 1;
const MAX = 2;
const COUNTS = 3;

/** Histograms with explicit buckets. */
export class BucketTallies implements Tallies {
  readonly #options: BucketOptions;
  readonly #index: BucketIndex;
  readonly #rows: Rows;
  /** As long as there are counts. Fractions, so that V8 keeps copies of it as plain doubles. */
  readonly #noCounts: readonly number[];

  constructor(options: BucketOptions) {
    this.#options = options;
    this.#index = new BucketIndex(options.boundaries);
    this.#noCounts = [...options.boundaries.map(() => 0.5), 0.5];
    this.#rows = new Rows([0, Infinity, -Infinity, ...options.boundaries.map(() => 0), 0]);
  }

  open(series: number): boolean {
    return this.#rows.open(series);
  }

  record(series: number, value: number): void {
    addTo(this.#rows.page(series), this.#rows.start(series), this.#index, value);
  }

  cell(series: number): BucketCell {
    return new BucketCell(this.#rows.page(series), this.#rows.start(series), this.#index);
  }

  hasRecords(series: number): boolean {
    return this.#rows.page(series)[this.#rows.start(series) + MIN]! < Infinity;
  }

  absorb(series: number, later: BucketTallies): void {
    const [page, start] = [this.#rows.page(series), this.#rows.start(series)];
    const [other, from] = [later.#rows.page(series), later.#rows.start(series)];
    page[start + SUM]! += other[from + SUM]!;
    page[start + MIN] = Math.min(page[start + MIN]!, other[from + MIN]!);
    page[start + MAX] = Math.max(page[start + MAX]!, other[from + MAX]!);
    for (let i = COUNTS; i < this.#rows.width; i++) page[start + i]! += other[from + i]!;
  }

  clear(series: number): void {
    this.#rows.clear(series);
  }

  value(series: number): Histogram {
    const { boundaries, hasMinMax, hasSum } = this.#options;
    const [page, start] = [this.#rows.page(series), this.#rows.start(series)];
    const counts = this.#noCounts.slice();
    let count = 0;
    for (let i = 0; i < counts.length; i++) count += counts[i] = page[start + COUNTS + i]!;
    // The bounds are shared by all points; the type of the SDK does not say that nobody writes to them.
    const value: Histogram = { buckets: { boundaries: boundaries as number[], counts }, count };
    if (hasSum) value.sum = page[start + SUM]!;
    if (hasMinMax) {
      value.min = page[start + MIN]!;
      value.max = page[start + MAX]!;
    }
    return value;
  }

  /** As {@link value}, but into an object with room for it, for who reads one series after the other. */
  readInto(point: Histogram, series: number): void {
    const page = this.#rows.page(series);
    const start = this.#rows.start(series) + COUNTS;
    const { counts } = point.buckets;
    let count = 0;
    for (let i = 0; i < counts.length; i++) count += counts[i] = page[start + i]!;
    point.count = count;
    if (this.#options.hasSum) point.sum = page[start - COUNTS + SUM]!;
  }

  summary(series: number): TallySummary {
    const [page, start] = [this.#rows.page(series), this.#rows.start(series)];
    let count = 0;
    for (let i = COUNTS; i < this.#rows.width; i++) count += page[start + i]!;
    return { count, sum: page[start + SUM]! };
  }
}

class BucketCell implements Cell {
  readonly #page: Float64Array;
  readonly #start: number;
  readonly #index: BucketIndex;

  constructor(page: Float64Array, start: number, index: BucketIndex) {
    this.#page = page;
    this.#start = start;
    this.#index = index;
  }

  record(value: number): void {
    addTo(this.#page, this.#start, this.#index, value);
  }
}

function addTo(page: Float64Array, start: number, index: BucketIndex, value: number): void {
  page[start + COUNTS + index.of(value)]! += 1;
  page[start + SUM]! += value;
  if (value < page[start + MIN]!) page[start + MIN] = value;
  if (value > page[start + MAX]!) page[start + MAX] = value;
}
