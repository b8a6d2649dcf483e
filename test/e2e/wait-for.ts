import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

const POLL_MS = 25;

export interface WaitForOptions {
  /** What is waited for; opens the message when it does not come. */
  readonly what: string;
  /** Seconds. @default 10 */
  readonly timeout?: number;
  /** Ends the wait at once, with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Polls until `condition` gives something truthy, and resolves to that. A condition that throws counts as not yet.
 * When time is up, the error tells the last value or the last error.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, timeout = 10, signal }: WaitForOptions,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeout * 1000;
  for (;;) {
    signal?.throwIfAborted();
    let seen: string;
    let cause: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<T, undefined | null | false>;
      seen = `last seen: ${inspect(value, { depth: 4, breakLength: 100 })}`;
    } catch (error) {
      cause = error;
      seen = `last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() >= deadline) {
      throw new Error(`${what} did not come within ${timeout} s; ${seen}`, { cause });
    }
    await delay(POLL_MS);
  }
}
