import { InvalidOptionError, TierError } from '../../errors.js';
import { codeOf } from '../error-code.js';

/** Does something with the storage; what goes wrong, at once or later, is told as an error of the tier. */
export function attempt<T>(what: string, act: () => T): T {
  try {
    const result = act();
    if (!(result instanceof Promise)) return result;
    return result.catch((cause: unknown) => {
      throw failure(what, cause);
    }) as T;
  } catch (cause) {
    throw failure(what, cause);
  }
}

/** A mistake of the caller stays as it is. */
export function failure(what: string, cause: unknown): Error {
  if (cause instanceof InvalidOptionError) return cause;
  return new TierError('persistent', `${what} failed (${codeOf(cause)})`, { cause });
}
