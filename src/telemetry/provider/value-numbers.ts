import type { AttributeValue } from '@opentelemetry/api';
import { keepValue } from './kept-attributes.js';

/**
 * Gives every attribute value a number, so that a set of attributes is a few integers and a text that many series share
 * is kept once. Values are told apart as the SDK does: `1` is not `'1'`, arrays are compared by their contents, `null`,
 * `undefined` and NaN are the same.
 *
 * Numbers count their uses, are given back with the last one and given out again.
 */
export class ValueNumbers {
  /** Of what is not an array. Who asks here may find nothing for what {@link find} finds. */
  readonly plain = new Map<unknown, number>();
  /** Of arrays, by their contents. */
  #structured: Map<string, number> | undefined;
  /** By their numbers. */
  readonly list: unknown[] = [];
  #uses = new Uint32Array(8);
  #free: number[] | undefined;

  /** Its number, if it has one. @throws what cannot be written as JSON. */
  find(value: unknown): number | undefined {
    const key = keyOf(value);
    return typeof key === 'object' && key !== null ? this.#structured?.get(key.text) : this.plain.get(key);
  }

  valueOf(number: number): AttributeValue | undefined {
    return this.list[number] as AttributeValue | undefined;
  }

  /** The number of a value, which has one more use. */
  use(value: AttributeValue | undefined): number {
    const known = this.find(value);
    const number = known ?? this.#add(value);
    this.#uses[number]! += 1;
    return number;
  }

  release(number: number): void {
    this.#uses[number]! -= 1;
    if (this.#uses[number]! > 0) return;
    const key = keyOf(this.list[number]);
    if (typeof key === 'object' && key !== null) this.#structured?.delete(key.text);
    else this.plain.delete(key);
    this.list[number] = RELEASED;
    (this.#free ??= []).push(number);
  }

  #add(value: AttributeValue | undefined): number {
    const number = this.#free?.pop() ?? this.list.length;
    const key = keyOf(value);
    if (typeof key === 'object' && key !== null) (this.#structured ??= new Map()).set(key.text, number);
    else this.plain.set(key, number);
    this.list[number] = keepValue(value);
    if (number >= this.#uses.length) this.#uses = grown(this.#uses);
    return number;
  }
}

/** What no attribute is. */
const RELEASED = Symbol('released');

function grown(list: Uint32Array): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(list.length + 8 + (list.length >>> 3));
  longer.set(list);
  return longer;
}

/** Whether a value is taken for the same as others that look different: it cannot be told from its number. */
export function isLossy(value: unknown): boolean {
  return (value === null || typeof value !== 'object') && keyOf(value) === null;
}

type PlainKey = string | boolean | number | null;

function keyOf(value: unknown): PlainKey | { readonly text: string } {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value !== 'object' || value === null ? null : { text: JSON.stringify(value) };
}
