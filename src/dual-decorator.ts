import { InvalidUseError } from './errors.js';

// oxlint-disable-next-line typescript/no-explicit-any -- a wrapper must accept every function
type AnyFunction = (this: any, ...args: any[]) => any;

/** What is known of the function that is being wrapped. */
export interface WrappedPlace {
  /** Name of the method or function, `anonymous` without one. */
  readonly name: string;
  /** The class it is in, where that is known already. */
  readonly owner: string | undefined;
}

/** One decorator for the three ways of use; TypeScript picks the signature that fits. */
export interface DualDecorator {
  /** Standard (TC39) decorator on a method or getter. */
  <F extends AnyFunction>(value: F, context: ClassMethodDecoratorContext | ClassGetterDecoratorContext): F;
  /** Standard decorator on a field that holds a function. */
  <This, F extends AnyFunction>(
    value: undefined,
    context: ClassFieldDecoratorContext<This, F>,
  ): (initial: F) => F;
  /** With `experimentalDecorators`, as NestJS uses it. */
  (target: object, key: string | symbol, descriptor?: PropertyDescriptor): void;
  /** Around a function. */
  <F extends AnyFunction>(fn: F): F;
}

/**
 * Makes a decorator of a function that wraps functions. What is wrapped keeps its name, length, `this` and the
 * metadata frameworks have put on it.
 *
 * @param decorator how users write it, for messages: `@timer`.
 */
export function dualDecorator(
  decorator: string,
  wrap: (fn: AnyFunction, place: WrappedPlace) => AnyFunction,
): DualDecorator {
  const wrapped = (fn: unknown, place: WrappedPlace): AnyFunction => {
    if (typeof fn !== 'function') throw misuse(decorator, place.name);
    if (isClass(fn))
      throw new InvalidUseError(`${decorator} works on functions and methods, not on class ${fn.name}`);
    return keepIdentity(fn as AnyFunction, wrap(fn as AnyFunction, place));
  };
  const decorate = (target: unknown, context?: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (isStandardContext(context)) return decorateStandard(decorator, wrapped, target, context);
    if (typeof context === 'string' || typeof context === 'symbol') {
      return decorateLegacy(decorator, wrapped, target as object, context, descriptor);
    }
    if (typeof target !== 'function') throw misuse(decorator, 'what it was given');
    return wrapped(target, { name: target.name || 'anonymous', owner: undefined });
  };
  return decorate as DualDecorator;
}

type Wrap = (fn: unknown, place: WrappedPlace) => AnyFunction;

function decorateStandard(decorator: string, wrap: Wrap, value: unknown, context: DecoratorContext): unknown {
  const place = { name: String(context.name ?? 'anonymous'), owner: undefined };
  if (context.kind === 'method' || context.kind === 'getter') return wrap(value, place);
  if (context.kind === 'field') return (initial: unknown) => wrap(initial, place);
  throw new InvalidUseError(
    `${decorator} works on methods, getters and fields that hold a function, not on ${context.kind === 'accessor' ? 'an' : 'a'} ${context.kind}`,
  );
}

function decorateLegacy(
  decorator: string,
  wrap: Wrap,
  target: object,
  key: string | symbol,
  given: PropertyDescriptor | undefined,
): PropertyDescriptor {
  const descriptor = given ?? Object.getOwnPropertyDescriptor(target, key);
  if (descriptor === undefined) throw misuse(decorator, String(key));
  const owner = typeof target === 'function' ? target.name : target.constructor.name;
  const place = { name: String(key), owner };
  // oxlint-disable-next-line typescript/unbound-method -- it is called with the instance again
  const getter: unknown = descriptor.get;
  if (getter !== undefined) descriptor.get = wrap(getter, place);
  else descriptor.value = wrap(descriptor.value, place);
  return descriptor;
}

function misuse(decorator: string, name: string): InvalidUseError {
  return new InvalidUseError(`${decorator} works on functions and methods; ${name} is neither`);
}

function isStandardContext(context: unknown): context is DecoratorContext {
  return typeof context === 'object' && context !== null && 'kind' in context && 'addInitializer' in context;
}

function isClass(fn: unknown): fn is AnyFunction {
  return typeof fn === 'function' && /^class\b/.test(Function.prototype.toString.call(fn));
}

interface MetadataReflect {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

function keepIdentity(from: AnyFunction, to: AnyFunction): AnyFunction {
  for (const key of Reflect.ownKeys(from)) {
    if (key === 'prototype' || key === 'arguments' || key === 'caller') continue;
    const descriptor = Object.getOwnPropertyDescriptor(from, key);
    const isTaken = Object.getOwnPropertyDescriptor(to, key)?.configurable === false;
    if (descriptor !== undefined && !isTaken) Object.defineProperty(to, key, descriptor);
  }
  const reflect = Reflect as MetadataReflect;
  for (const key of reflect.getOwnMetadataKeys?.(from) ?? []) {
    reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, from), to);
  }
  return to;
}
