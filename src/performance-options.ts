import type { MeterProvider } from '@opentelemetry/api';
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics';
import type {
  BackgroundTaskManager,
  BackgroundTaskManagerOptions,
} from './async/tasks/background-task-manager.js';
import type { CacheBudget } from './cache/budget/cache-budget.js';
import type { CacheManager } from './cache/cache-manager.js';
import type { CacheManagerOptions } from './cache/cache-manager-options.js';
import { checkBoolean, checkKnownOptions, checkPort, checkText } from './checks.js';
import { METRICS_EXPORTERS, type EnvironmentSettings, type MetricsExporter } from './config/environment.js';
import { toSeconds, type Duration } from './duration.js';
import { InvalidOptionError } from './errors.js';
import { SERVED_OPTIONS, type MetricsEndpointOptions } from './export/prometheus/metrics-endpoint.js';
import { PROCESSES, type Processes } from './export/processes/open-processes.js';
import type { ProviderKind } from './export/provider.js';
import type { PerformanceMonitor, PerformanceMonitorOptions } from './monitor/performance-monitor.js';
import type { LoadShedder } from './optimizer/cpu/load-shedder.js';
import { ResourceOptimizer, type ResourceOptimizerOptions } from './optimizer/resource-optimizer.js';

/** Where /metrics is served, to whom, and how. */
export interface PrometheusOptions extends Omit<MetricsEndpointOptions, 'meterProvider' | 'clock'> {
  /** Address to listen on. The default lets nobody in from outside this machine. @default '127.0.0.1' */
  readonly host?: string;
  /** 0 for any free port; `metricsUrl` tells which. @default 9464 */
  readonly port?: number;
  /** @default '/metrics' */
  readonly path?: string;
  /** `false` opens no port: answer requests in a server of yours, with `metricsEndpoint`. @default true */
  readonly listen?: boolean;
  /**
   * Whether a page that shows how the process does is served beside the metrics, at `/`: to who asks from this machine only,
   * whatever the host. Default: PERF_LIVE_PAGE, else unless NODE_ENV is production.
   */
  readonly page?: boolean;
}

/** {@link PrometheusOptions} with defaults. */
export interface PrometheusSettings {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly listen: boolean;
  readonly page: boolean;
  readonly endpoint: MetricsEndpointOptions;
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
  /**
   * Whose metrics /metrics serves: those of this process `'alone'`, or of all workers of `'cluster'` (node:cluster) or all
   * worker `'threads'`, who then open no port. Every one of them starts with the same value.
   * Default: PERF_PROCESSES, else `'alone'`.
   */
  readonly processes?: Processes;
  /** Readers to add to the provider that is made. */
  readonly readers?: readonly IMetricReader[];
  /** Views of the provider that is made. */
  readonly views?: readonly ViewOptions[];
  /**
   * The provider to make where the application has none: `'cells'` for a `CellMeterProvider`, `'sdk'` for the one of
   * the OpenTelemetry SDK. Or a provider of yours: all is recorded into it, and /metrics is not served.
   * @default 'cells'
   */
  readonly meterProvider?: MeterProvider | ProviderKind;
  /**
   * After this time without a measurement a series is exported no more: seconds, or text with a unit. For the provider of
   * cells that is made. Default: never.
   */
  readonly seriesIdleTimeout?: Duration;
  /** Whether the provider becomes the global one, if there is none yet. @default true */
  readonly registerGlobal?: boolean;
  /** A monitor, or options for the one that is made. */
  readonly monitor?: PerformanceMonitor | PerformanceMonitorOptions;
  /** A cache, or options for the one that is made. */
  readonly cache?: CacheManager | CacheManagerOptions;
  /** Memory of caches that the optimizer keeps within what the process has. */
  readonly cacheBudget?: CacheBudget;
  /** Refuses work while there is more than this process can do; the optimizer tells when. Closed at shutdown. */
  readonly loadShedder?: LoadShedder;
  /** An optimizer, or options for the one that is made; `auto: false` keeps it from looking by itself. */
  readonly optimizer?: ResourceOptimizer | (ResourceOptimizerOptions & { readonly auto?: boolean });
  /** Background tasks, or options for those that are made; drained at shutdown. */
  readonly tasks?: BackgroundTaskManager | BackgroundTaskManagerOptions;
}

