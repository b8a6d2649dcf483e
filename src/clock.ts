/** Where time comes from. Tests give a clock they move by hand; everything else uses {@link systemClock}. */
export interface Clock {
  /** Milliseconds from an arbitrary start that never jump or run backwards: for measuring spans. */
  now(): number;
  /** Milliseconds since 1970 as the machine believes; may jump. Only for what leaves the process. */
  wallNow(): number;
  /** Runs `tick` again and again. The timer never keeps the process alive. */
  every(intervalMs: number, tick: () => void): Cancel;
}

/** Stops what returned it; calling it again does nothing. */
export type Cancel = () => void;

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  every(intervalMs, tick) {
    const timer = setInterval(tick, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};
