import type { KeptAggregation } from './aggregation.js';
import type { PointExemplar } from './walk-series.js';

/** Keeps some of the exemplars one series is offered. */
export interface ExemplarReservoir {
  offer(exemplar: PointExemplar): void;
  /** Those kept, of which later offers take the places one by one. */
  collect(): readonly PointExemplar[];
}

/** What the specification gives exponential histograms. */
const MOST_OF_EXPONENTIAL = 20;

/** The reservoirs of a stream, by the defaults of the specification. */
export function reservoirOf(aggregation: KeptAggregation): ExemplarReservoir {
  if (aggregation.kind === 'buckets') return new AlignedHistogramBucketReservoir(aggregation.boundaries);
  const isExponential = aggregation.kind === 'exponential';
  return new SimpleFixedSizeReservoir(isExponential ? Math.min(MOST_OF_EXPONENTIAL, aggregation.maxSize) : 1);
}

/** The last exemplar of each bucket. */
class AlignedHistogramBucketReservoir implements ExemplarReservoir {
  readonly #boundaries: readonly number[];
  readonly #byBucket = new Map<number, PointExemplar>();

  constructor(boundaries: readonly number[]) {
    this.#boundaries = boundaries;
  }

  offer(exemplar: PointExemplar): void {
    const found = this.#boundaries.findIndex((bound) => exemplar.value <= bound);
    this.#byBucket.set(found === -1 ? this.#boundaries.length : found, exemplar);
  }

  collect(): readonly PointExemplar[] {
    return [...this.#byBucket.values()];
  }
}

/** Of all offered between two collections, each has the same chance to be kept. */
class SimpleFixedSizeReservoir implements ExemplarReservoir {
  readonly #size: number;
  readonly #kept: PointExemplar[] = [];
  #offered = 0;

  constructor(size: number) {
    this.#size = size;
  }

  offer(exemplar: PointExemplar): void {
    const place =
      this.#offered < this.#size ? this.#offered : Math.floor(Math.random() * (this.#offered + 1));
    this.#offered += 1;
    if (place < this.#size) this.#kept[place] = exemplar;
  }

  collect(): readonly PointExemplar[] {
    this.#offered = 0;
    return [...this.#kept];
  }
}
