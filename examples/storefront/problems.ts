const MAX_KEPT = 5;

/** What went wrong although nothing in this demo should: decides its exit code. */
export class Problems {
  readonly #messages: string[] = [];
  #count = 0;

  add(where: string, error: unknown): void {
    this.#count += 1;
    if (this.#messages.length === MAX_KEPT) return;
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#messages.push(`${where}: ${what}`);
  }

  get count(): number {
    return this.#count;
  }

  /** The first few. */
  get messages(): readonly string[] {
    return this.#messages;
  }
}
