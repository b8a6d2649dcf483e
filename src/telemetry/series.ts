import type { Attributes, AttributeValue } from './definition.js';
import { noticeOnce } from './notice.js';

/** Attributes as kept: copied, so later changes of the caller's object change nothing, and frozen. */
export type KeptAttributes = Readonly<Record<string, AttributeValue>>;

/** The attribute set that stands for all series beyond the limit, as OpenTelemetry names it. */
export const OVERFLOW: KeptAttributes = Object.freeze({ 'otel.metric.overflow': true });

const NONE: Attributes = Object.freeze({});

/** Inside a for-in loop V8 answers this for nothing; it does not for `Object.hasOwn`. */
// oxlint-disable-next-line typescript/unbound-method -- called with its object below
const hasOwn = Object.prototype.hasOwnProperty;

/** A longer value is cut: whole documents have been seen as labels. */
const MAX_VALUE_LENGTH = 255;

/** Paths remembered per allowed series; the same attributes in another order are another path to the same series. */
const PATHS_PER_SERIES = 8;

/**
 * Finds the cell of an attribute set. The common case, a fresh object with the same few keys in the same order, walks
 * a tree of Maps and allocates nothing.
 *
 * At most `limit` series exist for the life of the process (the SDK's own limit starts again at each collection and so
 * bounds nothing). Further attribute sets share one overflow cell: totals stay right, memory stays bounded, and the
 * attribute that explodes is named once.
 */
export class SeriesTable<Cell> {
  readonly #instrument: string;
  readonly #limit: number;
  readonly #create: (attributes: KeptAttributes) => Cell;
  readonly #root = new PathNode<Cell>();
  readonly #byIdentity = new Map<string, { readonly attributes: KeptAttributes; readonly cell: Cell }>();
  #overflow: Cell | undefined;
  #paths = 0;

  constructor(instrument: string, limit: number, create: (attributes: KeptAttributes) => Cell) {
    this.#instrument = instrument;
    this.#limit = limit;
    this.#create = create;
  }

  /** How many spellings of attribute sets are remembered for the fast way. */
  get paths(): number {
    return this.#paths;
  }

  get size(): number {
    return this.#byIdentity.size + (this.#overflow === undefined ? 0 : 1);
  }

  find(attributes?: Attributes | null): Cell {
    try {
      return this.#follow(attributes ?? NONE);
    } catch (error) {
      noticeOnce(
        `tags ${this.#instrument}`,
        `${this.#instrument}: tags could not be read (${String(error)}); recorded without`,
      );
      return this.#findSlowly(NONE);
    }
  }

  *[Symbol.iterator](): Generator<Cell> {
    for (const { cell } of this.#byIdentity.values()) yield cell;
    if (this.#overflow !== undefined) yield this.#overflow;
  }

  #follow(attributes: Attributes): Cell {
    let node = this.#root;
    for (const name in attributes) {
      if (!hasOwn.call(attributes, name)) continue;
      const next = node.next.get(name)?.get(attributes[name]);
      if (next === undefined) return this.#findSlowly(attributes);
      node = next;
    }
    return node.cell ?? this.#findSlowly(attributes);
  }

  #findSlowly(attributes: Attributes): Cell {
    const kept = keepAttributes(this.#instrument, attributes);
    const identity = identityOf(kept);
    let known = this.#byIdentity.get(identity);
    if (known === undefined) {
      // One place is kept for the overflow cell, so that the SDK's equal limit never cuts into ours.
      if (this.#byIdentity.size >= this.#limit - 1) return this.#overflowCell();
      known = { attributes: kept, cell: this.#create(kept) };
      this.#byIdentity.set(identity, known);
    }
    this.#rememberPath(attributes, known.cell);
    return known.cell;
  }

  #rememberPath(attributes: Attributes, cell: Cell): void {
    const values = Object.values(attributes);
    if (!values.every(isPathStep) || this.#paths >= this.#limit * PATHS_PER_SERIES) return;
    this.#paths += 1;
    let node = this.#root;
    for (const [name, value] of Object.entries(attributes)) node = node.step(name, value);
    node.cell = cell;
  }

  #overflowCell(): Cell {
    if (this.#overflow === undefined) {
      this.#overflow = this.#create(OVERFLOW);
      noticeOnce(
        `overflow ${this.#instrument}`,
        `${this.#instrument} reached its limit of ${this.#limit} series; ${this.#explosion()}. ` +
          'Further attribute sets are counted together under otel.metric.overflow="true"',
      );
    }
    return this.#overflow;
  }

  #explosion(): string {
    const values = new Map<string, Set<AttributeValue>>();
    for (const { attributes } of this.#byIdentity.values()) {
      for (const [name, value] of Object.entries(attributes)) {
        let seen = values.get(name);
        if (seen === undefined) values.set(name, (seen = new Set()));
        seen.add(value);
      }
    }
    const [most] = [...values].toSorted((a, b) => b[1].size - a[1].size);
    if (values.size > this.#limit / 2)
      return `${values.size} attribute names, such as "${values.keys().next().value}"`;
    return most === undefined
      ? 'no attribute stands out'
      : `attribute "${most[0]}" has ${most[1].size} values`;
  }
}

class PathNode<Cell> {
  readonly next = new Map<string, Map<unknown, PathNode<Cell>>>();
  cell: Cell | undefined;

  step(name: string, value: unknown): PathNode<Cell> {
    let byValue = this.next.get(name);
    if (byValue === undefined) this.next.set(name, (byValue = new Map()));
    let node = byValue.get(value);
    if (node === undefined) byValue.set(value, (node = new PathNode()));
    return node;
  }
}

/** Only short plain values become paths: a long one would be held for ever beside its cut copy. */
function isPathStep(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_VALUE_LENGTH;
  return typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null;
}

function keepAttributes(instrument: string, attributes: unknown): KeptAttributes {
  if (typeof attributes !== 'object' || attributes === null) {
    noticeOnce(
      `tags ${instrument}`,
      `${instrument}: tags must be an object, got ${typeof attributes}; recorded without`,
    );
    return Object.freeze({});
  }
  const kept: [string, AttributeValue][] = [];
  for (const [name, value] of Object.entries(attributes)) {
    const usable = keepValue(instrument, name, value);
    if (usable !== undefined && name !== '') kept.push([name, usable]);
  }
  return Object.freeze(Object.fromEntries(kept));
}

function keepValue(instrument: string, name: string, value: unknown): AttributeValue | undefined {
  switch (typeof value) {
    case 'string':
      return value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH - 1)}…` : value;
    case 'boolean':
      return value;
    case 'number':
      // OTLP carries NaN and infinities, JSON does not: as text they mean the same everywhere.
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'undefined':
      return undefined;
    default:
      if (value !== null) {
        noticeOnce(
          `tag ${instrument} ${name}`,
          `${instrument}: tag "${name}" must be a text, number or boolean, got ${Array.isArray(value) ? 'an array' : typeof value}; recorded without it`,
        );
      }
      return undefined;
  }
}

/** Text of a value decides, not its type: `1` and `'1'` would be two series with one label text. */
function identityOf(attributes: KeptAttributes): string {
  const names = Object.keys(attributes).toSorted();
  return JSON.stringify(names.map((name) => [name, String(attributes[name])]));
}
