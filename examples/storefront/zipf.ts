import type { KeySource } from './key-source.js';
import type { Random } from './random.js';
import type { Rush } from './rush.js';

export interface ZipfOptions {
  /** Different products. */
  readonly products: number;
  /** How unequal they are: the n-th most popular is asked for 1 / n ** exponent as often as the first. */
  readonly exponent: number;
  readonly random: Random;
}

/** Draws ranks, 0 for the most popular, exactly as often as Zipf's law says. */
export class ZipfSampler {
  readonly #random: Random;
  /** At [n], how often one of the n + 1 most popular is asked for, in units of the most popular one. */
  readonly #cumulated: Float64Array;
  readonly #total: number;

  constructor({ products, exponent, random }: ZipfOptions) {
    this.#random = random;
    this.#cumulated = new Float64Array(products);
    let total = 0;
    for (let rank = 0; rank < products; rank++) {
      total += 1 / (rank + 1) ** exponent;
      this.#cumulated[rank] = total;
    }
    this.#total = total;
  }

  next(): number {
    const drawn = this.#random() * this.#total;
    let [low, high] = [0, this.#cumulated.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#cumulated[middle]! > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export interface ShiftingPopularityOptions extends ZipfOptions {
  /** During which other products are the popular ones. */
  readonly rush: Rush;
  /** How many of the most popular products are at the end of the ranking during a rush; the others move up. */
  readonly shiftedRanks: number;
}

/** Product ids by Zipf's law; which products are the popular ones changes with a rush, and back after it. */
export class ShiftingPopularity implements KeySource {
  readonly description: string;
  readonly #sampler: ZipfSampler;
  readonly #rush: Rush;
  readonly #shiftedRanks: number;
  readonly #ids: readonly string[];

  constructor({ rush, shiftedRanks, ...zipf }: ShiftingPopularityOptions) {
    this.#sampler = new ZipfSampler(zipf);
    this.#rush = rush;
    this.#shiftedRanks = shiftedRanks;
    this.#ids = shuffled(zipf.products, zipf.random);
    this.description = `Zipf (exponent ${zipf.exponent}) over ${zipf.products} products, ` + rush.plan;
  }

  next(): string {
    return this.idAt(this.#sampler.next());
  }

  /** The product that holds a rank now. */
  idAt(rank: number): string {
    const shift = this.#rush.isOn ? this.#shiftedRanks : 0;
    return this.#ids[(rank + shift) % this.#ids.length]!;
  }

  get progress(): string {
    return this.#rush.description;
  }
}

/** The ids '1' to 'count'. Without mixing them the popular ones would be neighbours. */
function shuffled(count: number, random: Random): string[] {
  const ids = Array.from({ length: count }, (_, index) => String(index + 1));
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [ids[last], ids[other]] = [ids[other]!, ids[last]!];
  }
  return ids;
}
