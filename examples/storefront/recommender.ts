import { autoOptimize } from '@gary-zero/performance';
import type { Random } from './random.js';
import type { Rush } from './rush.js';
import type { ShopCaches } from './shop-caches.js';
import { originAnswers } from './slow-origin.js';

export interface Recommendation {
  readonly id: string;
  readonly because: string;
}

/** Products there are to recommend. */
const CATALOGUE = 8000;
const SHOWN = 8;
const THINK = { shortest: 6, median: 4 };
const TIMES_AS_LONG = 8;

/** A service that says what goes well with a product, simulated. During a rush it takes several times as long. */
export class Recommender {
  readonly #caches: ShopCaches;
  readonly #rush: Rush;
  readonly #random: Random;

  constructor(caches: ShopCaches, rush: Rush, random: Random) {
    this.#caches = caches;
    this.#rush = rush;
    this.#random = random;
  }

  async recommend(id: string): Promise<readonly Recommendation[]> {
    return this.#caches.recommendations.getOrSet(id, () => this.think(id));
  }

  /** Registered with the optimizer: timed, in its report, and never more than 64 at a time. */
  @autoOptimize({ cpuThreshold: 0.8, concurrency: 64 })
  async think(id: string): Promise<readonly Recommendation[]> {
    await originAnswers(THINK, this.#random, this.#rush.isOn ? TIMES_AS_LONG : 1);
    return Array.from({ length: SHOWN }, (_, place) => ({
      id: goesWith(id, place),
      because: `Others who looked at product ${id} have looked at this one as well, in ${place + 1} of ten cases.`,
    }));
  }
}

/** Always the same for a product. Some products go well with many others. */
function goesWith(id: string, place: number): string {
  const mixed = Math.imul((Number.parseInt(id, 10) || 0) * SHOWN + place + 1, 0x9e37_79b1) >>> 0;
  return String(1 + Math.floor(CATALOGUE * (mixed / 2 ** 32) ** 2));
}
