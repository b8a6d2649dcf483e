import { LONGEST_TIMER_MS, systemClock, type Clock } from '../clock.js';

/** Something that will happen, unless it is called off. */
export interface Alarm {
  /** Calling it again, or too late, does nothing. */
  cancel(): void;
}

/**
 * Runs `act` once, `ms` after `now` of the clock, for what is nearly always called off before. Keeps the process alive
 * until then.
 *
 * Alarms of the same length go off in the order they were set, so those of the real clock stand in a line that has one
 * timer for each length: that costs a seventh of a timer that is set and cleared. When the line is empty its timer no
 * longer keeps the process alive, and is gone when it would have gone off. `act` runs in the async context of whoever
 * set that timer.
 */
export function setAlarm(clock: Clock, now: number, ms: number, act: () => void): Alarm {
  if (clock !== systemClock || ms > LONGEST_TIMER_MS) return { cancel: clock.after(ms, act) };
  let line = lines.get(ms);
  if (line === undefined) {
    if (lines.size >= MAX_LINES) return { cancel: clock.after(ms, act) };
    lines.set(ms, (line = new AlarmLine(ms)));
  }
  return line.add(now + ms, act);
}

/** Lengths that come once, such as what is left of another limit, shall not leave many lines behind. */
const MAX_LINES = 64;
/** Timers count whole milliseconds, and so may be early by up to one. */
const EARLY_MS = 1;

const lines = new Map<number, AlarmLine>();

class AlarmLine {
  readonly #ms: number;
  #first: LineAlarm | undefined;
  #last: LineAlarm | undefined;
  /** Goes off when the first is due or before. */
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  add(due: number, act: () => void): LineAlarm {
    const alarm = new LineAlarm(this, due, act, this.#last);
    if (this.#last !== undefined) this.#last.next = alarm;
    else {
      this.#first = alarm;
      if (this.#timer === undefined) this.#setTimer(this.#ms);
      else this.#timer.ref();
    }
    this.#last = alarm;
    return alarm;
  }

  remove({ previous, next }: LineAlarm): void {
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    if (this.#first === undefined) this.#timer?.unref();
  }

  #setTimer(ms: number): void {
    this.#timer = setTimeout(() => this.#goOff(), ms);
  }

  #goOff(): void {
    this.#timer = undefined;
    const now = systemClock.now();
    // One by one: each may call off the next, or set one that comes last.
    for (let alarm = this.#first; alarm !== undefined && alarm.due <= now + EARLY_MS; alarm = this.#first) {
      alarm.cancel();
      alarm.act();
    }
    if (this.#timer !== undefined) return;
    if (this.#first === undefined) lines.delete(this.#ms);
    else this.#setTimer(this.#first.due - now);
  }
}

class LineAlarm implements Alarm {
  readonly due: number;
  readonly act: () => void;
  previous: LineAlarm | undefined;
  next: LineAlarm | undefined;
  #line: AlarmLine | undefined;

  constructor(line: AlarmLine, due: number, act: () => void, previous: LineAlarm | undefined) {
    this.due = due;
    this.act = act;
    this.previous = previous;
    this.next = undefined;
    this.#line = line;
  }

  cancel(): void {
    const line = this.#line;
    if (line === undefined) return;
    this.#line = undefined;
    line.remove(this);
  }
}
