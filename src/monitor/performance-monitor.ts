import { checkBoolean, withDefaults } from '../checks.js';
import type { Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import { InvalidOptionError, InvalidUseError } from '../errors.js';
import { ResourceTracker } from '../resources/resource-tracker.js';
import { operationDuration } from '../telemetry/catalogue.js';
import type { Attributes } from '../telemetry/definition.js';
import {
  instrumentsOf,
  type Counter,
  type Gauge,
  type Histogram,
  type Instruments,
  type MeterProvider,
} from '../telemetry/instruments.js';
import { startTimer, timeCall, type CallRecorder, type RunningTimer } from '../telemetry/timer.js';
import { alertsFor, checkThresholds, type Alert, type AlertThresholds } from './alerts.js';
import { MetricsCollector } from './metrics-collector.js';
import { Operation, type Durations } from './operation.js';
import { operationMetrics, type OperationMetrics, type ResourceUsage } from './summary.js';
import { UserMetrics, type MetricDescription } from './user-metrics.js';

/** What a monitor is made of. */
export interface PerformanceMonitorOptions {
  /** Where in-process questions are answered from. Default: a collector of its own. */
  readonly metricsCollector?: MetricsCollector;
  /** What fills `resourceUsage`; `false` for none. Default: a tracker of its own, started with the monitor. */
  readonly resourceTracker?: ResourceTracker | false;
  /** Records there instead of into the global provider. */
  readonly meterProvider?: MeterProvider;
  /** `false`: nothing is recorded, timed functions are called plainly. @default true */
  readonly enabled?: boolean;
  /** Limits above which a summary raises an alert. */
  readonly alerts?: Partial<AlertThresholds>;
}

/** What happened lately: resources, operations, alerts. */
export interface PerformanceSummary {
  /** Seconds the summary reaches back. */
  readonly duration: number;
  /** When it was made, ISO 8601. */
  readonly generatedAt: string;
  readonly resourceUsage: ResourceUsage;
  /** By operation name, the most time-consuming first. */
  readonly operationMetrics: Readonly<Record<string, OperationMetrics>>;
  readonly alerts: readonly Alert[];
}

const KNOWN_OPTIONS = ['metricsCollector', 'resourceTracker', 'meterProvider', 'enabled', 'alerts'] as const;
const DEFAULT_SUMMARY_SECONDS = 300;
const MAX_OPERATIONS = 1000;
/** Stands for all operations beyond the limit, and is one of them: the collector has as many names by default. */
const OTHER_OPERATIONS = '_OTHER';
const HISTORY_PREFIX = 'operation_duration_';

const DISABLED_TIMER: RunningTimer = { end: () => 0, fail: () => 0, [Symbol.dispose]: () => {} };

/**
 * Records what the application does, for exporters and for questions inside the process.
 *
 * Recording never throws: bad names, kinds and values are said once through OpenTelemetry's `diag`, counted in
 * `perf.telemetry.rejected` and dropped.
 */
export class PerformanceMonitor {
  /** Answers questions about the recent past, for example `getAverage('operation_duration_checkout')`. */
  readonly metrics: MetricsCollector;
  /** Samples what the process uses; absent when turned off. */
  readonly resources: ResourceTracker | undefined;
  readonly enabled: boolean;
  readonly #clock: Clock;
  readonly #instruments: Instruments;
  readonly #thresholds: AlertThresholds;
  readonly #userMetrics: UserMetrics;
  readonly #durations: Durations;
  readonly #operations = new Map<string, Operation>();
  #isRunning = false;

  constructor(options?: PerformanceMonitorOptions) {
    const given = withDefaults('PerformanceMonitor', { enabled: true }, options, KNOWN_OPTIONS);
    const { metricsCollector, resourceTracker, meterProvider } = given;
    if (metricsCollector !== undefined && !(metricsCollector instanceof MetricsCollector)) {
      throw new InvalidOptionError('metricsCollector', 'a MetricsCollector', metricsCollector);
    }
    if (
      resourceTracker !== undefined &&
      resourceTracker !== false &&
      !(resourceTracker instanceof ResourceTracker)
    ) {
      throw new InvalidOptionError('resourceTracker', 'a ResourceTracker or false', resourceTracker);
    }
    this.enabled = checkBoolean('enabled', given.enabled);
    this.#thresholds = checkThresholds(given.alerts);
    this.metrics = metricsCollector ?? new MetricsCollector();
    this.#clock = this.metrics.clock;
    this.resources =
      resourceTracker === false
        ? undefined
        : (resourceTracker ?? new ResourceTracker(meterProvider === undefined ? {} : { meterProvider }));
    this.#instruments = instrumentsOf(meterProvider);
    this.#durations = this.#instruments.histogram(operationDuration);
    this.#userMetrics = new UserMetrics(this.#instruments, this.metrics);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Starts sampling resources. Recording works without it. Starting twice does nothing. */
  async start(): Promise<void> {
    if (this.#isRunning || !this.enabled) return;
    this.#isRunning = true;
    this.metrics.start();
    await this.resources?.start();
  }

  /** Ends all sampling and leaves no timer behind. What was recorded can still be asked for. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.metrics.stop();
    await this.resources?.stop();
  }

  /** Adds to a counter. */
  recordCounter(name: string, value = 1, tags?: Attributes): void {
    if (this.enabled) this.#userMetrics.find(name, 'counter')?.add(value, tags);
  }

  /** Sets a gauge. */
  recordGauge(name: string, value: number, tags?: Attributes): void {
    if (this.enabled) this.#userMetrics.find(name, 'gauge')?.record(value, tags);
  }

  /** Records a value whose distribution matters. For durations prefer a timer. */
  recordHistogram(name: string, value: number, tags?: Attributes): void {
    if (this.enabled) this.#userMetrics.find(name, 'histogram')?.record(value, tags);
  }

  /** A counter held on to; `bind(tags)` gives the cheapest way to count. */
  counter(name: string, description?: MetricDescription): Counter {
    return this.#userMetrics.counter(this.enabled ? name : undefined, description);
  }

  /** A gauge held on to. */
  gauge(name: string, description?: MetricDescription): Gauge {
    return this.#userMetrics.gauge(this.enabled ? name : undefined, description);
  }

  /** A histogram held on to, with unit, description and bucket bounds where the defaults do not fit. */
  histogram(name: string, description?: MetricDescription): Histogram {
    return this.#userMetrics.histogram(this.enabled ? name : undefined, description);
  }

  /** Starts timing an operation: `using t = monitor.timer('db')` ends it with the block, whatever happens in there. */
  timer(operation: string, tags?: Attributes): RunningTimer {
    return this.enabled ? startTimer(this.recorder(operation, tags)) : DISABLED_TIMER;
  }

  /** As `timer`, for where the end is called by hand. */
  startTimer(operation: string, tags?: Attributes): RunningTimer {
    return this.timer(operation, tags);
  }

  /**
   * Runs a function and records how long it took, until its promise settled if it returns one. Errors pass unchanged
   * and are recorded with their type.
   */
  time<R>(operation: string, run: () => R): R;
  time<R>(operation: string, tags: Attributes | undefined, run: () => R): R;
  time<R>(operation: string, tagsOrRun: Attributes | undefined | (() => R), maybeRun?: () => R): R {
    const run = typeof tagsOrRun === 'function' ? tagsOrRun : maybeRun;
    if (typeof run !== 'function')
      throw new InvalidUseError(`monitor.time('${operation}') needs a function to run`);
    if (!this.enabled) return run();
    const tags = typeof tagsOrRun === 'function' ? undefined : tagsOrRun;
    return timeCall(this.recorder(operation, tags), run);
  }

  /** Where calls of an operation are recorded: what timers and decorators are made of. */
  recorder(name: string, tags?: Attributes): CallRecorder {
    const operation = this.#operations.get(name) ?? this.#newOperation(name);
    return operation.recorder(tags);
  }

  /** What happened in the last seconds: resources, operations, alerts. @default duration 300 */
  getPerformanceSummary(options: { readonly duration?: Duration } = {}): PerformanceSummary {
    const duration = toSeconds('duration', options.duration ?? DEFAULT_SUMMARY_SECONDS);
    const operations = this.#operationMetrics(duration);
    const current = this.resources?.getLatestSnapshot();
    const average = this.resources?.getAverageUsage({ duration });
    const resourceUsage = { ...(current && { current }), ...(average && { average }) };
    return {
      duration,
      generatedAt: new Date(this.#clock.wallNow()).toISOString(),
      resourceUsage,
      operationMetrics: operations,
      alerts: alertsFor(this.#thresholds, resourceUsage, operations),
    };
  }

  #newOperation(given: unknown): Operation {
    const known = this.#operations.size < MAX_OPERATIONS - 1 ? given : OTHER_OPERATIONS;
    const name = typeof known === 'string' ? known : String(known);
    let operation = this.#operations.get(name);
    if (operation === undefined) {
      const history = this.metrics.historyOf(HISTORY_PREFIX + name, 'operation');
      operation = new Operation(name, this.#durations, history, this.#clock);
      this.#operations.set(name, operation);
    }
    return operation;
  }

  #operationMetrics(duration: number): Record<string, OperationMetrics> {
    const found: { name: string; seconds: number; metrics: OperationMetrics }[] = [];
    for (const name of this.#operations.keys()) {
      const summary = this.metrics.summary(HISTORY_PREFIX + name, { duration });
      if (summary === undefined) continue;
      const rate = this.metrics.getRate(HISTORY_PREFIX + name, { duration }) ?? 0;
      found.push({ name, seconds: summary.sum, metrics: operationMetrics(summary, rate) });
    }
    found.sort((a, b) => b.seconds - a.seconds);
    return Object.fromEntries(found.map(({ name, metrics }) => [name, metrics]));
  }
}
