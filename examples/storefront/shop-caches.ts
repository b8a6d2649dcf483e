import { CacheBudget, CacheManager, MemoryCache } from '@gary-zero/performance';

/** Far less than everything takes, about 40 MB: the caches have to choose. */
const BUDGET_BYTES = '4mb';
/** So many keys are followed for the curves: all there are, so what the optimizer says comes soon. */
const FOLLOWED_KEYS = 32_768;

/** The caches of the shop. They share one budget, so nobody has to guess how large each should be. */
export class ShopCaches {
  readonly budget = new CacheBudget({ name: 'shop', maxBytes: BUDGET_BYTES });
  readonly products = this.#cache('products');
  readonly prices = this.#cache('prices');
  readonly sessions = this.#cache('sessions');
  readonly recommendations = this.#cache('recommendations');

  get all(): readonly CacheManager[] {
    return [this.products, this.prices, this.sessions, this.recommendations];
  }

  #cache(name: string): CacheManager {
    const primary = new MemoryCache({ budget: this.budget, curve: { samples: FOLLOWED_KEYS } });
    return new CacheManager({ name, primary, defaultTtl: '5m' });
  }
}
