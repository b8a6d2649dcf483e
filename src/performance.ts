import { diag, metrics, type MeterProvider } from '@opentelemetry/api';
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics';
import type {
  BackgroundTaskManager,
  BackgroundTaskManagerOptions,
} from './async/tasks/background-task-manager.js';
import type { CacheBudget } from './cache/budget/cache-budget.js';
import type { CacheManager } from './cache/cache-manager.js';
import type { CacheManagerOptions } from './cache/cache-manager-options.js';
import { checkBoolean, checkKnownOptions, checkPort, checkText } from './checks.js';
import {
  METRICS_EXPORTERS,
  readEnvironment,
  readOtlpEnvironment,
  type OtlpSettings,
  type EnvironmentSettings,
  type MetricsExporter,
} from './config/environment.js';
import { forgetDefaults, makeDefaults, type DefaultParts } from './defaults.js';
import { InvalidOptionError, ListenError } from './errors.js';
import { isRegistered, registerIfWanted } from './export/global-provider.js';
import { buildProvider, logTo, shutdownProvider, type BuiltProvider } from './export/provider.js';
import { MetricsServer } from './export/prometheus/server.js';
import type { PerformanceMonitor, PerformanceMonitorOptions } from './monitor/performance-monitor.js';
import { ResourceOptimizer, type ResourceOptimizerOptions } from './optimizer/resource-optimizer.js';
import { instrumentsOf } from './telemetry/instruments.js';
import { noticeOnce } from './telemetry/notice.js';
import type { ExportTap } from './telemetry/readings/export-tap.js';

/** Where /metrics is served. */
export interface PrometheusOptions {
  /** Address to listen on. The default lets nobody in from outside this machine. @default '127.0.0.1' */
  readonly host?: string;
  /** 0 for any free port; `metricsUrl` tells which. @default 9464 */
  readonly port?: number;
  /** @default '/metrics' */
  readonly path?: string;
}

/** An explicit option wins over the environment, the environment over the default. */
export interface PerformanceOptions {
  /** Resource attribute `service.name`. Default: OTEL_SERVICE_NAME, else what OpenTelemetry makes of the program. */
  readonly serviceName?: string;
  /** Further resource attributes. */
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  /** Where metrics go. Default: OTEL_METRICS_EXPORTER, else `['prometheus']`. */
  readonly exporters?: readonly MetricsExporter[];
  /** Address of /metrics; `false` serves none. */
  readonly prometheus?: PrometheusOptions | false;
  /** Readers to add to the provider that is made. */
  readonly readers?: readonly IMetricReader[];
  /** Views of the provider that is made. */
  readonly views?: readonly ViewOptions[];
  /** Records into this provider; none is made and /metrics is not served. */
  readonly meterProvider?: MeterProvider;
  /** Whether the provider becomes the global one, if there is none yet. @default true */
  readonly registerGlobal?: boolean;
  /** A monitor, or options for the one that is made. */
  readonly monitor?: PerformanceMonitor | PerformanceMonitorOptions;
  /** A cache, or options for the one that is made. */
  readonly cache?: CacheManager | CacheManagerOptions;
  /** Memory of caches that the optimizer keeps within what the process has. */
  readonly cacheBudget?: CacheBudget;
  /** An optimizer, or options for the one that is made; `auto: false` keeps it from looking by itself. */
  readonly optimizer?: ResourceOptimizer | (ResourceOptimizerOptions & { readonly auto?: boolean });
  /** Background tasks, or options for those that are made; drained at shutdown. */
  readonly tasks?: BackgroundTaskManager | BackgroundTaskManagerOptions;
}

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

const KNOWN_OPTIONS = [
  'serviceName',
  'resourceAttributes',
  'exporters',
  'prometheus',
  'readers',
  'views',
  'meterProvider',
  'registerGlobal',
  'monitor',
  'cache',
  'cacheBudget',
  'optimizer',
  'tasks',
] as const;
const DEFAULT_EXPORT_INTERVAL_MS = 60_000;
const DEFAULT_EXPORT_TIMEOUT_MS = 30_000;
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
  const settings = resolve(options, readEnvironment());
  if (settings.environment.logLevel !== undefined) logTo(settings.environment.logLevel);
  const built = openProvider(options, settings);
  const isOwn = built !== undefined;
  const meterProvider = built?.provider ?? options.meterProvider ?? metrics.getMeterProvider();
  const parts = partsOrNothing(options, settings, built, meterProvider);
  const isGlobal = registerIfWanted(meterProvider, settings.registerGlobal);
  const server =
    built?.pullReader && settings.prometheus && new MetricsServer(built.pullReader, settings.prometheus);
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
  const performance: Performance = {
    ...parts,
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
    if (isOwn) {
      await shutdownProvider(meterProvider, SHUTDOWN_TIMEOUT_MS).catch((error: unknown) => {
        noticeOnce('shutdown', `flushing metrics at shutdown failed: ${String(error)}`);
      });
    }
    await parts.monitor.stop();
    await server?.close();
    await parts.cache.close();
    if (isGlobal) metrics.disable();
    instrumentsOf().refresh();
    forgetDefaults();
    if (running === performance) running = undefined;
  };
  running = performance;
  return performance;
}

