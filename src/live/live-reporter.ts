import type { Cancel, Clock } from '../clock.js';
import type { PerformanceMonitor } from '../monitor/performance-monitor.js';
import type { OptimizationReport } from '../optimizer/report.js';
import type { ResourceOptimizer } from '../optimizer/resource-optimizer.js';
import * as catalogue from '../telemetry/catalogue.js';
import type { Instruments } from '../telemetry/instruments.js';
import { asyncFrom } from './async-report.js';
import { budgetsFrom, cachesFrom } from './caches-report.js';
import {
  RESOURCE_SERIES,
  type LiveOptimizer,
  type LiveProcess,
  type LiveReport,
  type LiveResources,
} from './live-report.js';
import { meansOf, SERIES_SECONDS } from './live-series.js';
import { operationsFrom } from './operations-report.js';
import { RecentDecisions } from './recent-decisions.js';
import { RecentReadings, type WindowReadings } from './recent-readings.js';
import { sumOf } from './reading-sums.js';
import { requestsFrom } from './requests-report.js';

export interface LiveReporterOptions {
  readonly monitor: PerformanceMonitor;
  readonly optimizer: ResourceOptimizer;
  /** Those everything is recorded into. */
  readonly instruments: Instruments;
  readonly clock: Clock;
  readonly process: Pick<LiveProcess, 'service' | 'processes' | 'metricsPath'>;
}

/** Says how the process does. Between two reports it costs nothing: it has no timer. */
export class LiveReporter {
  readonly #options: LiveReporterOptions;
  readonly #readings: RecentReadings;
  readonly #decisions = new RecentDecisions();
  readonly #stopListening: Cancel;

  constructor(options: LiveReporterOptions) {
    this.#options = options;
    this.#readings = new RecentReadings(options.instruments, options.clock, process.uptime());
    this.#stopListening = options.optimizer.addListener(this.#decisions);
  }

  /** Reads everything once, which takes a millisecond or two. `isWatched`: the next one is asked for soon. */
  report({ isWatched }: { readonly isWatched: boolean }): LiveReport {
    const { monitor, optimizer, clock, process: served } = this.#options;
    const window = this.#readings.look(isWatched);
    const time = clock.wallNow() / 1000;
    const optimization = optimizer.generateOptimizationReport();
    return {
      version: 1,
      time,
      process: { ...served, pid: process.pid, node: process.version, uptime: process.uptime() },
      window: window.seconds,
      operations: operationsFrom(monitor, time),
      requests: requestsFrom(window),
      caches: cachesFrom(window, optimization.whatIf),
      budgets: budgetsFrom(window),
      async: asyncFrom(window),
      resources: this.#resources(window, time),
      optimizer: this.#optimizer(window, optimization),
    };
  }

  /** Nobody watches any more: what was kept to compare with is given up. */
  rest(): void {
    this.#readings.forget();
  }

  close(): void {
    this.#stopListening();
    this.rest();
  }

  #resources({ of }: WindowReadings, now: number): LiveResources {
    const { resources } = this.#options.monitor;
    const snapshots = resources?.getSnapshots({ duration: SERIES_SECONDS }) ?? [];
    const series = RESOURCE_SERIES.map((field) => [
      field,
      meansOf(
        snapshots.map(({ timestamp, [field]: value }) => ({ time: timestamp, value })),
        now,
      ),
    ]);
    return {
      current: resources?.getLatestSnapshot(),
      heapLimitBytes: sumOf(of(catalogue.heapLimit)),
      series: Object.fromEntries(series) as LiveResources['series'],
    };
  }

  #optimizer({ of }: WindowReadings, report: OptimizationReport): LiveOptimizer {
    const { optimizer } = this.#options;
    return {
      isAutomatic: optimizer.isAutoOptimizing,
      modes: optimizer.modes,
      pressures: of(catalogue.optimizerPressure).map(({ attributes, value }) => ({
        source: String(attributes['perf.optimizer.source']),
        share: value,
      })),
      settings: of(catalogue.optimizerSetting).map(({ attributes, value }) => ({
        action: String(attributes['perf.optimizer.action']),
        target: String(attributes['perf.optimizer.target']),
        value,
      })),
      counts: report.optimizationSummary.decisions,
      recommendations: report.recommendations,
      decisions: this.#decisions.changing,
      held: this.#decisions.held,
    };
  }
}
