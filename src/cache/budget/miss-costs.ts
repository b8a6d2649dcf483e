/** The weight of one more value, once there are many: 50 loads later two thirds are new. */
const FADING = 0.02;
/** After so many values all weights are computed anew. */
const VALUES_PER_UPDATE = 32;
/** Weights lie within a factor of 100: one slow cache must not take everything for a few more hits. */
const MAX_WEIGHT = 10;

/** What a miss of one cache costs. */
export class MissCost {
  /** Seconds; `undefined` while unknown. */
  seconds: number | undefined;
  /** Compared with the other caches: 1 for the mean, and while nothing is known. */
  weight = 1;
  values = 0;
}

/** Learns what a miss of each cache costs, and how that compares. */
export class MissCosts {
  readonly #costs = new Set<MissCost>();
  #sinceUpdate = 0;

  add(): MissCost {
    const cost = new MissCost();
    this.#costs.add(cost);
    return cost;
  }

  remove(cost: MissCost): void {
    this.#costs.delete(cost);
    this.#update();
  }

  /** A missing entry was brought back within so many seconds; 0 where that is not worth measuring. */
  record(cost: MissCost, seconds: number): void {
    cost.values += 1;
    const before = cost.seconds ?? seconds;
    cost.seconds = before + (seconds - before) * Math.max(FADING, 1 / cost.values);
    this.#sinceUpdate += 1;
    if (cost.values === 1 || this.#sinceUpdate >= VALUES_PER_UPDATE) this.#update();
  }

  /**
   * Around the geometric mean: what all caches cost, cheap or dear, makes no difference then, and a cache nobody knows
   * anything of is one like the others.
   */
  #update(): void {
    this.#sinceUpdate = 0;
    const known = [...this.#costs].filter(({ seconds }) => seconds !== undefined && seconds > 0);
    const mean = Math.exp(known.reduce((sum, { seconds }) => sum + Math.log(seconds!), 0) / known.length);
    for (const cost of this.#costs) {
      cost.weight =
        cost.seconds === undefined || known.length === 0
          ? 1
          : Math.min(MAX_WEIGHT, Math.max(1 / MAX_WEIGHT, cost.seconds / mean));
    }
  }
}
