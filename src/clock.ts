import { performance } from 'node:perf_hooks';

/** Where time comes from. Tests give a clock they move by hand; everything else uses {@link systemClock}. */
export interface Clock {
  /** Milliseconds from an arbitrary start that never jump or run backwards: for measuring spans. */
  now(): number;
  /** Milliseconds since 1970 as the machine believes; may jump. Only for what leaves the process. */
  wallNow(): number;
  /** Runs `tick` again and again. The timer never keeps the process alive. */
  every(intervalMs: number, tick: () => void): Cancel;
  /** Runs `act` once, later. Keeps the process alive until then, as somebody waits for it. */
  after(delayMs: number, act: () => void): Cancel;
}

/** Stops what returned it; calling it again does nothing. */
export type Cancel = () => void;

/** Node fires a timer at once that shall take longer than this, about 25 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  every(intervalMs, tick) {
    const timer = setInterval(tick, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  after(delayMs, act) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      timer =
        leftMs <= LONGEST_TIMER_MS
          ? setTimeout(act, leftMs)
          : setTimeout(() => wait(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * The monotonic time of a clock in milliseconds, read at most once a millisecond: a hit in memory costs less than a look
 * at the clock. Other clocks than the real one are read each time.
 */
export function coarseNow(clock: Clock): () => number {
  if (clock !== systemClock) return () => clock.now();
  let now = 0;
  const forget = () => void (now = 0);
  return () => {
    if (now === 0) {
      now = clock.now();
      setTimeout(forget, 1).unref();
    }
    return now;
  };
}
