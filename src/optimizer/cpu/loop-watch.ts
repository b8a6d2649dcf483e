import { performance } from 'node:perf_hooks';
import type { Cancel, Clock } from '../../clock.js';
import type { LoopWindow } from './shed-control.js';

const TICK_MS = 20;
/** Long enough for a mean, short enough to answer a rush before its callers have given up. */
const WINDOW_MS = 500;

/** Share of the time the event loop was busy since it was last asked, 0 to 1. */
export type BusyShare = () => number;

/** Of this thread, against a baseline of its own: whoever else asks does not matter. */
export function busyShareOfLoop(): BusyShare {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization || 0;
  };
}

/**
 * Tells twice a second how late the event loop was on average and how busy, by a timer that never keeps the process
 * alive. It costs about 0.1 % of a core.
 */
export function watchLoop(
  clock: Clock,
  busyShare: BusyShare,
  listener: (window: LoopWindow) => void,
): Cancel {
  let due = clock.now() + TICK_MS;
  let end = clock.now() + WINDOW_MS;
  let [sum, count] = [0, 0];
  return clock.every(TICK_MS, () => {
    const now = clock.now();
    sum += Math.max(0, now - due);
    count += 1;
    due = now + TICK_MS;
    if (now < end) return;
    const lag = sum / count / 1000;
    [sum, count] = [0, 0];
    end = now + WINDOW_MS;
    listener({ lag, utilization: busyShare() });
  });
}
