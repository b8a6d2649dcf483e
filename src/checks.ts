import { InvalidOptionError } from './errors.js';

/**
 * The given options over their defaults. An explicit `undefined` counts as not given, an unknown name is an
 * error: a misspelt option that is silently ignored is found in production.
 *
 * @throws {InvalidOptionError} for something that is no object, and for names that are not in `known`.
 */
export function withDefaults<Defaults extends object, Options extends object>(
  owner: string,
  defaults: Defaults,
  options: Options | undefined,
  known: readonly (keyof Options & string)[],
): Defaults & { [Name in Exclude<keyof Options, keyof Defaults>]: Options[Name] } {
  checkKnownOptions(owner, options, known);
  const merged = { ...defaults } as Record<string, unknown>;
  for (const [name, value] of Object.entries(options ?? {})) {
    if (value !== undefined) merged[name] = value;
  }
  return merged as unknown as Defaults & { [Name in Exclude<keyof Options, keyof Defaults>]: Options[Name] };
}

/** @throws {InvalidOptionError} naming the first option that is not in `known`, with the nearest known name. */
export function checkKnownOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionError(`${owner} options`, 'an object', options);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = known.find((other) => other.toLowerCase() === name.toLowerCase().replaceAll('_', ''));
    const hint = near === undefined ? `one of ${known.join(', ')}` : `${near}, perhaps`;
    throw new InvalidOptionError(`${owner} option name`, hint, name);
  }
}

export function checkPositiveInteger(option: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) <= 0) {
    throw new InvalidOptionError(option, 'a positive integer', value);
  }
  return value as number;
}

/** A share from 0 to 1, ends included. */
export function checkRatio(option: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
    throw new InvalidOptionError(option, 'a number from 0 to 1', value);
  }
  return value;
}

/** A TCP port; 0 asks the system for any free one. */
export function checkPort(option: string, value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 65_535) {
    throw new InvalidOptionError(option, 'a port from 0 to 65535', value);
  }
  return value as number;
}

export function checkText(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidOptionError(option, 'a text that is not empty', value);
  }
  return value;
}

export function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new InvalidOptionError(option, 'true or false', value);
  return value;
}

export function checkFunction<F>(option: string, value: F): F {
  if (typeof value !== 'function') throw new InvalidOptionError(option, 'a function', value);
  return value;
}
