import { checkPositiveInteger, withDefaults } from '../checks.js';
import { systemClock, type Cancel, type Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import { History, summarize, type HistorySummary } from './history.js';

/** How much of the past is kept. */
export interface MetricsCollectorOptions {
  /**
   * Points of time kept per metric. The last minute is kept in seconds, the quarter of an hour before in steps of ten
   * seconds, the rest in minutes: the default reaches back 14 hours under steady load. More than 0.
   * @default 1000
   */
  readonly maxHistory?: number;
  /** Metric names kept; further ones are exported but cannot be asked for here. More than 0. @default 1000 */
  readonly maxMetrics?: number;
  readonly clock?: Clock;
}

/** How far back a question reaches. Without it: over everything kept. */
export interface QueryOptions {
  readonly duration?: Duration;
}

/** What was recorded in one step of time. */
export interface HistoryPoint {
  /** End of the step, in seconds since 1970. */
  readonly time: number;
  /** Length of the step in seconds. */
  readonly seconds: number;
  readonly count: number;
  readonly sum: number;
  readonly average: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'operation';

interface Metric {
  readonly kind: MetricKind;
  readonly history: History;
}

const COLLECTOR_DEFAULTS = { maxHistory: 1000, maxMetrics: 1000, clock: systemClock } as const;
const TICK_MS = 1000;

/**
 * Answers questions about the recent past inside the process: no exporter, no query language. A record costs a few
 * field updates (about 5 ns), memory is bounded by names times `maxHistory`. Tags are not told apart here.
 *
 * All answers are `undefined` when nothing was recorded in the time asked for.
 */
export class MetricsCollector {
  readonly clock: Clock;
  readonly #maxHistory: number;
  readonly #maxMetrics: number;
  readonly #metrics = new Map<string, Metric>();
  #cancelTick: Cancel | undefined;

  constructor(options?: MetricsCollectorOptions) {
    const known = ['maxHistory', 'maxMetrics', 'clock'] as const;
    const { maxHistory, maxMetrics, clock } = withDefaults(
      'MetricsCollector',
      COLLECTOR_DEFAULTS,
      options,
      known,
    );
    this.#maxHistory = checkPositiveInteger('maxHistory', maxHistory);
    this.#maxMetrics = checkPositiveInteger('maxMetrics', maxMetrics);
    this.clock = clock;
  }

  /** Where records under this name go, made when new; `undefined` when there are too many names. */
  historyOf(name: string, kind: MetricKind): History | undefined {
    let metric = this.#metrics.get(name);
    if (metric === undefined) {
      if (this.#metrics.size >= this.#maxMetrics) return undefined;
      metric = { kind, history: new History(this.#maxHistory, this.clock.now()) };
      this.#metrics.set(name, metric);
      this.start();
    }
    return metric.history;
  }

  /** Names that can be asked for. */
  get names(): string[] {
    return [...this.#metrics.keys()];
  }

  /** Mean of the recorded values: of a counter its increments, of an operation its durations in seconds. */
  getAverage(name: string, options?: QueryOptions): number | undefined {
    const summary = this.summary(name, options);
    return summary && summary.sum / summary.count;
  }

  /** The value recorded last; of a counter its sum so far. However long ago. */
  getLatest(name: string): number | undefined {
    const metric = this.#metrics.get(name);
    if (metric === undefined) return undefined;
    return metric.kind === 'counter' ? metric.history.total : metric.history.last;
  }

  /**
   * The value that `percentile` percent of the records stay under or reach; at most 1.6 % off.
   * @param percentile from 0 to 100.
   */
  getPercentile(name: string, percentile: number, options?: QueryOptions): number | undefined {
    if (!(percentile >= 0 && percentile <= 100)) return undefined;
    return this.summary(name, options)?.percentile(percentile / 100);
  }

  /** Per second: of a counter what it grew by, of everything else how often it was recorded. */
  getRate(name: string, options?: QueryOptions): number | undefined {
    const metric = this.#metrics.get(name);
    if (metric === undefined) return undefined;
    const now = this.clock.now();
    const from = this.#from(options, now);
    const slots = metric.history.since(from, now);
    const since = Math.max(metric.history.keptSince, Math.min(from, slots[0]?.start ?? from));
    const seconds = (now - since) / 1000;
    if (seconds <= 0) return undefined;
    return (
      slots.reduce((sum, slot) => sum + (metric.kind === 'counter' ? slot.sum : slot.count), 0) / seconds
    );
  }

  /** The recorded past step by step, oldest first. */
  getHistory(name: string, options?: QueryOptions): HistoryPoint[] {
    const now = this.clock.now();
    const wallNow = this.clock.wallNow();
    const slots = this.#metrics.get(name)?.history.since(this.#from(options, now), now) ?? [];
    return slots.map(({ start, end, count, sum, min, max, last }) => ({
      time: (wallNow - (now - end)) / 1000,
      seconds: (end - start) / 1000,
      count,
      sum,
      average: sum / count,
      min,
      max,
      last,
    }));
  }

  /** Count, sum, extremes and percentiles together. */
  summary(name: string, options?: QueryOptions): HistorySummary | undefined {
    const now = this.clock.now();
    const from = this.#from(options, now);
    return summarize(this.#metrics.get(name)?.history.since(from, now) ?? []);
  }

  /** Begins to divide time into steps; the first record does it too. The timer never keeps the process alive. */
  start(): void {
    this.#cancelTick ??= this.clock.every(TICK_MS, () => this.#tick());
  }

  /** Ends the steps: what is recorded from now on counts as one. */
  stop(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #tick(): void {
    const now = this.clock.now();
    for (const { history } of this.#metrics.values()) history.rotate(now);
  }

  #from(options: QueryOptions | undefined, now: number): number {
    if (options?.duration === undefined) return -Infinity;
    return now - toSeconds('duration', options.duration, { allowInfinity: true }) * 1000;
  }
}
