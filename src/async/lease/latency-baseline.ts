/** Buckets per doubling: a quantile is right to 9 %. */
const STEPS = 8;
const SMALLEST_SECONDS = 1e-5;
const BUCKETS = 24 * STEPS;
/** After so many samples the older ones count half. */
const HALF_LIFE = 1000;
const ENOUGH = 50;

/** How long calls take while there is no crowd: a histogram that forgets. */
export class LatencyBaseline {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #sinceHalving = 0;

  /** Whether it has seen enough to say anything. */
  get isKnown(): boolean {
    return this.#total >= ENOUGH;
  }

  add(seconds: number): void {
    const step = Math.floor(Math.log2(Math.max(seconds, SMALLEST_SECONDS) / SMALLEST_SECONDS) * STEPS);
    const bucket = Math.min(BUCKETS - 1, step);
    this.#counts[bucket] = this.#counts[bucket]! + 1;
    this.#total += 1;
    this.#sinceHalving += 1;
    if (this.#sinceHalving < HALF_LIFE) return;
    this.#sinceHalving = 0;
    this.#total /= 2;
    for (let i = 0; i < BUCKETS; i += 1) this.#counts[i] = this.#counts[i]! / 2;
  }

  /** Seconds below which the given share of the calls stays; the upper end of its bucket. */
  quantile(share: number): number {
    let left = share * this.#total;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return SMALLEST_SECONDS * 2 ** ((bucket + 1) / STEPS);
    }
    return SMALLEST_SECONDS * 2 ** (BUCKETS / STEPS);
  }
}
