import type { Losing } from './budgeted-store.js';

/** With more of them, who leaves is worth less, and keeping them in order costs more. */
const CAPACITY = 16;

/**
 * The entries that were worth least among those drawn so far: few have to be drawn for each one that leaves, as what
 * was found before is remembered. An entry that was used meanwhile is worth more than was noted, and is passed over.
 */
export class EvictionCandidates {
  /** The one worth least comes last, to be taken from there. */
  readonly #stores: (Losing | undefined)[] = Array.from({ length: CAPACITY }, () => undefined);
  readonly #slots = new Int32Array(CAPACITY);
  readonly #worths = new Float64Array(CAPACITY);
  #count = 0;

  /** Notes an entry that was drawn; false when there are enough that are worth less. */
  add(store: Losing, slot: number): boolean {
    const worth = store.worthOf(slot);
    if (this.#count === CAPACITY && worth >= this.#worths[0]!) return false;
    let at = this.#count;
    while (at > 0 && worth > this.#worths[at - 1]!) at -= 1;
    if (this.#count < CAPACITY) {
      for (let moved = this.#count; moved > at; moved--) this.#move(moved - 1, moved);
      this.#count += 1;
    } else {
      at -= 1;
      for (let moved = 0; moved < at; moved++) this.#move(moved + 1, moved);
    }
    this.#stores[at] = store;
    this.#slots[at] = slot;
    this.#worths[at] = worth;
    return true;
  }

  /** Takes the entry that is worth least; it is forgotten here. `undefined` when there is none. */
  take(mayLose: (store: Losing) => boolean): { readonly store: Losing; readonly slot: number } | undefined {
    while (this.#count > 0) {
      const last = --this.#count;
      const store = this.#stores[last]!;
      const slot = this.#slots[last]!;
      this.#stores[last] = undefined;
      if (store.worthOf(slot) === this.#worths[last] && mayLose(store)) return { store, slot };
    }
    return undefined;
  }

  #move(from: number, to: number): void {
    this.#stores[to] = this.#stores[from];
    this.#slots[to] = this.#slots[from]!;
    this.#worths[to] = this.#worths[from]!;
  }
}
