/** Windows a target is left alone after a change at first, and at most. */
const FIRST_WINDOWS = 1;
const MOST_WINDOWS = 16;

/** How long a target is left alone after a change: one window, twice as long after each change that had to be undone. */
export class Cooldown {
  #windows = FIRST_WINDOWS;
  #until = -Infinity;

  /** A change was made. Milliseconds of the monotonic clock. */
  start(now: number, windowMs: number): void {
    this.#until = now + this.#windows * windowMs;
  }

  /** A change was undone. */
  lengthen(now: number, windowMs: number): void {
    this.#windows = Math.min(MOST_WINDOWS, 2 * this.#windows);
    this.start(now, windowMs);
  }

  /** A change proved itself. */
  shorten(): void {
    this.#windows = Math.max(FIRST_WINDOWS, this.#windows / 2);
  }

  isOver(now: number): boolean {
    return now >= this.#until;
  }

  /** Seconds; 0 when it is over. */
  secondsLeft(now: number): number {
    return Math.max(0, (this.#until - now) / 1000);
  }
}
