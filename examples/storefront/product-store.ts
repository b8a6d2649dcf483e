import { setTimeout as delay } from 'node:timers/promises';
import { cached, timer } from '@gary-zero/performance';
import { logNormal, type Random } from './random.js';

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly priceInCents: number;
  readonly description: string;
}

const MATERIALS = ['Oak', 'Linen', 'Copper', 'Wool', 'Glass', 'Cork', 'Slate', 'Bamboo'];
const THINGS = ['Lamp', 'Chair', 'Kettle', 'Blanket', 'Shelf', 'Vase', 'Clock', 'Basket', 'Mirror', 'Tray'];

/** Milliseconds of a query: this at least, and half of them not much more. */
const SHORTEST_MS = 2;
const MEDIAN_EXTRA_MS = 1.5;
const SPREAD = 0.8;
/** One query in a hundred waits for something else, as in a real database. */
const SLOW_SHARE = 0.01;
const SLOW_EXTRA_MS = 30;

/** A slow database of products, simulated: it has one for every id and waits as a database would. */
export class ProductStore {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** For pages: may be a minute old. The timer is the outer one, so it also sees what the cache answers. */
  @timer('find product')
  @cached({ ttl: '1m' })
  async find(id: string): Promise<Product> {
    return this.query(id);
  }

  /** For money: always from the store. */
  @timer('query store')
  async query(id: string): Promise<Product> {
    const slow = this.#random() < SLOW_SHARE ? SLOW_EXTRA_MS * (1 + this.#random()) : 0;
    await delay(SHORTEST_MS + logNormal(this.#random, MEDIAN_EXTRA_MS, SPREAD) + slow);
    return productOf(id);
  }
}

/** The same id is always the same product. */
function productOf(id: string): Product {
  let hash = 7;
  for (const character of id) hash = (hash * 31 + character.codePointAt(0)!) % 1_000_003;
  const name = `${MATERIALS[hash % MATERIALS.length]} ${THINGS[hash % THINGS.length]}`;
  return {
    id,
    name,
    priceInCents: 500 + (hash % 200) * 50,
    description: `${name}, made by hand. Number ${id} of our catalogue.`,
  };
}
