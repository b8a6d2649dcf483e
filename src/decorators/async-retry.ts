import { retryWith } from '../async/retry/retry.js';
import { checkRetryOptions, type RetryOptions } from '../async/retry/retry-options.js';
import { dualDecorator, type DualDecorator } from '../dual-decorator.js';
import { refuseGenerator } from './promise-function.js';

/**
 * Calls a function or method again when it fails; see `retry`. Without a `name` in the options each has a budget of its
 * own. A function that returned something else returns a promise of it from now on.
 */
export function asyncRetry(options?: RetryOptions): DualDecorator {
  // Bad options are told where they are written, also when nothing is decorated yet.
  checkRetryOptions(options, '');
  return dualDecorator('@asyncRetry', (fn, { name, owner }) => {
    refuseGenerator('@asyncRetry', fn, name);
    const own = owner === undefined ? name : `${owner}.${name}`;
    const policy = checkRetryOptions(options, own);
    return function retried(this: unknown, ...args: unknown[]): Promise<unknown> {
      return retryWith(() => fn.apply(this, args), policy);
    };
  });
}
