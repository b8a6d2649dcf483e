import type { Histogram } from '@opentelemetry/sdk-metrics';
import type { Tally } from './tally.js';

/** What the tallies of one stream have in common. */
export interface BucketOptions {
  /** Upper bounds, ascending. */
  readonly boundaries: readonly number[];
  readonly hasMinMax: boolean;
  /** Not where values may be negative: their sum says nothing. */
  readonly hasSum: boolean;
}

/** From here on halving beats looking at one bound after the other. */
const LONGEST_SCAN = 32;

/** A histogram with explicit buckets. */
export class BucketTally implements Tally {
  readonly #options: BucketOptions;
  readonly #boundaries: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(options: BucketOptions) {
    this.#options = options;
    this.#boundaries = options.boundaries;
    // Not pushed, which would leave room for more than there will ever be.
    this.#counts = options.boundaries.map(() => 0).concat(0);
  }

  get hasRecords(): boolean {
    return this.#count > 0;
  }

  record(value: number): void {
    const boundaries = this.#boundaries;
    const length = boundaries.length;
    let index = length > LONGEST_SCAN ? firstCandidate(boundaries, value) : 0;
    while (index < length && boundaries[index]! < value) index += 1;
    this.#counts[index]! += 1;
    this.#count += 1;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  absorb(later: BucketTally): void {
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i]! += later.#counts[i]!;
    this.#count += later.#count;
    this.#sum += later.#sum;
    this.#min = Math.min(this.#min, later.#min);
    this.#max = Math.max(this.#max, later.#max);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
  }

  value(): Histogram {
    const { boundaries, hasMinMax, hasSum } = this.#options;
    // The bounds are shared by all points; the type of the SDK does not say that nobody writes to them.
    const buckets = { boundaries: boundaries as number[], counts: this.#counts.slice() };
    const value: Histogram = { buckets, count: this.#count };
    if (hasSum) value.sum = this.#sum;
    if (hasMinMax) {
      value.min = this.#min;
      value.max = this.#max;
    }
    return value;
  }
}

/** The index of the first bound that is not below the value. */
function firstCandidate(boundaries: readonly number[], value: number): number {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (boundaries[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
