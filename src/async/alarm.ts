import { LONGEST_TIMER_MS, systemClock, type Cancel, type Clock } from '../clock.js';

/**
 * Something that will happen once, unless it is called off, which it nearly always is. Keeps the process alive until
 * then. What waits for a time anyway extends it: an object less for each call.
 *
 * Alarms of the same length go off in the order they were set, so those of the real clock stand in a line that has one
 * timer for each length: that costs a seventh of a timer that is set and cleared. When the line is empty its timer no
 * longer keeps the process alive, and is gone when it would have gone off. `goOff` runs in the async context of whoever
 * set that timer.
 */
export abstract class Alarm {
  /** When it goes off, by the clock. The line's own fields follow. @internal */
  due = 0;
  /** @internal */
  line: AlarmLine | undefined = undefined;
  /** @internal */
  previous: Alarm | undefined = undefined;
  /** @internal */
  next: Alarm | undefined = undefined;
  #stop: Cancel | undefined = undefined;

  /** @internal */
  abstract goOff(): void;

  /** Sets it to go off `ms` after `now` of the clock. To be called once. */
  protected set(clock: Clock, now: number, ms: number): void {
    this.due = now + ms;
    const line = clock === systemClock ? lineOf(ms) : undefined;
    if (line === undefined) this.#stop = clock.after(ms, () => this.goOff());
    else line.add(this);
  }

  /** Calling it again, or too late, does nothing. */
  cancel(): void {
    const { line } = this;
    if (line !== undefined) line.remove(this);
    else if (this.#stop !== undefined) this.#stop();
  }
}

/** An alarm that calls a function; see {@link Alarm}. */
export function setAlarm(clock: Clock, now: number, ms: number, act: () => void): Alarm {
  return new CallingAlarm(clock, now, ms, act);
}

class CallingAlarm extends Alarm {
  override readonly goOff: () => void;

  constructor(clock: Clock, now: number, ms: number, act: () => void) {
    super();
    this.goOff = act;
    this.set(clock, now, ms);
  }
}

/** Lengths that come once, such as what is left of another limit, shall not leave many lines behind. */
const MAX_LINES = 64;
/** Timers count whole milliseconds, and so may be early by up to one. */
const EARLY_MS = 1;

const lines = new Map<number, AlarmLine>();
/** Whoever sets alarms sets many of one length. */
let latest: AlarmLine | undefined;

function lineOf(ms: number): AlarmLine | undefined {
  if (latest?.ms === ms) return latest;
  let line = lines.get(ms);
  if (line === undefined) {
    if (ms > LONGEST_TIMER_MS || lines.size >= MAX_LINES) return undefined;
    lines.set(ms, (line = new AlarmLine(ms)));
  }
  return (latest = line);
}

class AlarmLine {
  readonly ms: number;
  #first: Alarm | undefined;
  #last: Alarm | undefined;
  /** Goes off when the first is due or before. */
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.ms = ms;
  }

  add(alarm: Alarm): void {
    const last = this.#last;
    alarm.line = this;
    alarm.previous = last;
    this.#last = alarm;
    if (last !== undefined) {
      last.next = alarm;
      return;
    }
    this.#first = alarm;
    if (this.#timer === undefined) this.#setTimer(this.ms);
    else this.#timer.ref();
  }

  remove(alarm: Alarm): void {
    const { previous, next } = alarm;
    alarm.line = undefined;
    alarm.previous = undefined;
    alarm.next = undefined;
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
      this.remove(alarm);
      alarm.goOff();
    }
    if (this.#timer !== undefined) return;
    if (this.#first !== undefined) return this.#setTimer(this.#first.due - now);
    lines.delete(this.ms);
    if (latest === this) latest = undefined;
  }
}
