/** The last keys noted, up to a number; older ones are forgotten. */
export class RecentKeys {
  readonly #keys = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  note(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size > this.#limit) this.#keys.delete(this.#keys.keys().next().value!);
  }

  /** Whether it was noted; it is not any more. */
  take(key: string): boolean {
    return this.#keys.size > 0 && this.#keys.delete(key);
  }
}
