import { setTimeout as delay } from 'node:timers/promises';
import { timer, type PerformanceMonitor } from '@gary-zero/performance';
import type { ProductStore } from './product-store.js';
import { logNormal, type Random } from './random.js';

export interface Order {
  readonly productId: string;
  readonly quantity: number;
}

export interface Receipt {
  readonly productId: string;
  readonly quantity: number;
  readonly totalInCents: number;
}

/** The bank said no. Nothing was sold; the customer may try another card. */
export class PaymentDeclined extends Error {
  readonly code = 'PAYMENT_DECLINED';
  readonly productId: string;

  constructor(productId: string) {
    super(`the payment for product ${productId} was declined`);
    this.name = 'PaymentDeclined';
    this.productId = productId;
  }
}

const DECLINED_SHARE = 0.025;
const BANK_MEDIAN_MS = 8;
const BANK_SPREAD = 0.4;

/** Sells products, with the help of a simulated bank. */
export class Checkout {
  readonly #monitor: PerformanceMonitor;
  readonly #store: ProductStore;
  readonly #random: Random;
  readonly #sold = new Map<string, number>();

  constructor(monitor: PerformanceMonitor, store: ProductStore, random: Random) {
    this.#monitor = monitor;
    this.#store = store;
    this.#random = random;
  }

  /** Pieces sold by product id. */
  get sold(): Map<string, number> {
    return this.#sold;
  }

  /** The timer counts a decline as an error of the operation, with its type. @throws {PaymentDeclined} */
  @timer('checkout')
  async pay({ productId, quantity }: Order): Promise<Receipt> {
    const priceInCents = await this.#store.queryPrice(productId);
    await delay(logNormal(this.#random, BANK_MEDIAN_MS, BANK_SPREAD));
    if (this.#random() < DECLINED_SHARE) throw new PaymentDeclined(productId);

    const totalInCents = priceInCents * quantity;
    this.#sold.set(productId, (this.#sold.get(productId) ?? 0) + quantity);
    this.#monitor.recordHistogram('storefront.order.value', totalInCents / 100);
    return { productId, quantity, totalInCents };
  }
}
