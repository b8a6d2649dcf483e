import { timer } from '@gary-zero/performance';
import type { Random } from './random.js';
import type { ShopCaches } from './shop-caches.js';
import { originAnswers } from './slow-origin.js';

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

const MATERIALS = ['Oak', 'Linen', 'Copper', 'Wool', 'Glass', 'Cork', 'Slate', 'Bamboo'];
const THINGS = ['Lamp', 'Chair', 'Kettle', 'Blanket', 'Shelf', 'Vase', 'Clock', 'Basket', 'Mirror', 'Tray'];
const STORY = 'It was drawn by hand, made by somebody who takes time, and is sent in paper. ';
const QUERY = { shortest: 2, median: 1.5 };
const PRICE = { shortest: 0.5, median: 0.5 };

/** A slow database of products and prices, simulated: it has one for every id and waits as a database would. */
export class ProductStore {
  readonly #caches: ShopCaches;
  readonly #random: Random;

  constructor(caches: ShopCaches, random: Random) {
    this.#caches = caches;
    this.#random = random;
  }

  /** For pages: may be some minutes old. The timer is the outer one, so it also sees what the cache answers. */
  @timer('find product')
  async find(id: string): Promise<Product> {
    return this.#caches.products.getOrSet(id, () => this.query(id));
  }

  /** In cents, for pages. */
  async priceOf(id: string): Promise<number> {
    return this.#caches.prices.getOrSet(id, () => this.queryPrice(id));
  }

  @timer('query product')
  async query(id: string): Promise<Product> {
    await originAnswers(QUERY, this.#random);
    return productOf(id);
  }

  /** For money: always from the store. */
  @timer('query price')
  async queryPrice(id: string): Promise<number> {
    await originAnswers(PRICE, this.#random);
    return 500 + (digest(id) % 200) * 50;
  }
}

/** The same id is always the same product. */
function productOf(id: string): Product {
  const hash = digest(id);
  const name = `${MATERIALS[hash % MATERIALS.length]} ${THINGS[hash % THINGS.length]}`;
  const description = `${name}, number ${id} of our catalogue. ${STORY.repeat(4 + (hash % 12))}`;
  return { id, name, description };
}

function digest(id: string): number {
  let hash = 7;
  for (const character of id) hash = (hash * 31 + character.codePointAt(0)!) % 1_000_003;
  return hash;
}
