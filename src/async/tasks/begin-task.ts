import type { Clock } from '../../clock.js';
import { onAbort } from '../abort-links.js';
import { DelayedRun } from './delayed-run.js';
import { RetriedRun } from './retried-run.js';
import { TaskAttempt } from './task-attempt.js';
import type { TaskLimits, TaskWork } from './task-options.js';
import type { TaskRecord } from './task-record.js';

/** Lets a task wait for its time, for its place, and run. */
export function beginTask<T>(record: TaskRecord, work: TaskWork<T>, limits: TaskLimits, clock: Clock): void {
  const { call, retry, delayMs, signal } = limits;
  if (signal !== undefined) {
    if (signal.aborted) return record.failed(signal.reason, 'cancelled', clock.now());
    record.unlink = onAbort(signal, () => record.run?.cancel(signal.reason));
  }
  if (delayMs > 0) {
    const start = () => beginTask(record, work, { ...limits, delayMs: 0, signal: undefined }, clock);
    record.run = new DelayedRun(record, delayMs, clock, start);
    return;
  }
  const run =
    retry === undefined
      ? new TaskAttempt(record, work, call, record)
      : new RetriedRun(record, work, call, retry);
  record.run = run;
  run.begin();
}
