import type { Clock } from '../clock.js';
import { TimeoutError } from '../errors.js';

export interface WaitLimits {
  readonly clock: Clock;
  readonly timeoutSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What is waited for, for the message: `loading "user:7"`. */
  readonly what: string;
}

/**
 * Waits for a promise, but no longer than allowed. Leaves neither timer nor listener behind.
 *
 * @throws {TimeoutError} and whatever the signal was aborted with.
 */
export async function waitWithin<T>(promise: Promise<T>, limits: WaitLimits): Promise<T> {
  const { clock, timeoutSeconds, signal, what } = limits;
  if (timeoutSeconds === undefined && signal === undefined) return promise;
  signal?.throwIfAborted();
  let cancelTimer: (() => void) | undefined;
  let onAbort: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    if (timeoutSeconds !== undefined && timeoutSeconds !== Infinity) {
      const message = `${what} took longer than ${timeoutSeconds} s`;
      cancelTimer = clock.after(timeoutSeconds * 1000, () =>
        reject(new TimeoutError(message, timeoutSeconds)),
      );
    }
    onAbort = () => reject(signal!.reason as Error);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    cancelTimer?.();
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}
