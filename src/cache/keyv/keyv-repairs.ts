/** Keys that are remembered; a key takes some hundred bytes. */
const MAX_KEYS = 20_000;

/**
 * Writes that failed, by key of the store: until one is made good, what the store has under its key is wrong, and nobody
 * may read it. An entry is made good by deleting it, the version of a tag by writing it again.
 */
export class KeyvRepairs {
  readonly #texts = new Map<string, string | undefined>();
  readonly #maxKeys: number;
  #isEverythingWrong = false;

  constructor(maxKeys = MAX_KEYS) {
    this.#maxKeys = maxKeys;
  }

  get count(): number {
    return this.#texts.size;
  }

  /** Whether more failed than can be remembered: then all entries must be removed. */
  get isEverythingWrong(): boolean {
    return this.#isEverythingWrong;
  }

  isWrong(key: string): boolean {
    return this.#isEverythingWrong || this.#texts.has(key);
  }

  /** What the key should hold; `undefined` when that is nothing, or nothing is remembered of it. */
  textOf(key: string): string | undefined {
    return this.#texts.get(key);
  }

  remember(key: string, text?: string): void {
    // Versions of tags are few and must not be lost: without room it is the entries that are given up.
    if (this.#texts.size >= this.#maxKeys && !this.#texts.has(key)) this.rememberAll();
    if (text !== undefined || !this.#isEverythingWrong) this.#texts.set(key, text);
  }

  /** All entries must be removed, whatever their keys. */
  rememberAll(): void {
    this.#isEverythingWrong = true;
    for (const [key, text] of this.#texts) if (text === undefined) this.#texts.delete(key);
  }

  /** A newer write of the key succeeded. */
  forget(key: string): void {
    this.#texts.delete(key);
  }

  /** What has to be done, in no order. */
  list(): readonly (readonly [key: string, text: string | undefined])[] {
    return [...this.#texts];
  }

  /** It was done, unless something newer is to be done meanwhile. */
  done(key: string, text: string | undefined): void {
    if (this.#texts.get(key) === text) this.#texts.delete(key);
  }

  /** All entries were removed. */
  doneAll(): void {
    this.#isEverythingWrong = false;
    for (const [key, text] of this.#texts) if (text === undefined) this.#texts.delete(key);
  }
}
