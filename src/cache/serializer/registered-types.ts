import { checkFunction, checkText } from '../../checks.js';
import { InvalidOptionError } from '../../errors.js';

/** Constructors of any kind, abstract and private ones included. */
export type AnyClass<T = object> = { readonly prototype: T };

export interface RegisteredType {
  readonly name: string;
  readonly toPlain: (value: object) => unknown;
  readonly fromPlain: (plain: unknown) => object;
}

const byPrototype = new Map<object, RegisteredType>();
const byName = new Map<string, RegisteredType>();

/**
 * Teaches the serializer `structured` to keep instances of a class; without it they come back as plain objects. Only
 * instances of the class itself are meant, not those of classes that extend it. Register the same name in every process
 * that reads: elsewhere such an entry is a miss.
 *
 * ```ts
 * registerType('Money', Money, (money) => money.cents, (cents) => new Money(cents));
 * ```
 *
 * @param toPlain what to keep; may contain anything `structured` can carry, registered instances too.
 * @param fromPlain builds the instance from that. What it throws makes the entry a miss.
 * @throws {InvalidOptionError} when another class has the name. The same class may be registered again.
 */
export function registerType<T extends object, Plain>(
  name: string,
  Class: AnyClass<T>,
  toPlain: (value: T) => Plain,
  fromPlain: (plain: Plain) => T,
): void {
  checkText('name', name);
  checkFunction('Class', Class);
  checkFunction('toPlain', toPlain);
  checkFunction('fromPlain', fromPlain);
  const before = byPrototype.get(Class.prototype);
  const namesake = byName.get(name);
  if (namesake !== undefined && namesake !== before) {
    throw new InvalidOptionError('name', 'a name that no other registered class has', name);
  }
  const registered = { name, toPlain, fromPlain } as unknown as RegisteredType;
  if (before !== undefined) byName.delete(before.name);
  byPrototype.set(Class.prototype, registered);
  byName.set(name, registered);
}

export function registeredTypeOf(prototype: object): RegisteredType | undefined {
  return byPrototype.get(prototype);
}

export function registeredTypeNamed(name: string): RegisteredType | undefined {
  return byName.get(name);
}
