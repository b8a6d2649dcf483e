import { registeredTypeNamed, registeredTypeOf } from './registered-types.js';
import { refuseUnportable } from './refusal.js';
import { UnserializableError } from './serializer.js';
import { isWhole, specialKindOf, type SpecialKind } from './special-values.js';

/**
 * A value taken apart so that V8 can carry it: copied, each special part replaced by an empty object and listed beside
 * the copy with its kind and content. V8 keeps identity, so after reading, the list leads to the empty objects, and
 * nothing in the value needs a mark that the user's own data could carry too.
 */
export interface Apart {
  readonly root: unknown;
  readonly specials: readonly Special[];
}

type Special = readonly [placeholder: object, kind: SpecialKind, content: unknown, typeName: string];

interface ErrorContent {
  readonly message: string;
  readonly name: string;
  readonly stack: unknown;
  /** In a list, because an own `cause` may be `undefined`. */
  readonly cause: readonly unknown[];
  readonly errors: readonly unknown[];
  readonly fields: Record<string, unknown>;
}

/** The only classes an error comes back as; another is its nearest ancestor of these, with its own name. */
const ERROR_CLASSES = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
} as const;

/** @throws {UnserializableError} for a registered instance whose `toPlain` leads back to itself. */
export function takeApart(root: unknown): Apart {
  const copies = new Map<object, object>();
  const underWay = new Set<object>();
  const specials: Special[] = [];

  const copy = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const before = copies.get(value);
    if (before !== undefined) {
      if (underWay.has(value))
        throw new UnserializableError('structured', '', 'a registered type contains itself');
      return before;
    }
    const prototype = Object.getPrototypeOf(value) as object | null;
    const kind = prototype === null ? undefined : specialKindOf(value, prototype);
    if (kind !== undefined) return setAside(value, prototype!, kind);
    return isWhole(value) ? value : copyParts(value);
  };

  const setAside = (value: object, prototype: object, kind: SpecialKind): object => {
    const placeholder = {};
    copies.set(value, placeholder);
    if (kind === 'url') {
      specials.push([placeholder, kind, (value as URL).href, 'URL']);
    } else if (kind === 'error') {
      specials.push([placeholder, kind, copy(contentOf(value as Error)), classOf(value as Error)]);
    } else {
      const { name, toPlain } = registeredTypeOf(prototype)!;
      underWay.add(value);
      const content = copy(toPlain(value));
      underWay.delete(value);
      specials.push([placeholder, kind, content, name]);
    }
    return placeholder;
  };

  const copyParts = (value: object): object => {
    const reason = refuseUnportable(value);
    if (reason !== undefined) throw new UnserializableError('structured', '', reason);
    const target = emptyLike(value);
    // Before its parts, so that a cycle finds it.
    copies.set(value, target);
    if (value instanceof Map) {
      for (const [key, part] of value) (target as Map<unknown, unknown>).set(copy(key), copy(part));
    } else if (value instanceof Set) {
      for (const part of value) (target as Set<unknown>).add(copy(part));
    } else {
      for (const [name, part] of Object.entries(value)) setField(target, name, copy(part));
    }
    return target;
  };

  return { root: copy(root), specials };
}

/** @throws when a type is not registered here, or its `fromPlain` throws. */
export function putTogether({ root, specials }: Apart): unknown {
  const listed = new Map(specials.map((special) => [special[0], special]));
  const whole = new Map<object, object>();
  const visited = new Set<object>();

  /** Puts the whole parts into the place of the empty ones, in the value itself: nobody else has it yet. */
  const fill = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const special = listed.get(value);
    if (special !== undefined) return whole.get(value) ?? build(special);
    if (visited.has(value) || isWhole(value)) return value;
    visited.add(value);
    if (value instanceof Map) {
      const pairs = [...value];
      value.clear();
      for (const [key, part] of pairs) value.set(fill(key), fill(part));
    } else if (value instanceof Set) {
      const parts = [...value];
      value.clear();
      for (const part of parts) value.add(fill(part));
    } else {
      for (const [name, part] of Object.entries(value)) {
        if (typeof part === 'object' && part !== null) setField(value, name, fill(part));
      }
    }
    return value;
  };

  const build = ([placeholder, kind, content, typeName]: Special): object => {
    if (kind === 'error') {
      const error = emptyError(typeName, (content as ErrorContent).message);
      // Before its fields are filled: they may lead back to it.
      whole.set(placeholder, error);
      restoreError(error, fill(content) as ErrorContent);
      return error;
    }
    const built = kind === 'url' ? new URL(content as string) : fromRegistered(typeName, fill(content));
    whole.set(placeholder, built);
    return built;
  };

  return fill(root);
}

function fromRegistered(name: string, content: unknown): object {
  const registered = registeredTypeNamed(name);
  if (registered === undefined) throw new Error(`type ${name} is not registered`);
  return registered.fromPlain(content);
}

function contentOf(error: Error): ErrorContent {
  return {
    message: error.message,
    name: error.name,
    stack: error.stack,
    cause: Object.hasOwn(error, 'cause') ? [error.cause] : [],
    errors: error instanceof AggregateError ? [error.errors] : [],
    fields: Object.fromEntries(Object.entries(error)),
  };
}

function restoreError(error: Error, { name, stack, cause, errors, fields }: ErrorContent): void {
  const hidden = (field: string, value: unknown) =>
    Object.defineProperty(error, field, { value, writable: true, configurable: true, enumerable: false });
  if (stack !== undefined) hidden('stack', stack);
  if (error.name !== name) hidden('name', name);
  for (const each of cause) hidden('cause', each);
  for (const each of errors) hidden('errors', each);
  for (const [field, value] of Object.entries(fields)) setField(error, field, value);
}

function emptyError(typeName: string, message: string): Error {
  if (typeName === 'AggregateError') return new AggregateError([], message);
  if (!Object.hasOwn(ERROR_CLASSES, typeName)) throw new Error(`unknown class of errors ${typeName}`);
  return new ERROR_CLASSES[typeName as keyof typeof ERROR_CLASSES](message);
}

function classOf(error: Error): string {
  if (error instanceof AggregateError) return 'AggregateError';
  const known = Object.entries(ERROR_CLASSES).find(
    ([name, Class]) => name !== 'Error' && error instanceof Class,
  );
  return known?.[0] ?? 'Error';
}

function emptyLike(value: object): object {
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  return Array.isArray(value) ? holes(value.length) : {};
}

function holes(length: number): unknown[] {
  const list: unknown[] = [];
  list.length = length;
  return list;
}

/** Assigning to `__proto__` would change the prototype instead. */
function setField(target: object, name: string, value: unknown): void {
  if (name !== '__proto__') (target as Record<string, unknown>)[name] = value;
  else Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}
