import type { Cancel, Clock } from '../clock.js';
import type { InstrumentKind } from './definition.js';
import type { Instruments } from './instruments.js';
import type { IntervalReadings, Reading } from './reading.js';

export type ReadingListener = (interval: IntervalReadings) => void;

/**
 * Hands the readings of every interval to whoever listens. It reads the cells themselves, so no exporter loses
 * anything: a second reader on the provider would (reset-on-read instruments would be reset by it).
 */
export class ReadingFeed {
  readonly #instruments: Instruments;
  readonly #clock: Clock;
  readonly #before = new Map<string, Reading>();
  #since: number;

  constructor(instruments: Instruments, clock: Clock) {
    this.#instruments = instruments;
    this.#clock = clock;
    this.#since = clock.now();
    this.take();
  }

  /** Calls the listener with each interval until cancelled. */
  every(intervalSeconds: number, listener: ReadingListener): Cancel {
    return this.#clock.every(intervalSeconds * 1000, () => listener(this.take()));
  }

  /** What happened since the last time this was asked. */
  take(): IntervalReadings {
    const after = new Map<string, Reading>();
    const interval = this.#interval((key, reading) => after.set(key, reading));
    // What is missing this time is kept: an observer that failed once must not count all over again.
    for (const [key, reading] of after) this.#before.set(key, reading);
    this.#since = this.#clock.now();
    return interval;
  }

  /** As `take`, without starting a new interval. */
  peek(): IntervalReadings {
    return this.#interval(() => {});
  }

  #interval(see: (key: string, reading: Reading) => void): IntervalReadings {
    const seconds = (this.#clock.now() - this.#since) / 1000;
    const readings = this.#instruments.read().map((reading) => {
      const key = keyOf(reading);
      see(key, reading);
      return difference(reading, this.#before.get(key));
    });
    return { seconds, readings };
  }
}

const CUMULATIVE: ReadonlySet<InstrumentKind> = new Set(['counter', 'observableCounter', 'histogram']);

function difference(reading: Reading, before: Reading | undefined): Reading {
  if (before === undefined || !CUMULATIVE.has(reading.kind)) return reading;
  const { count, value } = reading;
  // What went down started again, with its owner or after its series was removed: all of it is new.
  if (value < before.value || (count ?? 0) < (before.count ?? 0)) return reading;
  const grown = { ...reading, value: value - before.value };
  return count === undefined ? grown : { ...grown, count: count - (before.count ?? 0) };
}

function keyOf({ name, attributes }: Reading): string {
  return `${name}\n${JSON.stringify(attributes)}`;
}
