import { setTimeout as sleep } from 'node:timers/promises';

/** Does what its payload tells it; plain JavaScript, as it is loaded by threads and by other processes. */
export async function handler({ returns, throws, failures = 0, progress, tellsKey, hangs }, context) {
  if (progress !== undefined) context.progress(progress);
  if (hangs) await sleep(3_600_000, undefined, { signal: context.signal });
  if (throws !== undefined) throw new Error(throws);
  if (context.attempt <= failures) throw new Error(`attempt ${context.attempt} fails`);
  if (tellsKey) return context.idempotencyKey;
  return returns ?? context.attempt;
}
