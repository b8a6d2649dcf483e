import { types } from 'node:util';
import { findRefusal, refuseUnportable } from './refusal.js';
import { UnserializableError, type Serializer } from './serializer.js';

/** From here on a value is searched for cycles; before that the search would cost more than it finds. */
const SEARCHED_DEPTH = 200;

const INSTEAD = "; serializer 'structured' can";

/**
 * Text that people and other languages read. It refuses what JSON would silently change: Map, Set, typed arrays, errors,
 * regular expressions, NaN, the infinities, bigint, `undefined` as the value or in a list, functions, symbols, cycles.
 *
 * Some things pass as `JSON.stringify` has them: a Date becomes its text, an object with `toJSON` what that returns,
 * an instance of a class its fields, -0 becomes 0, and a field that is `undefined` is left out.
 */
export const jsonSerializer: Serializer = {
  name: 'json',
  encode(value) {
    if (!isCarried(value, 0)) {
      const refusal = findRefusal(value, refuse, { allowCycles: false, replace });
      if (refusal !== undefined) throw new UnserializableError('json', refusal.path, refusal.reason);
    }
    try {
      const text = JSON.stringify(value) as string | undefined;
      if (text !== undefined) return text;
    } catch (cause) {
      throw new UnserializableError('json', '', (cause as Error).message, { cause });
    }
    throw new UnserializableError('json', '', 'its toJSON gave nothing');
  },
  decode(data) {
    try {
      return JSON.parse(data.toString()) as unknown;
    } catch {
      return undefined;
    }
  },
};

/** The fast yes; a no only means that {@link findRefusal} has to look. */
function isCarried(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || isObjectCarried(value, depth);
    default:
      return false;
  }
}

function isObjectCarried(value: object, depth: number): boolean {
  if (depth === SEARCHED_DEPTH) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      if (!isCarried(value[index], depth + 1)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return prototype === Date.prototype && isValid(value);
  for (const name in value) {
    const part = (value as Record<string, unknown>)[name];
    if (part !== undefined && !isCarried(part, depth + 1)) return false;
  }
  return typeof (value as { toJSON?: unknown }).toJSON !== 'function';
}

function refuse(value: unknown): string | undefined {
  if (value === undefined) return 'undefined';
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value}${INSTEAD}`;
  if (typeof value === 'bigint') return `a bigint${INSTEAD}`;
  if (typeof value !== 'object' || value === null) return refuseUnportable(value);
  if (value instanceof Date) return isValid(value) ? undefined : `an invalid Date${INSTEAD}`;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value))
    return `${value.constructor.name}${INSTEAD}`;
  for (const changed of [Map, Set, RegExp, Error]) {
    if (value instanceof changed) return `a ${changed.name}${INSTEAD}`;
  }
  return refuseUnportable(value);
}

/** What `JSON.stringify` looks at instead, without the fields that it leaves out. */
function replace(value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') {
    const replaced: unknown = toJSON.call(value, '');
    return replaced === value ? withoutUndefined(value) : replaced;
  }
  return withoutUndefined(value);
}

function withoutUndefined(value: object): object {
  if (Array.isArray(value)) return value;
  const fields = Object.entries(value);
  return fields.some(([, part]) => part === undefined)
    ? Object.fromEntries(fields.filter(([, part]) => part !== undefined))
    : value;
}

function isValid(date: object): boolean {
  return !Number.isNaN((date as Date).getTime());
}
