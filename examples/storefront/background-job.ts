import type { PerformanceMonitor } from '@gary-zero/performance';

export interface BackgroundJobOptions {
  readonly monitor: PerformanceMonitor;
  /** Pieces sold by product id. */
  readonly sold: Map<string, number>;
  /** Told what went wrong; the job goes on. */
  readonly onUnexpected: (error: unknown) => void;
}

const INTERVAL_MS = 1000;
const SHOWN = 10;

/** Once a second: which products sell best. */
export class BackgroundJob {
  readonly #monitor: PerformanceMonitor;
  readonly #sold: Map<string, number>;
  readonly #onUnexpected: (error: unknown) => void;
  #bestsellers: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ monitor, sold, onUnexpected }: BackgroundJobOptions) {
    this.#monitor = monitor;
    this.#sold = sold;
    this.#onUnexpected = onUnexpected;
  }

  /** Product ids, the best first. */
  get bestsellers(): readonly string[] {
    return this.#bestsellers;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#run(), INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Forgets the sales of what is no bestseller; returns how many products that were. Frees memory when it is short. */
  forgetSlowSellers(): number {
    const before = this.#sold.size;
    const kept = new Set(this.#bestsellers);
    for (const id of this.#sold.keys()) if (!kept.has(id)) this.#sold.delete(id);
    return before - this.#sold.size;
  }

  #run(): void {
    try {
      this.#monitor.time('recompute bestsellers', () => this.#recompute());
    } catch (error) {
      this.#onUnexpected(error);
    }
  }

  #recompute(): void {
    const ranking = [...this.#sold].toSorted(([, a], [, b]) => b - a);
    this.#bestsellers = ranking.slice(0, SHOWN).map(([id]) => id);
    this.#monitor.recordGauge('storefront.products.sold', this.#sold.size);
  }
}
