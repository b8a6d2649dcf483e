import type { Random } from './random.js';
import type { ShopCaches } from './shop-caches.js';
import { originAnswers } from './slow-origin.js';

/** What the shop knows of a visitor. */
export interface Session {
  readonly visitor: string;
  readonly seen: readonly string[];
}

const READ = { shortest: 1, median: 1 };
const SEEN = 20;

/** Sessions in a simulated store. */
export class Sessions {
  readonly #caches: ShopCaches;
  readonly #random: Random;

  constructor(caches: ShopCaches, random: Random) {
    this.#caches = caches;
    this.#random = random;
  }

  async find(visitor: string): Promise<Session> {
    return this.#caches.sessions.getOrSet(visitor, () => this.#read(visitor));
  }

  async #read(visitor: string): Promise<Session> {
    await originAnswers(READ, this.#random);
    return { visitor, seen: Array.from({ length: SEEN }, (_, i) => `seen product ${visitor}-${i}`) };
  }
}
