import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { noticeOnce } from '../notice.js';
import { keepAttributes, NO_ATTRIBUTES, OVERFLOW } from './kept-attributes.js';
import { NamePath, type NameOrder, type NameSet } from './name-path.js';
import { FACTOR, mix, NumberTable } from './number-table.js';
import { isLossy, ValueNumbers } from './value-numbers.js';

/** Inside a for-in loop V8 answers this for nothing; it does not for `Object.hasOwn`. */
// oxlint-disable-next-line typescript/unbound-method -- called with its object below
const hasOwn = Object.prototype.hasOwnProperty;

/** Other orders of the same names are remembered so often for each allowed series, then looked up the slow way. */
const ORDERS_PER_SERIES = 8;

/** Between names, in no text anybody writes. */
const SEPARATOR = '\u0000';

/**
 * Gives every set of attributes the number of its series. A fresh object with known names and values costs one Map
 * lookup for each attribute and allocates nothing; what is kept of it are integers.
 *
 * At most `limit` sets get a number of their own, the overflow among them. Who was first keeps it until it is removed;
 * all later sets share the one for overflow. Numbers of removed series are given out again.
 */
export class AttributeTable {
  readonly #name: string;
  readonly #limit: number;
  readonly #onNew: (series: number) => void;
  readonly #values = new ValueNumbers();
  readonly #table = new NumberTable();
  readonly #root = new NamePath();
  /** By their sorted names. */
  readonly #sets = new Map<string, NameSet>();
  readonly #setOf: NameSet[] = [];
  /** The key that is looked for. Reused; whoever looks for another one meanwhile changes `#turn`. */
  readonly #key: number[] = [0, 0, 0, 0, 0, 0, 0, 0];
  #turn = 0;
  /** The series without attributes, once there is one. */
  #none = -1;
  /** Attributes that cannot be told from numbers. */
  #lossy: Map<number, Attributes> | undefined;
  #orders = 0;
  #end = 0;
  #count = 0;
  #overflow = -1;
  #free: number[] | undefined;

  /** `onNew` makes room for a series before it is used. */
  constructor(name: string, limit: number, onNew: (series: number) => void) {
    this.#name = name;
    this.#limit = limit;
    this.#onNew = onNew;
  }

  /** Numbers are smaller than this; those of removed series have nothing. */
  get end(): number {
    return this.#end;
  }

