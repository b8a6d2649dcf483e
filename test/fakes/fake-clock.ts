import type { Cancel, Clock } from '../../src/clock.js';

interface Alarm {
  readonly intervalMs: number;
  readonly tick: () => void;
  due: number;
  readonly isOnce: boolean;
}

/** Time that moves only when the test says so; timers fire in order on the way. */
export class FakeClock implements Clock {
  #now = 1_000;
  #wall = Date.UTC(2026, 0, 1);
  readonly #alarms = new Set<Alarm>();

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wall;
  }

  every(intervalMs: number, tick: () => void): Cancel {
    const alarm: Alarm = { intervalMs, tick, due: this.#now + intervalMs, isOnce: false };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  after(delayMs: number, act: () => void): Cancel {
    const alarm: Alarm = { intervalMs: delayMs, tick: act, due: this.#now + delayMs, isOnce: true };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Moves both clocks; every timer that falls due on the way runs at its time. */
  advance(seconds: number): void {
    const end = this.#now + seconds * 1000;
    for (;;) {
      const next = [...this.#alarms].filter((a) => a.due <= end).toSorted((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#moveTo(next.due);
      if (next.isOnce) this.#alarms.delete(next);
      next.due += next.intervalMs;
      next.tick();
    }
    this.#moveTo(end);
  }

  /** The machine's wall clock is set forwards or backwards; the monotonic one does not notice. */
  jumpWall(seconds: number): void {
    this.#wall += seconds * 1000;
  }

  get timers(): number {
    return this.#alarms.size;
  }

  #moveTo(time: number): void {
    this.#wall += time - this.#now;
    this.#now = time;
  }
}
