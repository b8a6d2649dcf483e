import type { Processes } from '../export/processes/open-processes.js';
import { InvalidEnvironmentError, PerformanceError } from '../errors.js';
import {
  milliseconds,
  oneOf,
  parsePairs,
  positiveInteger,
  ratio,
  seconds,
  text,
  url,
  yesOrNo,
  type Variable,
} from './variable.js';

/** What the environment says; what it does not say is absent. */
export interface EnvironmentSettings {
  readonly cacheMaxSize?: number;
  readonly cacheDefaultTtl?: number;
  readonly cacheDir?: string;
  readonly monitorEnabled?: boolean;
  readonly resourceTrackingInterval?: number;
  readonly metricsMaxHistory?: number;
  readonly processes?: Processes;
  readonly livePage?: boolean;
  readonly nodeEnvironment?: string;
  readonly optimizerAutoEnabled?: boolean;
  readonly optimizerMemoryThreshold?: number;
  readonly optimizerCpuThreshold?: number;
  readonly optimizerInterval?: number;
  readonly sdkDisabled?: boolean;
  readonly logLevel?: LogLevel;
  readonly serviceName?: string;
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  readonly metricsExporters?: readonly MetricsExporter[];
  readonly metricExportInterval?: number;
  readonly metricExportTimeout?: number;
  readonly exemplarFilter?: ExemplarFilter;
  readonly otlpProtocol?: OtlpProtocol;
  readonly prometheusHost?: string;
  readonly prometheusPort?: number;
}

export const METRICS_EXPORTERS = ['prometheus', 'otlp', 'console', 'none'] as const;
export type MetricsExporter = (typeof METRICS_EXPORTERS)[number];
export const OTLP_PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];
export const EXEMPLAR_FILTERS = ['trace_based', 'always_off', 'always_on'] as const;
export type ExemplarFilter = (typeof EXEMPLAR_FILTERS)[number];
export const LOG_LEVELS = ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every variable that is read, by the setting it fills. */
export const ENVIRONMENT: {
  readonly [Name in keyof Required<EnvironmentSettings>]: Variable<Required<EnvironmentSettings>[Name]>;
} = {
  cacheMaxSize: positiveInteger('CACHE_MAX_SIZE', 'Entries the default cache keeps in memory.'),
  cacheDefaultTtl: seconds('CACHE_DEFAULT_TTL', 'Lifetime of entries of the default cache.'),
  cacheDir: text(
    'CACHE_DIR',
    'Folder in which the default cache also keeps its entries. Without it: memory only.',
  ),
  monitorEnabled: yesOrNo('PERF_MONITOR_ENABLED', 'Whether anything is recorded.'),
  resourceTrackingInterval: seconds(
    'PERF_RESOURCE_TRACKING_INTERVAL',
    'Time between samples of the resources.',
  ),
  metricsMaxHistory: positiveInteger(
    'PERF_METRICS_MAX_HISTORY',
    'Points of time kept per metric for questions in process.',
  ),
  processes: oneOf(
    'PERF_PROCESSES',
    'Whose metrics one /metrics serves: of the process, of all workers of node:cluster, of all threads.',
    ['alone', 'cluster', 'threads'],
  ),
  livePage: yesOrNo('PERF_LIVE_PAGE', 'Whether the live page is served beside /metrics, to this machine.'),
  nodeEnvironment: text('NODE_ENV', 'With production the live page is served only when asked for.'),
  optimizerAutoEnabled: yesOrNo('OPTIMIZER_AUTO_ENABLED', 'Whether the optimizer looks by itself.'),
  optimizerMemoryThreshold: ratio('OPTIMIZER_MEMORY_THRESHOLD', 'Memory pressure from which it acts.'),
  optimizerCpuThreshold: ratio('OPTIMIZER_CPU_THRESHOLD', 'CPU pressure from which it advises.'),
  optimizerInterval: seconds('OPTIMIZER_INTERVAL', 'Time between two looks of the optimizer.'),
  sdkDisabled: yesOrNo('OTEL_SDK_DISABLED', 'Nothing is exported when true.'),
  logLevel: oneOf(
    'OTEL_LOG_LEVEL',
    'From which level on OpenTelemetry and this package speak on the console.',
    LOG_LEVELS,
  ),
  serviceName: text('OTEL_SERVICE_NAME', 'Resource attribute service.name.'),
  resourceAttributes: {
    name: 'OTEL_RESOURCE_ATTRIBUTES',
    description: 'Resource attributes, percent-encoded where they hold a comma or equals sign.',
    expected: 'key=value pairs separated by commas',
    parse: parsePairs,
  },
  metricsExporters: {
    name: 'OTEL_METRICS_EXPORTER',
    description: 'Where metrics go, several separated by commas.',
    expected: `a list of ${METRICS_EXPORTERS.join(', ')}`,
    parse: parseExporters,
  },
  metricExportInterval: milliseconds('OTEL_METRIC_EXPORT_INTERVAL', 'Milliseconds between two pushes.'),
  metricExportTimeout: milliseconds(
    'OTEL_METRIC_EXPORT_TIMEOUT',
    'Milliseconds a push may take, at most those between two.',
  ),
  exemplarFilter: oneOf(
    'OTEL_METRICS_EXEMPLAR_FILTER',
    'Whether measurements within sampled spans become exemplars; always_on counts as trace_based.',
    EXEMPLAR_FILTERS,
  ),
  otlpProtocol: oneOf(
    'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL',
    'How OTLP is spoken.',
    OTLP_PROTOCOLS,
    'OTEL_EXPORTER_OTLP_PROTOCOL',
  ),
  prometheusHost: text('OTEL_EXPORTER_PROMETHEUS_HOST', 'Address on which /metrics is served.'),
  prometheusPort: {
    name: 'OTEL_EXPORTER_PROMETHEUS_PORT',
    description: 'Port on which /metrics is served, 0 for any free one.',
    expected: 'a port from 0 to 65535',
    parse: (value) => (/^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? Number(value) : undefined),
  },
};

