import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics';
import { ExponentialBuckets } from './exponential-buckets.js';
import { exponentialIndex, MAX_SCALE } from './exponential-index.js';
import type { TallySummary } from './tally.js';

export interface ExponentialOptions {
  /** Most buckets on each side of zero. At least 2. */
  readonly maxSize: number;
  readonly hasMinMax: boolean;
  readonly hasSum: boolean;
}

/**
 * A histogram whose buckets grow by a constant factor. It starts with the finest scale and takes a coarser one whenever
 * what it holds would need more than `maxSize` buckets; both sides of zero share the scale. Two buckets hold every
 * number at scale -11, so it never gets coarser than that.
 */
export class ExponentialTally {
  readonly #options: ExponentialOptions;
  #scale = MAX_SCALE;
  readonly #positive = new ExponentialBuckets();
  readonly #negative = new ExponentialBuckets();
  #count = 0;
  #zeroCount = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(options: ExponentialOptions) {
    this.#options = options;
  }

  get hasRecords(): boolean {
    return this.#count > 0;
  }

  get summary(): TallySummary {
    return { count: this.#count, sum: this.#sum };
  }

  record(value: number): void {
    this.#count += 1;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (value > 0) this.#put(this.#positive, value);
    else if (value < 0) this.#put(this.#negative, -value);
    else this.#zeroCount += 1;
  }

  absorb(later: ExponentialTally): void {
    this.#count += later.#count;
    this.#zeroCount += later.#zeroCount;
    this.#sum += later.#sum;
    this.#min = Math.min(this.#min, later.#min);
    this.#max = Math.max(this.#max, later.#max);
    const scale = this.#scaleWith(later);
    this.#coarsenTo(scale);
    this.#positive.absorb(later.#positive, later.#scale - scale);
    this.#negative.absorb(later.#negative, later.#scale - scale);
  }

  clear(): void {
    this.#scale = MAX_SCALE;
    this.#positive.clear();
    this.#negative.clear();
    this.#count = 0;
    this.#zeroCount = 0;
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
  }

  value(): ExponentialHistogram {
    const { hasMinMax, hasSum } = this.#options;
    const value: ExponentialHistogram = {
      positive: this.#positive.copy(),
      negative: this.#negative.copy(),
      count: this.#count,
      // Nothing but zeros has no scale; 0 is what others send then.
      scale: this.#count === this.#zeroCount ? 0 : this.#scale,
      zeroCount: this.#zeroCount,
    };
    if (hasSum) value.sum = this.#sum;
    if (hasMinMax) {
      value.min = this.#min;
      value.max = this.#max;
    }
    return value;
  }

  #put(buckets: ExponentialBuckets, value: number): void {
    let index = exponentialIndex(value, this.#scale);
    if (buckets.spanWith(index) > this.#options.maxSize) {
      const [low, high] = [Math.min(buckets.lowest, index), Math.max(buckets.highest, index)];
      this.#coarsenTo(this.#scale - this.#stepsToFit(low, high));
      index = exponentialIndex(value, this.#scale);
    }
    buckets.add(index, 1);
  }

  /** The finest scale at which this and the other fit together. */
  #scaleWith(other: ExponentialTally): number {
    const scale = Math.min(this.#scale, other.#scale);
    const steps = [
      [this.#positive, other.#positive] as const,
      [this.#negative, other.#negative] as const,
    ].map(([ours, theirs]) => {
      if (ours.isEmpty || theirs.isEmpty) return 0;
      const [down, theirDown] = [this.#scale - scale, other.#scale - scale];
      const low = Math.min(ours.lowest >> down, theirs.lowest >> theirDown);
      const high = Math.max(ours.highest >> down, theirs.highest >> theirDown);
      return this.#stepsToFit(low, high);
    });
    return scale - Math.max(...steps);
  }

  #stepsToFit(low: number, high: number): number {
    let steps = 0;
    while ((high >> steps) - (low >> steps) >= this.#options.maxSize) steps += 1;
    return steps;
  }

  #coarsenTo(scale: number): void {
    const steps = this.#scale - scale;
    if (steps === 0) return;
    this.#positive.coarsen(steps);
    this.#negative.coarsen(steps);
    this.#scale -= steps;
  }
}
