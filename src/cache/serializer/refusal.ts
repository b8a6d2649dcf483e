/** Why a value cannot be carried, in words that follow a colon; `undefined` when it can. */
export type Refuse = (value: unknown) => string | undefined;

export interface Refusal {
  /** For example `user.friends[2].callback`; empty for the value itself. */
  readonly path: string;
  readonly reason: string;
}

interface WalkOptions {
  /** Whether what refers back to itself can be carried. */
  readonly allowCycles: boolean;
  /** What is looked at in place of a value, where the serializer does so too. */
  readonly replace?: (value: object) => unknown;
}

/**
 * Searches a value for the first part that `refuse` has a reason against, and tells where it is. Takes its time: for
 * values that a faster check or the encoder itself has already turned down.
 */
export function findRefusal(
  root: unknown,
  refuse: Refuse,
  { allowCycles, replace }: WalkOptions,
): Refusal | undefined {
  const ancestors = new Set<object>();
  const finished = new Set<object>();

  const visit = (given: unknown, path: string): Refusal | undefined => {
    const reason = refuse(given);
    if (reason !== undefined) return { path, reason };
    if (typeof given !== 'object' || given === null) return undefined;
    if (ancestors.has(given)) return allowCycles ? undefined : { path, reason: 'it contains itself' };
    if (finished.has(given)) return undefined;
    ancestors.add(given);
    const value = replace === undefined ? given : replace(given);
    const found = value === given ? visitParts(given, path) : visit(value, path);
    ancestors.delete(given);
    finished.add(given);
    return found;
  };

  const visitParts = (value: object, path: string): Refusal | undefined => {
    for (const [place, part] of partsOf(value)) {
      const found = visit(part, place.startsWith('[') || path === '' ? path + place : `${path}.${place}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return visit(root, '');
}

/** What a value consists of, and how code would reach it. */
function* partsOf(value: object): Iterable<readonly [place: string, part: unknown]> {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) yield [`[${index}]`, value[index]];
  } else if (value instanceof Map) {
    let index = 0;
    for (const [key, part] of value) {
      yield [`[key ${index}]`, key];
      yield [typeof key === 'string' ? `[${JSON.stringify(key)}]` : `[value ${index}]`, part];
      index += 1;
    }
  } else if (value instanceof Set) {
    let index = 0;
    for (const part of value) yield [`[element ${index++}]`, part];
  } else if (!ArrayBuffer.isView(value)) {
    if (value instanceof Error && value.cause !== undefined) yield ['cause', value.cause];
    for (const [name, part] of Object.entries(value)) {
      yield [/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : `[${JSON.stringify(name)}]`, part];
    }
  }
}

/** What no serializer can carry, because it is code, a place in memory or work that is under way. */
export function refuseUnportable(value: unknown): string | undefined {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const unportable of [Promise, WeakMap, WeakSet, WeakRef]) {
    if (value instanceof unportable) return `a ${unportable.name}`;
  }
  return undefined;
}
