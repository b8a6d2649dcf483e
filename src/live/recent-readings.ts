import type { Clock } from '../clock.js';
import type { Instruments } from '../telemetry/instruments.js';
import { ReadingFeed } from '../telemetry/reading-feed.js';
import type { Reading } from '../telemetry/reading.js';
import { grouped } from './reading-sums.js';

const WINDOW_MS = 10_000;

/** What the readings of a name are about: all of its series, in the last window. */
export interface WindowReadings {
  readonly seconds: number;
  readonly of: (definition: { readonly name: string }) => readonly Reading[];
}

interface Opened {
  readonly at: number;
  readonly feed: ReadingFeed;
}

/**
 * What happened lately, by the cells themselves: no reader of the provider notices. A window is 10 to 20 s long: there are
 * two at a time, and the younger one takes over. Before the first one there is the time since the process started.
 */
export class RecentReadings {
  readonly #instruments: Instruments;
  readonly #clock: Clock;
  readonly #startedAt: number;
  #older: Opened | undefined;
  #younger: Opened | undefined;

  /** `uptime`: seconds the process runs. */
  constructor(instruments: Instruments, clock: Clock, uptime: number) {
    this.#instruments = instruments;
    this.#clock = clock;
    this.#startedAt = clock.now() - uptime * 1000;
  }

  /** The window so far. `isWatched`: the next look comes soon, so windows are worth to begin. */
  look(isWatched: boolean): WindowReadings {
    // Before a window begins: at the first look there is none to read.
    const { seconds, readings } = this.#older?.feed.peek() ?? {
      seconds: (this.#clock.now() - this.#startedAt) / 1000,
      readings: this.#instruments.read(),
    };
    if (isWatched) this.#move();
    const byName = grouped(readings, ({ name }) => name);
    return { seconds, of: ({ name }) => byName.get(name) ?? [] };
  }

  /** Nobody looks any more: series are not held for nobody. */
  forget(): void {
    this.#older = undefined;
    this.#younger = undefined;
  }

  #move(): void {
    const at = this.#clock.now();
    if (this.#younger !== undefined && at - this.#younger.at < WINDOW_MS) return;
    const opened = { at, feed: new ReadingFeed(this.#instruments, this.#clock) };
    this.#older = this.#younger ?? opened;
    this.#younger = opened;
  }
}
