import type { CacheCurve } from '../curve/cache-curve.js';
import type { MemoryEntry } from '../memory-entry.js';
import type { OnEvict } from '../policy/policy-store.js';
import type { TierCounts } from '../tier.js';
import type { BudgetShare } from './adjustable-budget.js';
import { BudgetedStore, type BudgetRoom } from './budgeted-store.js';
import type { MissCost, MissCosts } from './miss-costs.js';

/** What a memory cache says of itself when it joins a budget. */
export interface JoiningCache {
  readonly name: string;
  readonly isPinned: boolean;
  readonly maxSize: number;
  readonly maxBytes: number | undefined;
  readonly curve: CacheCurve | undefined;
  readonly counts: () => TierCounts;
  readonly onEvict: OnEvict<string, MemoryEntry>;
  readonly isOver: (entry: MemoryEntry) => boolean;
}

/** The budget as its members see it. */
interface Budget extends BudgetRoom {
  leave(member: BudgetMember): void;
}

/** One cache's part in a budget: where its entries are, and what is known of it. */
export class BudgetMember implements BudgetShare {
  readonly store: BudgetedStore<MemoryEntry>;
  readonly isPinned: boolean;
  /** What a pinned cache may hold; 0 for the others. */
  readonly pinnedBytes: number;
  readonly curve: CacheCurve | undefined;
  name: string;
  loads = 0;
  loadSeconds = 0;
  readonly #budget: Budget;
  readonly #counts: () => TierCounts;
  readonly #cost: MissCost;
  readonly #costs: MissCosts;

  constructor(budget: Budget, costs: MissCosts, cache: JoiningCache) {
    const { name, isPinned, maxSize, maxBytes, curve, counts, onEvict, isOver } = cache;
    this.#budget = budget;
    this.name = name;
    this.isPinned = isPinned;
    this.pinnedBytes = isPinned ? (maxBytes ?? 0) : 0;
    this.curve = curve;
    this.#counts = counts;
    this.#costs = costs;
    this.#cost = costs.add();
    const cost = this.#cost;
    this.store = new BudgetedStore(budget, {
      max: maxSize,
      maxBytes,
      isPinned,
      cost,
      onEvict,
      isOver,
    });
  }

  get bytes(): number {
    return this.store.bytes;
  }

  get entries(): number {
    return this.store.size;
  }

  get lookups(): number {
    const { hits, misses } = this.#counts();
    return hits + misses;
  }

  get misses(): number {
    return this.#counts().misses;
  }

  get evictions(): number {
    return this.#counts().budgetEvictions ?? 0;
  }

  get missSeconds(): number | undefined {
    return this.#cost.seconds;
  }

  /** A missing value was loaded. */
  countLoad(seconds: number): void {
    if (!Number.isFinite(seconds)) return;
    this.loads += 1;
    this.loadSeconds += seconds;
    this.#costs.record(this.#cost, seconds);
  }

  /** A missing entry came from the tier below: that is nothing beside loading it. */
  countFill(): void {
    this.#costs.record(this.#cost, 0);
  }

  /** Gives its bytes back; nothing is kept any more. */
  leave(): void {
    this.#budget.leave(this);
    this.store.close();
    this.#costs.remove(this.#cost);
  }
}
