import { checkTimeout, type TimeoutOptions } from '../async/timeout.js';
import { runWithin } from '../async/time-scope.js';
import { dualDecorator, type DualDecorator } from '../dual-decorator.js';
import type { Duration } from '../duration.js';
import { refuseGenerator } from './promise-function.js';

/**
 * Limits how long each call of a function or method may take; see `withTimeout`. Its signal is
 * `currentDeadline()?.signal` there. A function that returned something else returns a promise of it from now on.
 */
export function asyncTimeout(limit: Duration, options?: TimeoutOptions): DualDecorator {
  // Bad options are told where they are written, also when nothing is decorated yet.
  checkTimeout(limit, options, '');
  return dualDecorator('@asyncTimeout', (fn, { name, owner }) => {
    refuseGenerator('@asyncTimeout', fn, name);
    const own = owner === undefined ? name : `${owner}.${name}`;
    const timeLimit = checkTimeout(limit, options, own);
    return function limited(this: unknown, ...args: unknown[]): Promise<unknown> {
      return runWithin(() => fn.apply(this, args), timeLimit);
    };
  });
}
