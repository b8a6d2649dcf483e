import { diag, metrics, type MeterProvider } from '@opentelemetry/api';
import type { BackgroundTaskManager } from './async/tasks/background-task-manager.js';
import type { CacheManager } from './cache/cache-manager.js';
import { systemClock } from './clock.js';
import { readEnvironment } from './config/environment.js';
import { forgetDefaults, makeDefaults, type DefaultParts } from './defaults.js';
import { ListenError } from './errors.js';
import { isRegistered, registerIfWanted } from './export/global-provider.js';
import { logTo, shutdownProvider, type BuiltProvider } from './export/provider.js';
import { openProcesses, reportsElsewhere, type OpenProcesses } from './export/processes/open-processes.js';
import { MetricsEndpoint } from './export/prometheus/metrics-endpoint.js';
import { MetricsServer } from './export/prometheus/server.js';
import { LivePage } from './live/live-page.js';
import { LiveReporter } from './live/live-reporter.js';
import type { PerformanceMonitor } from './monitor/performance-monitor.js';
import type { ResourceOptimizer } from './optimizer/resource-optimizer.js';
import { resolveSettings, type PerformanceOptions, type Settings } from './performance-options.js';
import { openProvider } from './performance-provider.js';
import { eventsAreLogged } from './telemetry/event-log.js';
import { instrumentsOf } from './telemetry/instruments.js';
import { noticeOnce } from './telemetry/notice.js';
import type { ExportTap } from './telemetry/readings/export-tap.js';

/** What runs after {@link startPerformance}. */
export interface Performance {
  readonly monitor: PerformanceMonitor;
  readonly cache: CacheManager;
  readonly optimizer: ResourceOptimizer;
  readonly tasks: BackgroundTaskManager;
  /** The provider everything is recorded into. */
  readonly meterProvider: MeterProvider;
  /**
   * Hears what the provider's readers collect, instruments of other libraries included, without a reader of its own.
   * `undefined` where the provider was not made here: tap its readers with an {@link ExportTap} yourself.
   */
  readonly exportTap: ExportTap | undefined;
  /** Answers what asks for metrics in a server of yours. `undefined` where the provider was not made here, or none is served. */
  readonly metricsEndpoint: MetricsEndpoint | undefined;
  /** Where /metrics is served; `undefined` until it is, see `ready`. */
  readonly metricsUrl: string | undefined;
  /**
   * Resolves when the first resource sample is taken and /metrics is served. Rejects with a ListenError when the port
   * cannot be opened. Nobody has to wait for it: otherwise a process warning says so, and the application runs on.
   */
  readonly ready: Promise<void>;
  /** Gives tasks 5 s to end, flushes exporters, ends servers and timers, gives the global provider back. Calling it again does nothing. */
  shutdown(): Promise<void>;
}

const SHUTDOWN_TIMEOUT_MS = 5000;
const DRAIN_TIMEOUT = '5s';

let running: Performance | undefined;

/**
 * Starts everything and returns at once: makes and registers a MeterProvider (unless the application has one), serves
 * /metrics on 127.0.0.1:9464, samples resources and lets the optimizer look. While it runs, a second call returns the
 * same and ignores its options.
 *
 * @throws {InvalidOptionError} @throws {InvalidEnvironmentError}
 */
