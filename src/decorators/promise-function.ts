import { InvalidUseError } from '../errors.js';

const GENERATORS = new Set(['GeneratorFunction', 'AsyncGeneratorFunction']);

/** @throws {InvalidUseError} for generators: what is put around a promise would end before they begin. */
export function refuseGenerator(decorator: string, fn: { readonly name: string }, name: string): void {
  if (!GENERATORS.has(fn.constructor.name)) return;
  throw new InvalidUseError(`${decorator} works on functions that return promises; ${name} is a generator`);
}
