import type { Cancel } from '../../clock.js';
import { toBytes, type ByteSize } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import { BudgetTraffic } from './budget-traffic.js';
import type { SteerableBudget } from './steerable-budget.js';

/** Bounds within which a registered budget may be changed. */
export interface BudgetBounds {
  /** Default: a twentieth of what it has when it is registered. */
  readonly minBytes?: ByteSize;
  /** Default: what it has when it is registered. */
  readonly maxBytes?: ByteSize;
}

/** A budget with its bounds, what it should have, and what its caches do. */
export class SteeredBudget {
  readonly budget: SteerableBudget;
  readonly mostBytes: number;
  readonly traffic: BudgetTraffic;
  readonly #minBytes: number;
  #wantedBytes: number;

  constructor(budget: SteerableBudget, { minBytes, maxBytes }: BudgetBounds) {
    this.budget = budget;
    this.#minBytes = minBytes === undefined ? budget.maxBytes / 20 : toBytes('minBytes', minBytes);
    this.mostBytes = maxBytes === undefined ? budget.maxBytes : toBytes('maxBytes', maxBytes);
    if (this.#minBytes > this.mostBytes)
      throw new InvalidOptionError('minBytes', `at most maxBytes (${this.mostBytes})`, minBytes);
    this.#wantedBytes = budget.maxBytes;
    this.traffic = new BudgetTraffic(budget);
  }

  get minBytes(): number {
    return Math.max(this.#minBytes, this.budget.minBytes);
  }

  /** What it grows back to when there is no pressure. */
  get wantedBytes(): number {
    return this.#wantedBytes;
  }

  setWanted(bytes: number): void {
    this.#wantedBytes = bytes;
    this.budget.setMaxBytes(bytes);
  }
}

/** The registered budgets, by their names. */
export class SteeredBudgets {
  readonly #budgets = new Map<string, SteeredBudget>();

  get all(): readonly SteeredBudget[] {
    return [...this.#budgets.values()];
  }

  find(name: string): SteeredBudget | undefined {
    return this.#budgets.get(name);
  }

  /** @throws {InvalidOptionError} for what is no budget, for bounds that are none, and for a name another budget has already. */
  add(budget: SteerableBudget, bounds: BudgetBounds): Cancel {
    if (!isSteerable(budget)) throw new InvalidOptionError('budget', 'a CacheBudget', budget);
    const { name } = budget;
    const known = this.#budgets.get(name);
    if (known !== undefined && known.budget !== budget)
      throw new InvalidOptionError('budget name', 'one that no other registered budget has', name);
    const steered = new SteeredBudget(budget, bounds);
    this.#budgets.set(name, steered);
    return () => {
      if (this.#budgets.get(name) === steered) this.#budgets.delete(name);
    };
  }
}

function isSteerable(budget: unknown): boolean {
  if (typeof budget !== 'object' || budget === null) return false;
  const { name, setMaxBytes, shares } = budget as Partial<SteerableBudget>;
  return typeof name === 'string' && typeof setMaxBytes === 'function' && Array.isArray(shares);
}
