import { types } from 'node:util';
import { registeredTypeOf } from './registered-types.js';

/** Parts of a value that V8 would change on the way: errors lose fields, a URL everything, an instance its class. */
export type SpecialKind = 'error' | 'url' | 'registered';

/** Beyond these a search remembers what it saw, which costs more and ends for any value. */
const PLAIN_DEPTH = 100;
const PLAIN_OBJECTS = 20_000;

type Answer = 'yes' | 'no' | 'gave up';

/** Whether V8 alone would change the value. Fast for values that are plain. */
export function containsSpecial(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const answer = searchPlain(value, 0, { objects: 0 });
  return answer === 'gave up' ? searchAny(value) : answer === 'yes';
}

export function specialKindOf(value: object, prototype: object): SpecialKind | undefined {
  if (registeredTypeOf(prototype) !== undefined) return 'registered';
  if (types.isNativeError(value)) return 'error';
  return value instanceof URL ? 'url' : undefined;
}

/** V8 carries these whole; they have no parts to look at. */
export function isWhole(value: object): boolean {
  return (
    types.isDate(value) ||
    ArrayBuffer.isView(value) ||
    types.isAnyArrayBuffer(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value)
  );
}

/** Cycles end it by depth, values that fan out by number. */
function searchPlain(value: object, depth: number, seen: { objects: number }): Answer {
  seen.objects += 1;
  if (depth > PLAIN_DEPTH || seen.objects > PLAIN_OBJECTS) return 'gave up';
  if (Array.isArray(value)) return searchParts(value as unknown[], depth, seen);
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== Object.prototype && prototype !== null) {
    // By prototype first: most values are these, and the exact questions below cost more.
    if (prototype === Date.prototype) return 'no';
    if (prototype === Map.prototype) return searchMap(value as Map<unknown, unknown>, depth, seen);
    if (prototype === Set.prototype) return searchParts(value as Set<unknown>, depth, seen);
    if (specialKindOf(value, prototype) !== undefined) return 'yes';
    if (isWhole(value)) return 'no';
    if (value instanceof Set) return searchParts(value, depth, seen);
    if (value instanceof Map) return searchMap(value, depth, seen);
  }
  for (const name in value) {
    const part = (value as Record<string, unknown>)[name];
    if (typeof part !== 'object' || part === null) continue;
    const answer = searchPlain(part, depth + 1, seen);
    if (answer !== 'no') return answer;
  }
  return 'no';
}

function searchMap(map: Map<unknown, unknown>, depth: number, seen: { objects: number }): Answer {
  for (const [key, part] of map) {
    if (typeof part === 'object' && part !== null) {
      const answer = searchPlain(part, depth + 1, seen);
      if (answer !== 'no') return answer;
    }
    if (typeof key === 'object' && key !== null) {
      const answer = searchPlain(key, depth + 1, seen);
      if (answer !== 'no') return answer;
    }
  }
  return 'no';
}

function searchParts(parts: Iterable<unknown>, depth: number, seen: { objects: number }): Answer {
  for (const part of parts) {
    if (typeof part !== 'object' || part === null) continue;
    const answer = searchPlain(part, depth + 1, seen);
    if (answer !== 'no') return answer;
  }
  return 'no';
}

function searchAny(root: object): boolean {
  const seen = new Set<unknown>([root]);
  // Grows while it is read.
  for (const value of seen) {
    if (typeof value !== 'object' || value === null) continue;
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype !== null && specialKindOf(value, prototype) !== undefined) return true;
    if (isWhole(value)) continue;
    const parts = value instanceof Map ? [...value.keys(), ...value.values()] : value;
    const isList = parts instanceof Set || Array.isArray(parts);
    for (const part of isList ? (parts as Iterable<unknown>) : Object.values(parts)) seen.add(part);
  }
  return false;
}
