/** A value that came back, and what was kept of its entry besides. */
export interface Victim<Rest> {
  readonly value: object;
  readonly rest: Rest;
}

interface WeakVictim<Rest> {
  readonly reference: WeakRef<object>;
  readonly rest: Rest;
}

/** Entries looked at with each one that is kept, so that dead ones leave sooner than they come. */
const SWEPT_PER_KEEP = 2;

/**
 * Values that left a cache, for as long as something else still holds them or no full garbage collection has run: it
 * uses memory that is not reclaimed yet, and promises nothing. A bound on the number bounds what dead entries take,
 * about 150 bytes and the key; values are not counted as bytes of the cache.
 *
 * No FinalizationRegistry: it makes a full collection slower by some percent for each value registered, runs when it
 * likes, and would only remove what the sweep removes anyway.
 *
 * Whoever replaces or deletes a key in the cache must `delete` it here too, else an old value comes back.
 */
export class WeakVictims<Rest = undefined> {
  readonly #max: number;
  readonly #victims = new Map<string, WeakVictim<Rest>>();
  #sweep = this.#victims.entries();
  #hits = 0;

  /** `max`: entries it may hold, the oldest leave first. More than 0. */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Keeps a value weakly, and `rest` with it as it is. Only objects and functions can be weak: of anything else it
   * keeps nothing and returns false.
   */
  keep(key: string, value: unknown, rest: Rest): boolean {
    this.#victims.delete(key);
    if (!isObject(value)) return false;
    this.#victims.set(key, { reference: new WeakRef(value), rest });
    if (this.#victims.size > this.#max) this.#victims.delete(this.#victims.keys().next().value!);
    for (let i = 0; i < SWEPT_PER_KEEP; i++) this.#sweepOne();
    return true;
  }

  /** Removes the entry and returns what is left of it, or `undefined` when the value is gone. */
  take(key: string): Victim<Rest> | undefined {
    const victim = this.#victims.get(key);
    if (victim === undefined) return undefined;
    this.#victims.delete(key);
    const value = victim.reference.deref();
    if (value === undefined) return undefined;
    this.#hits += 1;
    return { value, rest: victim.rest };
  }

  delete(key: string): boolean {
    return this.#victims.delete(key);
  }

  clear(): void {
    this.#victims.clear();
  }

  /** Entries it holds, those included whose values are gone and which it has not noticed yet. */
  get size(): number {
    return this.#victims.size;
  }

  get max(): number {
    return this.#max;
  }

  /** How often `take` found a value. */
  get hits(): number {
    return this.#hits;
  }

  /** An iterator of a Map goes on where it was, whatever has been added or deleted meanwhile. */
  #sweepOne(): void {
    const { done, value } = this.#sweep.next();
    if (done === true) this.#sweep = this.#victims.entries();
    else if (value[1].reference.deref() === undefined) this.#victims.delete(value[0]);
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