interface Settings {
  readonly environment: EnvironmentSettings;
  readonly exporters: readonly MetricsExporter[];
  readonly prometheus: Required<PrometheusOptions> | undefined;
  readonly registerGlobal: boolean;
  readonly autoOptimize: boolean;
}

function resolve(options: PerformanceOptions, environment: EnvironmentSettings): Settings {
  checkKnownOptions('startPerformance', options, KNOWN_OPTIONS);
  if (options.serviceName !== undefined) checkText('serviceName', options.serviceName);
  const { optimizer, prometheus } = options;
  const auto = optimizer instanceof ResourceOptimizer ? undefined : optimizer?.auto;
  return {
    environment,
    exporters: resolveExporters(options, environment),
    prometheus: prometheus === false ? undefined : resolvePrometheus(prometheus, environment),
    registerGlobal: checkBoolean('registerGlobal', options.registerGlobal ?? true),
    autoOptimize: checkBoolean('optimizer.auto', auto ?? environment.optimizerAutoEnabled ?? true),
  };
}

/** Who asks for an address of /metrics in code gets it, whatever else the environment names. */
function resolveExporters({ exporters, prometheus }: PerformanceOptions, environment: EnvironmentSettings) {
  const isAddressGiven = prometheus !== undefined && prometheus !== false;
  if (exporters === undefined) {
    const named = (environment.metricsExporters ?? ['prometheus']).filter((name) => name !== 'none');
    return isAddressGiven ? [...new Set<MetricsExporter>([...named, 'prometheus'])] : named;
  }
  const isKnown = Array.isArray(exporters) && exporters.every((name) => METRICS_EXPORTERS.includes(name));
  if (!isKnown)
    throw new InvalidOptionError('exporters', `a list of ${METRICS_EXPORTERS.join(', ')}`, exporters);
  if (isAddressGiven && !exporters.includes('prometheus')) {
    throw new InvalidOptionError(
      'exporters',
      "a list with 'prometheus' when its address is given",
      exporters,
    );
  }
  return exporters.includes('none') ? [] : exporters;
}

function resolvePrometheus(
  options: PrometheusOptions | undefined,
  environment: EnvironmentSettings,
): Required<PrometheusOptions> {
  checkKnownOptions('prometheus', options, ['host', 'port', 'path']);
  const path = checkText('prometheus.path', options?.path ?? '/metrics');
  if (!path.startsWith('/'))
    throw new InvalidOptionError('prometheus.path', "a path that starts with '/'", path);
  return {
    host: checkText('prometheus.host', options?.host ?? environment.prometheusHost ?? '127.0.0.1'),
    port: checkPort('prometheus.port', options?.port ?? environment.prometheusPort ?? 9464),
    path,
  };
}

/** A provider of our own, unless there is one already or nothing shall be exported. */
function openProvider(
  options: PerformanceOptions,
  { environment, exporters, prometheus }: Settings,
): BuiltProvider | undefined {
  if (options.meterProvider !== undefined || environment.sdkDisabled === true) return undefined;
  if (options.registerGlobal !== false && isRegistered(metrics.getMeterProvider())) {
    noticeOnce(
      'foreign provider',
      'the application has registered a MeterProvider; it is used, none is made and /metrics is not served from here',
      'info',
    );
    return undefined;
  }
  const wanted = exporters.filter(
    (name) => name !== 'none' && !(name === 'prometheus' && prometheus === undefined),
  );
  const otlp: OtlpSettings = wanted.includes('otlp') ? readOtlpEnvironment() : {};
  const serviceName = options.serviceName ?? environment.serviceName;
  return buildProvider({
    resourceAttributes: {
      ...environment.resourceAttributes,
      ...options.resourceAttributes,
      ...(serviceName !== undefined && { 'service.name': serviceName }),
    },
    exporters: wanted,
    otlpProtocol: environment.otlpProtocol ?? 'http/protobuf',
    hasExponentialHistograms: otlp.histogramAggregation === 'base2_exponential_bucket_histogram',
    exportIntervalMs: environment.metricExportInterval ?? DEFAULT_EXPORT_INTERVAL_MS,
    exportTimeoutMs: environment.metricExportTimeout ?? DEFAULT_EXPORT_TIMEOUT_MS,
    readers: options.readers ?? [],
    views: options.views ?? [],
  });
}

/** The parts for a provider; when one of them cannot be made, the provider is ended again and nothing has started. */
function partsOrNothing(
  options: PerformanceOptions,
  { environment, registerGlobal }: Settings,
  built: BuiltProvider | undefined,
  meterProvider: MeterProvider,
): DefaultParts {
  const global = metrics.getMeterProvider();
  const followsGlobal = meterProvider === global || (registerGlobal && !isRegistered(global));
  try {
    return makeDefaults(environment, options, followsGlobal ? undefined : meterProvider);
  } catch (error) {
    if (built !== undefined) void shutdownProvider(built.provider, SHUTDOWN_TIMEOUT_MS).catch(() => {});
    throw error;
  }
}
