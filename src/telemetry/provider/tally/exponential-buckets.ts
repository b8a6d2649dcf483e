/** Counts of neighbouring buckets; on one side of zero, at the scale of its histogram. */
export class ExponentialBuckets {
  /** The bucket the first count belongs to. */
  #offset = 0;
  #counts: number[] = [];

  get isEmpty(): boolean {
    return this.#counts.length === 0;
  }

  get lowest(): number {
    return this.#offset;
  }

  get highest(): number {
    return this.#offset + this.#counts.length - 1;
  }

  /** How many buckets there are once this one is among them. */
  spanWith(index: number): number {
    if (this.isEmpty) return 1;
    return Math.max(this.highest, index) - Math.min(this.lowest, index) + 1;
  }

  add(index: number, count: number): void {
    if (this.isEmpty) this.#offset = index;
    while (index < this.#offset) {
      this.#counts.unshift(0);
      this.#offset -= 1;
    }
    while (index > this.highest) this.#counts.push(0);
    this.#counts[index - this.#offset]! += count;
  }

  /** Joins 2^steps neighbours into one. */
  coarsen(steps: number): void {
    const fine = this.#counts;
    const from = this.#offset;
    this.clear();
    for (const [position, count] of fine.entries()) {
      if (count > 0) this.add((from + position) >> steps, count);
    }
  }

  /** Adds the counts of another, which is finer by so many steps. */
  absorb(other: ExponentialBuckets, steps: number): void {
    for (const [position, count] of other.#counts.entries()) {
      if (count > 0) this.add((other.#offset + position) >> steps, count);
    }
  }

  clear(): void {
    this.#offset = 0;
    this.#counts = [];
  }

  copy(): { offset: number; bucketCounts: number[] } {
    return { offset: this.#offset, bucketCounts: [...this.#counts] };
  }
}
