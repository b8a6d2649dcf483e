/** With fewer lookups a millisecond, to follow all of them takes 0.1 % of a core at most. */
const BUSY_PER_MS = 20;
/** Over so many lookups at least it is measured. */
const LOOKUPS = 1000;

/** Whether there are so many lookups that the time they take counts. */
export class Pace {
  #before = 0;
  #start: number;
  #isBusy = false;

  constructor(start: number) {
    this.#start = start;
  }

  /** Of the lookups since it was asked last, or the answer of then if they are few. `lookups`: of all time. */
  isBusy(lookups: number, now: number): boolean {
    const counted = lookups - this.#before;
    if (counted >= LOOKUPS) {
      this.#isBusy = counted > BUSY_PER_MS * (now - this.#start);
      this.#before = lookups;
      this.#start = now;
    }
    return this.#isBusy;
  }
}
