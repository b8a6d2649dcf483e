import { InvalidOptionError } from '../errors.js';
import { CallSignal, type PolicyContext } from './call-signal.js';

/** As those of cockatiel 3 and 4 are, alone or wrapped, and our `CircuitBreakerPolicy`. */
export interface ExecutablePolicy {
  execute<T>(work: (context: PolicyContext) => T | PromiseLike<T>, signal?: AbortSignal): Promise<unknown>;
}

/** As the breaker of opossum is, made around a function that runs what it is given: `new Opossum((run) => run())`. */
export interface FireablePolicy {
  fire(run: () => unknown): Promise<unknown>;
}

/**
 * Calls the work under a policy of another package, so that breakers and bulkheads one has already stand together with
 * `retry` and `withTimeout`: `retry(() => withPolicy(load, breaker))`. The work is told the policy's signal, or with a
 * policy that has none the given one.
 *
 * @param signal ends the call, as far as the policy listens. Default: the signal of the deadline around.
 * @throws what the policy and the work throw, unchanged.
 */
export async function withPolicy<T>(
  work: (context: PolicyContext) => T | PromiseLike<T>,
  policy: ExecutablePolicy | FireablePolicy,
  signal?: AbortSignal,
): Promise<T> {
  const context = new CallSignal(signal);
  if (hasMethod(policy, 'execute')) {
    return (await (policy as ExecutablePolicy).execute(work, context.ending)) as T;
  }
  if (hasMethod(policy, 'fire')) return (await (policy as FireablePolicy).fire(() => work(context))) as T;
  throw new InvalidOptionError('policy', 'an object with execute(work, signal) or fire(run)', policy);
}

function hasMethod(policy: unknown, name: string): boolean {
  return typeof (policy as Readonly<Record<string, unknown>> | undefined)?.[name] === 'function';
}
