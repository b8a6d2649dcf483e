export interface RushOptions {
  /** From one beginning of the story to the next. */
  readonly periodSeconds: number;
  /** Milliseconds that never run backwards. @default performance.now */
  readonly now?: () => number;
}

/** Of the period: usual days before and after. */
const BEGINS = 0.5;
const ENDS = 0.75;

/**
 * In the middle of the story the shop is in the news: visitors ask for other products, and the recommender, which others
 * use too, takes several times as long. Then everything is as it was.
 */
export class Rush {
  readonly periodSeconds: number;
  readonly #now: () => number;
  readonly #start: number;

  constructor({ periodSeconds, now = () => performance.now() }: RushOptions) {
    this.periodSeconds = periodSeconds;
    this.#now = now;
    this.#start = now();
  }

  get isOn(): boolean {
    const periods = (this.#now() - this.#start) / 1000 / this.periodSeconds;
    const told = periods - Math.floor(periods);
    return told >= BEGINS && told < ENDS;
  }

  /** For people. */
  get description(): string {
    return this.isOn
      ? 'rush: other products are popular, recommending takes several times as long'
      : 'a usual day';
  }

  /** When it is on, for people. */
  get plan(): string {
    const [begin, end] = [BEGINS, ENDS].map((share) => Number((share * this.periodSeconds).toFixed(1)));
    return `other ones are popular from ${begin} s to ${end} s of every ${this.periodSeconds} s`;
  }
}