export function startPerformance(options: PerformanceOptions = {}): Performance {
  if (running !== undefined) {
    noticeOnce(
      'started twice',
      'startPerformance was called again while running; the options of the first call stay',
    );
    return running;
  }
  const settings = resolveSettings(options, readEnvironment());
  if (settings.environment.logLevel !== undefined) logTo(settings.environment.logLevel);
  const built = openProvider(options, settings);
  const isOwn = built !== undefined;
  const meterProvider = built?.provider ?? settings.givenProvider ?? metrics.getMeterProvider();
  const parts = partsOrNothing(options, settings, built, meterProvider);
  const isGlobal = registerIfWanted(meterProvider, settings.registerGlobal);
  const { prometheus } = settings;
  const { metricsEndpoint, processes } = parts;
  const server =
    metricsEndpoint && prometheus?.listen === true && !reportsElsewhere(settings.processes)
      ? new MetricsServer(metricsEndpoint, { ...prometheus, beside: openPage(parts, settings) })
      : undefined;
  instrumentsOf().refresh();
  if (settings.autoOptimize) parts.optimizer.startAutoOptimization();

  const ready = Promise.all([parts.monitor.start(), server?.listen()]).then(() => {});
  let isAwaited = false;
  ready.catch((error: unknown) => {
    // A service must not fall over because its metrics port is taken, and must not be silent about it either.
    if (isAwaited) return;
    const isListen = error instanceof ListenError;
    process.emitWarning(isListen ? error.message : String(error), {
      code: isListen ? error.code : 'PERF_START_FAILED',
    });
  });

  let shutdown: Promise<void> | undefined;
  const { monitor, cache, optimizer, tasks } = parts;
  const performance: Performance = {
    monitor,
    cache,
    optimizer,
    tasks,
    metricsEndpoint,
    meterProvider,
    exportTap: built?.exportTap,
    get metricsUrl() {
      return server?.url;
    },
    get ready() {
      isAwaited = true;
      return ready;
    },
    shutdown() {
      return (shutdown ??= shutdownAll());
    },
  };
  const shutdownAll = async (): Promise<void> => {
    await ready.catch(() => {});
    parts.optimizer.stopAutoOptimization();
    // Before the last flush: how they end belongs to what is exported.
    const { givenUp } = await parts.tasks.drain({ timeout: DRAIN_TIMEOUT });
    if (givenUp > 0) diag.warn(`@gary-zero/performance: ${givenUp} tasks were given up at shutdown`);
    // Whoever ends his LoggerProvider after this has the last decisions in it.
    await eventsAreLogged();
    await processes?.report();
    if (isOwn) {
      await shutdownProvider(meterProvider, SHUTDOWN_TIMEOUT_MS).catch((error: unknown) => {
        noticeOnce('shutdown', `flushing metrics at shutdown failed: ${String(error)}`);
      });
    }
    await parts.monitor.stop();
    metricsEndpoint?.close();
    await server?.close();
    processes?.close();
    await parts.cache.close();
    if (isGlobal) metrics.disable();
    instrumentsOf().refresh();
    forgetDefaults();
    if (running === performance) running = undefined;
  };
  running = performance;
  return performance;
}

/** The live page, where it is wanted. It costs nothing until somebody looks. */
function openPage(
  { monitor, optimizer, provided }: OpenedParts,
  { prometheus, processes, serviceName }: Settings,
): LivePage | undefined {
  if (prometheus?.page !== true) return undefined;
  const reporter = new LiveReporter({
    monitor,
    optimizer,
    instruments: instrumentsOf(provided),
    clock: systemClock,
    process: { service: serviceName, processes, metricsPath: prometheus.path },
  });
  return new LivePage(reporter, systemClock);
}

interface OpenedParts extends DefaultParts, Pick<Performance, 'metricsEndpoint'> {
  readonly processes: OpenProcesses | undefined;
  /** What parts were given to record into; `undefined`: they follow the global provider. */
  readonly provided: MeterProvider | undefined;
}

/** The parts for a provider; when one of them cannot be made, the provider is ended again and nothing has started. */
function partsOrNothing(
  options: PerformanceOptions,
  { environment, prometheus, processes: kind, registerGlobal }: Settings,
  built: BuiltProvider | undefined,
  meterProvider: MeterProvider,
): OpenedParts {
  const global = metrics.getMeterProvider();
  const followsGlobal = meterProvider === global || (registerGlobal && !isRegistered(global));
  let processes: OpenProcesses | undefined;
  try {
    const provided = followsGlobal ? undefined : meterProvider;
    for (const reader of built?.pushReaders ?? []) reader.measureInto(provided);
    let metricsEndpoint: MetricsEndpoint | undefined;
    if (built?.pullReader !== undefined && prometheus !== undefined) {
      processes = openProcesses(kind, built.pullReader, provided);
      const endpointOptions = { ...prometheus.endpoint, meterProvider: provided };
      metricsEndpoint = new MetricsEndpoint(processes.source, endpointOptions);
    }
    return { ...makeDefaults(environment, options, provided), metricsEndpoint, processes, provided };
  } catch (error) {
    processes?.close();
    if (built !== undefined) void shutdownProvider(built.provider, SHUTDOWN_TIMEOUT_MS).catch(() => {});
    throw error;
  }
}
