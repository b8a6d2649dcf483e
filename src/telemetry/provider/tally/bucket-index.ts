import { HIGH_MANTISSA_BITS, highWordOf, numberOfHighWord } from '../../float-bits.js';

/** Eight steps to each power of two: bounds that are more than an eighth apart do not share one. */
const MANTISSA_BITS = 3;
const SHIFT = HIGH_MANTISSA_BITS - MANTISSA_BITS;

/** More bounds than this could crowd into one step; halving is never slow. */
const MOST_LOOKED_UP = 32;

/**
 * Which bucket of some explicit bounds a value falls into. The bits of the value tell a step of a table, the table the first
 * bound that may be the one: mostly it is. That is quicker than looking at one bound after the other, and costs the same
 * for all values, where the processor cannot guess when a search ends.
 */
export class BucketIndex {
  /** Upper bounds, ascending, and infinity. */
  readonly bounds: Float64Array;
  /** For each step of values the first bound that is not below all of them. Empty where bounds are too many. */
  readonly first: Uint8Array;
  /** The step the table begins with; everything smaller counts as that one, everything larger than the last as the last. */
  readonly base: number;
  /** The place of the last step in the table. */
  readonly last: number;

  constructor(boundaries: readonly number[]) {
    this.bounds = Float64Array.of(...boundaries, Infinity);
    const positive = boundaries.filter((bound) => bound > 0);
    const [lowest = 1, highest = lowest] = [positive[0], positive.at(-1)];
    // One step below the lowest bound, for what is far from it: zeros, and all that is negative.
    this.base = stepOf(lowest) - 1;
    const steps = boundaries.length > MOST_LOOKED_UP ? 0 : stepOf(highest) - this.base + 1;
    this.last = steps - 1;
    this.first = Uint8Array.from({ length: steps }, (_, step) => {
      const start = step === 0 ? -Infinity : startOf(this.base + step);
      return this.bounds.findIndex((bound) => bound >= start);
    });
  }

  /** The number of the first bound that is not below the value. The value must not be NaN. */
  of(value: number): number {
    const { bounds, last } = this;
    if (last < 0) return firstNotBelow(bounds, value);
    const step = stepOf(value) - this.base;
    let index = this.first[step < 0 ? 0 : step > last ? last : step]!;
    while (bounds[index]! < value) index += 1;
    return index;
  }
}

function stepOf(value: number): number {
  return highWordOf(value) >> SHIFT;
}

function startOf(step: number): number {
  return numberOfHighWord(step << SHIFT);
}

function firstNotBelow(bounds: Float64Array, value: number): number {
  let low = 0;
  let high = bounds.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bounds[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
