import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { noticeOnce } from '../notice.js';

/** Inside a for-in loop V8 answers this for nothing; it does not for `Object.hasOwn`. */
// oxlint-disable-next-line typescript/unbound-method -- called with its object below
const hasOwn = Object.prototype.hasOwnProperty;

/** Other orders of the same attributes are remembered so often for each allowed series, then looked up the slow way. */
const SHORTCUTS_PER_SERIES = 8;

/** Between names, in no text anybody writes. */
const SEPARATOR = '\u0000';

const NONE: Attributes = Object.freeze({});

/** The attributes that stand for all series beyond the limit, as OpenTelemetry names them. */
export const OVERFLOW: Attributes = Object.freeze({ 'otel.metric.overflow': true });

/**
 * Finds what belongs to a set of attributes. A fresh object with the same few keys in the same order walks a tree of
 * Maps and allocates nothing.
 *
 * Each set of names has one order, the first it was seen in: the path in this order tells sets apart, other orders are
 * shortcuts to its end. Values are told apart as the SDK does: `1` is not `'1'`, arrays are compared by their contents,
 * `null`, `undefined` and NaN are the same.
 *
 * At most `limit` sets get an entry of their own, for the life of the tree, the overflow entry among them. Who was first
 * keeps its entry; all later sets share the one for overflow.
 */
export class AttributeTree<Entry> {
  readonly #name: string;
  readonly #limit: number;
  readonly #create: (attributes: Attributes) => Entry;
  readonly #root = new PathNode<Entry>();
  /** By the sorted names, the order of their paths. */
  readonly #orders = new Map<string, readonly string[]>();
  /** Keys for values that are compared by their contents. */
  #structured: Map<string, symbol> | undefined;
  #size = 0;
  #shortcuts = 0;
  #overflow: Entry | undefined;

  /** `create` is given a frozen copy. */
  constructor(name: string, limit: number, create: (attributes: Attributes) => Entry) {
    this.#name = name;
    this.#limit = limit;
    this.#create = create;
  }

  /** What cannot be read, such as a getter that throws, counts as no attributes: the measurement must not be lost. */
  find(attributes: Attributes | null | undefined): Entry {
    try {
      let node = this.#root;
      for (const name in attributes) {
        if (!hasOwn.call(attributes, name)) continue;
        const next = node.next(name, attributes[name]);
        if (next === undefined) return this.#findSlowly(attributes);
        node = next;
      }
      return node.entry ?? this.#findSlowly(attributes);
    } catch (error) {
      noticeOnce(
        `attributes ${this.#name}`,
        `${this.#name}: attributes could not be read (${String(error)}); recorded without`,
      );
      return this.#findSlowly(NONE);
    }
  }

  #findSlowly(given: Attributes | null | undefined): Entry {
    const attributes = typeof given === 'object' && given !== null ? given : NONE;
    const names = Object.keys(attributes);
    const sorted = names.toSorted().join(SEPARATOR);
    const order = this.#orders.get(sorted) ?? names;
    const path = order.map((name) => [name, this.#keyOf(attributes[name])] as const);
    const known = this.#follow(path)?.entry;
    if (known !== undefined) {
      this.#addShortcut(names, attributes, known);
      return known;
    }
    if (this.#size >= this.#limit - 1) return this.#overflowEntry();
    const entry = this.#create(keepAttributes(attributes));
    this.#size += 1;
    this.#orders.set(sorted, order);
    this.#makePath(path).entry = entry;
    this.#addShortcut(names, attributes, entry);
    return entry;
  }

  #follow(path: readonly (readonly [string, unknown])[]): PathNode<Entry> | undefined {
    let node: PathNode<Entry> | undefined = this.#root;
    for (const [name, key] of path) node = node?.next(name, key);
    return node;
  }

  #makePath(path: readonly (readonly [string, unknown])[]): PathNode<Entry> {
    let node = this.#root;
    for (const [name, key] of path) node = node.make(name, key);
    return node;
  }

  #addShortcut(names: readonly string[], attributes: Attributes, entry: Entry): void {
    const path = names.map((name) => [name, attributes[name]] as const);
    // An array would be found by its identity and not by what it contains.
    if (path.some(([, value]) => typeof value === 'object' && value !== null)) return;
    if (this.#follow(path)?.entry !== undefined) return;
    if (this.#shortcuts >= this.#limit * SHORTCUTS_PER_SERIES) return;
    this.#shortcuts += 1;
    this.#makePath(path).entry = entry;
  }

  #overflowEntry(): Entry {
    if (this.#overflow === undefined) {
      this.#overflow = this.#create(OVERFLOW);
      noticeOnce(
        `overflow ${this.#name}`,
        `${this.#name} reached its limit of ${this.#limit} series; ` +
          'further attribute sets are counted together under otel.metric.overflow=true',
      );
    }
    return this.#overflow;
  }

  #keyOf(value: unknown): unknown {
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value;
    if (typeof value !== 'object' || value === null) return null;
    const text = JSON.stringify(value);
    this.#structured ??= new Map();
    let key = this.#structured.get(text);
    if (key === undefined) {
      key = Symbol(text);
      if (this.#size < this.#limit - 1) this.#structured.set(text, key);
    }
    return key;
  }
}

/** A copy that later changes of the caller's object and of its arrays do not reach. */
export function keepAttributes(attributes: Attributes): Attributes {
  const kept = Object.entries(attributes).map(([name, value]) => [name, keepValue(value)] as const);
  // Not by spreading: a frozen object that was made so takes four times the memory on Node 20.
  return Object.freeze(Object.fromEntries(kept));
}

function keepValue(value: AttributeValue | undefined): AttributeValue | undefined {
  return Array.isArray(value) ? (Object.freeze([...value]) as AttributeValue) : value;
}

/** The next step is under one name nearly always, and often the first value is the only one: both need no Map. */
class PathNode<Entry> {
  entry: Entry | undefined = undefined;
  #name = '';
  #firstValue: unknown = undefined;
  #first: PathNode<Entry> | undefined = undefined;
  #byValue: Map<unknown, PathNode<Entry>> | undefined = undefined;
  #byOtherName: Map<string, PathNode<Entry>> | undefined = undefined;

  next(name: string, value: unknown): PathNode<Entry> | undefined {
    if (name === this.#name) return value === this.#firstValue ? this.#first : this.#byValue?.get(value);
    return this.#byOtherName?.get(name)?.next(name, value);
  }

  make(name: string, value: unknown): PathNode<Entry> {
    if (this.#first === undefined) {
      this.#name = name;
      this.#firstValue = value;
      return (this.#first = new PathNode());
    }
    if (name !== this.#name) return this.#underOtherName(name).make(name, value);
    const known = this.next(name, value);
    if (known !== undefined) return known;
    const node = new PathNode<Entry>();
    (this.#byValue ??= new Map()).set(value, node);
    return node;
  }

  /** A node that stands for this one where the next name is another. */
  #underOtherName(name: string): PathNode<Entry> {
    this.#byOtherName ??= new Map();
    let node = this.#byOtherName.get(name);
    if (node === undefined) this.#byOtherName.set(name, (node = new PathNode()));
    return node;
  }
}