/** What `npx @gary-zero/performance top` reads. */
export const TOP_TOKEN: Variable<string> = {
  ...text('PERF_TOP_TOKEN', 'Bearer token that is sent with each request for metrics.'),
  isSecret: true,
};

/** What matters only where metrics are pushed over OTLP. */
export interface OtlpSettings {
  readonly endpoint?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly compression?: (typeof COMPRESSIONS)[number];
  readonly timeout?: number;
  readonly temporality?: (typeof TEMPORALITIES)[number];
  readonly histogramAggregation?: (typeof HISTOGRAM_AGGREGATIONS)[number];
}

const COMPRESSIONS = ['gzip', 'none'] as const;
const TEMPORALITIES = ['cumulative', 'delta', 'lowmemory'] as const;
const HISTOGRAM_AGGREGATIONS = ['explicit_bucket_histogram', 'base2_exponential_bucket_histogram'] as const;

/** The exporter reads these itself, except the last; here they are checked, because it only logs what it cannot use. */
export const OTLP_ENVIRONMENT: {
  readonly [Name in keyof Required<OtlpSettings>]: Variable<Required<OtlpSettings>[Name]>;
} = {
  endpoint: url('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'Where OTLP goes.', 'OTEL_EXPORTER_OTLP_ENDPOINT'),
  headers: {
    name: 'OTEL_EXPORTER_OTLP_METRICS_HEADERS',
    otherwise: 'OTEL_EXPORTER_OTLP_HEADERS',
    description: 'Headers sent with OTLP, such as credentials.',
    expected: 'key=value pairs separated by commas',
    isSecret: true,
    parse: parsePairs,
  },
  compression: oneOf(
    'OTEL_EXPORTER_OTLP_METRICS_COMPRESSION',
    'Compression of OTLP.',
    COMPRESSIONS,
    'OTEL_EXPORTER_OTLP_COMPRESSION',
  ),
  timeout: {
    ...milliseconds('OTEL_EXPORTER_OTLP_METRICS_TIMEOUT', 'Milliseconds the collector may take to answer.'),
    otherwise: 'OTEL_EXPORTER_OTLP_TIMEOUT',
  },
  temporality: oneOf(
    'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
    'Whether sums count from the start or since the last push.',
    TEMPORALITIES,
  ),
  histogramAggregation: oneOf(
    'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
    'Kind of the histograms that are pushed.',
    HISTOGRAM_AGGREGATIONS,
  ),
};

/**
 * Reads the environment. An empty variable counts as not set, as OpenTelemetry prescribes.
 *
 * @throws {InvalidEnvironmentError} naming the variable that holds something else than it should.
 */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): EnvironmentSettings {
  return read(ENVIRONMENT, variables);
}

/** As {@link readEnvironment}, what concerns OTLP. @throws {InvalidEnvironmentError} */
export function readOtlpEnvironment(variables: NodeJS.ProcessEnv = process.env): OtlpSettings {
  return read(OTLP_ENVIRONMENT, variables);
}

/** The token for `top`; no argument of a program, which others on the machine can see. */
export function readTopToken(variables: NodeJS.ProcessEnv = process.env): string | undefined {
  return (read({ token: TOP_TOKEN }, variables) as { token?: string }).token;
}

function read(table: Readonly<Record<string, Variable<unknown>>>, variables: NodeJS.ProcessEnv): object {
  const settings: Record<string, unknown> = {};
  for (const [setting, variable] of Object.entries(table)) {
    const names = variable.otherwise === undefined ? [variable.name] : [variable.name, variable.otherwise];
    const name = names.find((candidate) => (variables[candidate]?.trim() ?? '') !== '');
    if (name === undefined) continue;
    const value = variables[name]!.trim();
    const parsed = variable.parse(value);
    if (parsed === undefined) {
      const shown = variable.isSecret === true ? 'something else (not shown)' : value;
      throw new InvalidEnvironmentError(name, variable.expected, shown);
    }
    settings[setting] = parsed;
  }
  return settings;
}

/** Runs what uses one setting; an error about the value names the variable it came from. */
export function withVariable<R>(setting: keyof EnvironmentSettings, value: unknown, use: () => R): R {
  try {
    return use();
  } catch (cause) {
    if (!(cause instanceof PerformanceError)) throw cause;
    const expected = /must be (.*), got /s.exec(cause.message)?.[1] ?? 'usable';
    throw new InvalidEnvironmentError(ENVIRONMENT[setting].name, expected, String(value), { cause });
  }
}

function parseExporters(value: string): readonly MetricsExporter[] | undefined {
  const names = value.split(',').map((name) => name.trim().toLowerCase());
  const known = METRICS_EXPORTERS.filter((name) => names.includes(name));
  return names.every((name) => (METRICS_EXPORTERS as readonly string[]).includes(name)) ? known : undefined;
}
