/** Slots at the start; a power of 2. */
const FIRST_SLOTS = 64;
/** 2^32 divided by the golden ratio: spreads numbers that follow each other evenly (Knuth, vol. 3, 6.4). */
const SPREAD = 0x9e3779b1;

interface Numbered {
  readonly number: number;
}

/**
 * Finds records by their numbers, when as many go as come. A Map makes itself a new table every so often, and what it
 * leaves behind in the old generation keeps young records alive until the next full collection.
 */
export class RecordTable<R extends Numbered> {
  #slots: (R | undefined)[] = Array.from({ length: FIRST_SLOTS });
  #shift = 32 - Math.log2(FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(number: number): R | undefined {
    return this.#slots[this.#slotOf(number)];
  }

  /** One that is not in it yet. */
  add(record: R): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    this.#slots[this.#slotOf(record.number)] = record;
    this.#size += 1;
  }

  delete(number: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let free = this.#slotOf(number);
    if (slots[free] === undefined) return;
    this.#size -= 1;
    // Whoever had to go further because of this one moves up.
    for (let i = (free + 1) & mask; slots[i] !== undefined; i = (i + 1) & mask) {
      const distance = (i - this.#homeOf(slots[i]!.number)) & mask;
      if (distance < ((i - free) & mask)) continue;
      slots[free] = slots[i];
      free = i;
    }
    slots[free] = undefined;
  }

  /** In the order of their numbers. */
  values(): R[] {
    return this.#slots.filter((record) => record !== undefined).toSorted((a, b) => a.number - b.number);
  }

  #homeOf(number: number): number {
    return Math.imul(number, SPREAD) >>> this.#shift;
  }

  /** Where it is, or where it would be. */
  #slotOf(number: number): number {
    const slots = this.#slots;
    let i = this.#homeOf(number);
    for (let record = slots[i]; record !== undefined && record.number !== number; record = slots[i])
      i = (i + 1) & (slots.length - 1);
    return i;
  }

  #grow(): void {
    const records = this.#slots;
    this.#slots = Array.from({ length: records.length * 2 });
    this.#shift -= 1;
    for (const record of records) {
      if (record !== undefined) this.#slots[this.#slotOf(record.number)] = record;
    }
  }
}
