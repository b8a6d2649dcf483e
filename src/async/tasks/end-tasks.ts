import type { Clock } from '../../clock.js';
import type { LaneHome } from './task-lane.js';
import type { TaskLedger } from './task-ledger.js';
import type { DrainReport } from './task-status.js';

/** What a task that is told to end may take to do so. */
const GRACE_MS = 1000;

/** Waits until all tasks have ended, but for so long only. Then the rest is told to end, and has a second to do so. */
export async function endTasks(
  { name, kernel, clock, lingering }: LaneHome,
  ledger: TaskLedger,
  timeoutMs: number,
): Promise<DrainReport> {
  const ended = ledger.idle().then(() => kernel.idle());
  if (await settlesWithin(ended, timeoutMs, clock)) return { givenUp: 0, abandoned: [] };
  const open = ledger.records().filter(({ isPending }) => isPending);
  const reason = new DOMException(`tasks "${name}" were given no more time`, 'AbortError');
  for (const { run } of open) if (run?.drop('draining') === false) run.cancel(reason);
  await settlesWithin(ended, GRACE_MS, clock);
  return { givenUp: open.length, abandoned: [...lingering].map((attempt) => attempt.status()) };
}

/** Whether a promise that never rejects settles within so many milliseconds. */
export function settlesWithin(promise: Promise<void>, ms: number, clock: Clock): Promise<boolean> {
  if (ms === Infinity) return promise.then(() => true);
  return new Promise((resolve) => {
    const cancelTimer = clock.after(ms, () => resolve(false));
    void promise.then(() => {
      cancelTimer();
      resolve(true);
    });
  });
}
