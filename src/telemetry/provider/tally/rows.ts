/** A page has about 2^11 numbers, 16 KiB. */
const PAGE_BITS = 11;
/** At least 2^5 rows, so that pages stay few. */
const FEWEST_ROW_BITS = 5;

/**
 * A row of numbers for each series, in pages that are shared by many: one number takes 8 bytes, and nothing is copied once
 * the first page is full.
 */
export class Rows {
  readonly width: number;
  readonly #pages: Float64Array[] = [];
  readonly #empty: readonly number[];
  /** Of the number of rows of a page. */
  readonly #bits: number;
  readonly #rowMask: number;

  /** `empty` is the row of a series into which nothing was recorded. */
  constructor(empty: readonly number[]) {
    this.#empty = empty;
    this.width = empty.length;
    this.#bits = Math.max(FEWEST_ROW_BITS, PAGE_BITS - Math.ceil(Math.log2(this.width)));
    this.#rowMask = 2 ** this.#bits - 1;
  }

  /** The page a row is in. */
  page(row: number): Float64Array {
    return this.#pages[row >>> this.#bits]!;
  }

  /** Where in its page a row starts. */
  start(row: number): number {
    return (row & this.#rowMask) * this.width;
  }

  /** Makes room for a row and empties it. Tells whether others moved for it. */
  open(row: number): boolean {
    const number = row >>> this.#bits;
    const page = this.#pages[number];
    const needed = (row & this.#rowMask) + 1;
    const isShort = page === undefined || page.length < needed * this.width;
    // Most streams have few series: their only page starts with one row.
    if (isShort)
      this.#pages[number] = longer(
        page,
        this.width * (number === 0 ? powerOfTwo(needed) : this.#rowMask + 1),
      );
    this.clear(row);
    return isShort && page !== undefined;
  }

  clear(row: number): void {
    this.page(row).set(this.#empty, this.start(row));
  }
}

function longer(page: Float64Array | undefined, length: number): Float64Array {
  const copy = new Float64Array(length);
  if (page !== undefined) copy.set(page);
  return copy;
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}