  /** What cannot be read, such as a getter that throws, counts as no attributes: the measurement must not be lost. */
  find(attributes: Attributes | null | undefined): number {
    if (attributes === undefined && this.#none >= 0) return this.#none;
    try {
      const turn = ++this.#turn;
      const key = this.#key;
      const { list, plain } = this.#values;
      let path = this.#root;
      let length = 0;
      let hash = 0;
      // What `next` and `mix` do is written out. That makes this function so long that V8 compiles it by itself: where it was
      // put into its callers, there was not always room for all of it, and a record took 30 ns more.
      for (const name in attributes) {
        if (!hasOwn.call(attributes, name)) continue;
        const value = attributes[name];
        const next = name === path.name ? path.following : path.others?.get(name);
        if (next === undefined) return this.#findSlowly(attributes);
        const number = list[next.number] === value ? next.number : plain.get(value);
        if (number === undefined) return this.#findSlowly(attributes);
        next.number = number;
        key[length++] = number;
        const mixed = Math.imul(hash ^ number, FACTOR);
        hash = mixed ^ (mixed >>> 15);
        path = next;
      }
      const { order } = path;
      // A getter may have recorded something itself.
      if (order === undefined || turn !== this.#turn) return this.#findSlowly(attributes);
      if (order.from !== undefined) hash = this.#reorder(order.from);
      const series = this.#table.find(hash, order.set.number, key, length);
      return series < 0 ? this.#findSlowly(attributes) : series;
    } catch (error) {
      return this.#findNone(error);
    }
  }

  /** The series of these attributes if there is one; makes none. */
  known(attributes: Attributes): number | undefined {
    const names = Object.keys(attributes);
    const set = this.#sets.get(names.toSorted().join(SEPARATOR));
    // All are looked at, so that what cannot be read is found out now.
    const key = (set?.names ?? names).map((name) => this.#values.find(attributes[name]) ?? -1);
    if (set === undefined || key.includes(-1)) return undefined;
    const series = this.#table.find(hashOf(key), set.number, key, key.length);
    return series < 0 ? undefined : series;
  }

  has(series: number): boolean {
    return series === this.#overflow || this.#table.has(series);
  }

  /** A fresh object with the attributes of a series that has some or none; arrays in it are frozen. */
  attributesOf(series: number): Attributes {
    if (series === this.#overflow) return OVERFLOW;
    const lossy = this.#lossy?.get(series);
    if (lossy !== undefined) return lossy;
    const { names } = this.#setOf[this.#table.setOf(series)]!;
    const attributes: Attributes = {};
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const value = this.#values.valueOf(this.#table.at(series, i));
      if (name === '__proto__') defineOwn(attributes, name, value);
      else attributes[name] = value;
    }
    return attributes;
  }

  /** Gives the number back. The overflow stays. */
  remove(series: number): boolean {
    if (!this.#table.has(series)) return false;
    const { names } = this.#setOf[this.#table.setOf(series)]!;
    const key = names.map((_, i) => this.#table.at(series, i));
    this.#table.remove(series);
    for (const number of key) this.#values.release(number);
    if (series === this.#none) this.#none = -1;
    this.#lossy?.delete(series);
    this.#count -= 1;
    (this.#free ??= []).push(series);
    return true;
  }

  #findNone(error: unknown): number {
    const message = `${this.#name}: attributes could not be read (${String(error)}); recorded without`;
    noticeOnce(`attributes ${this.#name}`, message);
    return this.#findSlowly(NO_ATTRIBUTES);
  }

  #findSlowly(given: Attributes | null | undefined): number {
    const attributes = typeof given === 'object' && given !== null ? given : NO_ATTRIBUTES;
    const known = this.known(attributes);
    if (known !== undefined) {
      this.#rememberOrder(Object.keys(attributes));
      return known;
    }
    // Names that nobody has any more are not forgotten, so that new ones must come to an end.
    const isFull = this.#count >= this.#limit - 1 || this.#setOf.length >= this.#limit * ORDERS_PER_SERIES;
    return isFull ? this.#overflowSeries() : this.#add(attributes);
  }

  #add(given: Attributes): number {
    const attributes = keepAttributes(given);
    const names = Object.keys(attributes);
    const set = this.#setWith(names);
    const key = set.names.map((name) => this.#values.use(attributes[name]));
    const series = this.#newSeries();
    this.#table.add(series, set.number, key);
    this.#count += 1;
    if (names.length === 0) this.#none = series;
    if (Object.values(attributes).some(isLossy)) (this.#lossy ??= new Map()).set(series, attributes);
    this.#rememberOrder(names);
    return series;
  }

  #newSeries(): number {
    const series = this.#free?.pop() ?? this.#end++;
    this.#onNew(series);
    return series;
  }

  #overflowSeries(): number {
    if (this.#overflow >= 0) return this.#overflow;
    this.#overflow = this.#newSeries();
    noticeOnce(
      `overflow ${this.#name}`,
      `${this.#name} reached its limit of ${this.#limit} series; ` +
        'further attribute sets are counted together under otel.metric.overflow=true',
    );
    return this.#overflow;
  }

  #setWith(names: readonly string[]): NameSet {
    const sorted = names.toSorted().join(SEPARATOR);
    let set = this.#sets.get(sorted);
    if (set === undefined) {
      set = { number: this.#setOf.length, names };
      this.#sets.set(sorted, set);
      this.#setOf.push(set);
    }
    return set;
  }

  #rememberOrder(names: readonly string[]): void {
    if (this.#orders >= this.#limit * ORDERS_PER_SERIES) return;
    let path = this.#root;
    for (const name of names) path = path.make(name);
    if (path.order !== undefined) return;
    this.#orders += 1;
    path.order = orderOf(names, this.#setWith(names));
  }

  /** Puts the key into the order of its set, and returns the hash of that. */
  #reorder(from: readonly number[]): number {
    const given = this.#key.slice(0, from.length);
    let hash = 0;
    for (let i = 0; i < from.length; i++) {
      const number = given[from[i]!]!;
      this.#key[i] = number;
      hash = mix(hash, number);
    }
    return hash;
  }
}

function orderOf(names: readonly string[], set: NameSet): NameOrder {
  const isSame = set.names.every((name, i) => name === names[i]);
  return { set, from: isSame ? undefined : set.names.map((name) => names.indexOf(name)) };
}

function hashOf(key: readonly number[]): number {
  return key.reduce(mix, 0);
}

/** For the one name that means something else when it is assigned. */
function defineOwn(attributes: Attributes, name: string, value: AttributeValue | undefined): void {
  Object.defineProperty(attributes, name, { value, enumerable: true, configurable: true, writable: true });
}