const KNOWN_OPTIONS = [
  'serviceName',
  'resourceAttributes',
  'exporters',
  'prometheus',
  'processes',
  'readers',
  'views',
  'meterProvider',
  'seriesIdleTimeout',
  'registerGlobal',
  'monitor',
  'cache',
  'cacheBudget',
  'loadShedder',
  'optimizer',
  'tasks',
] as const;

/** What is in force after environment and defaults. */
export interface Settings {
  readonly environment: EnvironmentSettings;
  readonly serviceName: string | undefined;
  readonly exporters: readonly MetricsExporter[];
  readonly prometheus: PrometheusSettings | undefined;
  readonly processes: Processes;
  readonly givenProvider: MeterProvider | undefined;
  /** Of the provider to make where none is given or registered. */
  readonly providerKind: ProviderKind;
  readonly seriesIdleTimeout: Duration | undefined;
  readonly registerGlobal: boolean;
  readonly autoOptimize: boolean;
}

/** @throws {InvalidOptionError} */
export function resolveSettings(options: PerformanceOptions, environment: EnvironmentSettings): Settings {
  checkKnownOptions('startPerformance', options, KNOWN_OPTIONS);
  if (options.serviceName !== undefined) checkText('serviceName', options.serviceName);
  const { optimizer, prometheus } = options;
  const auto = optimizer instanceof ResourceOptimizer ? undefined : optimizer?.auto;
  return {
    environment,
    serviceName: options.serviceName ?? environment.serviceName,
    exporters: resolveExporters(options, environment),
    prometheus: prometheus === false ? undefined : resolvePrometheus(prometheus, environment),
    processes: resolveProcesses(options.processes ?? environment.processes ?? 'alone'),
    ...resolveProvider(options.meterProvider),
    seriesIdleTimeout: resolveIdleTimeout(options),
    registerGlobal: checkBoolean('registerGlobal', options.registerGlobal ?? true),
    autoOptimize: checkBoolean('optimizer.auto', auto ?? environment.optimizerAutoEnabled ?? true),
  };
}

function resolveProvider(
  given: PerformanceOptions['meterProvider'],
): Pick<Settings, 'givenProvider' | 'providerKind'> {
  if (given === undefined) return { givenProvider: undefined, providerKind: 'cells' };
  if (given === 'cells' || given === 'sdk') return { givenProvider: undefined, providerKind: given };
  if (typeof (given as Partial<MeterProvider> | null)?.getMeter !== 'function')
    throw new InvalidOptionError('meterProvider', "'cells', 'sdk' or a MeterProvider", given);
  return { givenProvider: given, providerKind: 'cells' };
}

function resolveProcesses(processes: Processes): Processes {
  if (PROCESSES.includes(processes)) return processes;
  throw new InvalidOptionError('processes', `one of ${PROCESSES.join(', ')}`, processes);
}

function resolveIdleTimeout({ seriesIdleTimeout, meterProvider }: PerformanceOptions): Duration | undefined {
  if (seriesIdleTimeout === undefined) return undefined;
  if (meterProvider !== undefined && meterProvider !== 'cells')
    throw new InvalidOptionError(
      'seriesIdleTimeout',
      "left out unless meterProvider is 'cells'",
      seriesIdleTimeout,
    );
  return toSeconds('seriesIdleTimeout', seriesIdleTimeout);
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
): PrometheusSettings {
  checkKnownOptions('prometheus', options, ['host', 'port', 'path', 'listen', 'page', ...SERVED_OPTIONS]);
  const { host, port, path = '/metrics', listen = true, page, ...endpoint } = options ?? {};
  if (!checkText('prometheus.path', path).startsWith('/'))
    throw new InvalidOptionError('prometheus.path', "a path that starts with '/'", path);
  return {
    host: checkText('prometheus.host', host ?? environment.prometheusHost ?? '127.0.0.1'),
    port: checkPort('prometheus.port', port ?? environment.prometheusPort ?? 9464),
    path,
    listen: checkBoolean('prometheus.listen', listen),
    page: checkBoolean('prometheus.page', page ?? environment.livePage ?? !isProduction(environment)),
    endpoint,
  };
}

function isProduction({ nodeEnvironment }: EnvironmentSettings): boolean {
  return nodeEnvironment === 'production';
}
