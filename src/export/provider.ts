import { createRequire } from 'node:module';
import { diag, DiagConsoleLogger, DiagLogLevel, type MeterProvider } from '@opentelemetry/api';
import type {
  IMetricReader,
  MeterProvider as SdkMeterProvider,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { InvalidUseError } from '../errors.js';
import { SCOPE_NAME, VERSION } from '../telemetry/connection.js';
import { ExportTap } from '../telemetry/readings/export-tap.js';
import type { PullReader } from './prometheus/server.js';

export interface ProviderOptions {
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly exporters: readonly string[];
  readonly otlpProtocol: 'http/protobuf' | 'http/json' | 'grpc';
  /** Pushes histograms with exponential buckets instead of fixed ones. */
  readonly hasExponentialHistograms: boolean;
  readonly exportIntervalMs: number;
  readonly exportTimeoutMs: number;
  readonly readers: readonly IMetricReader[];
  readonly views: readonly ViewOptions[];
}

/** A provider of the stock SDK, the reader /metrics is pulled from, if it has one, and a tap on all of its readers. */
export interface BuiltProvider {
  readonly provider: SdkMeterProvider;
  readonly pullReader: PullReader | undefined;
  readonly exportTap: ExportTap;
}

// The SDK costs some 100 ms to load and its exporters more: only who starts it pays, and at once, because what other
// libraries create before a provider is registered stays without effect.
const require = createRequire(import.meta.url);

/** One line each, so that a bundler can see what is loaded. */
const OTLP_EXPORTERS: Readonly<Record<ProviderOptions['otlpProtocol'], () => unknown>> = {
  'http/protobuf': () => require('@opentelemetry/exporter-metrics-otlp-proto') as unknown,
  'http/json': () => require('@opentelemetry/exporter-metrics-otlp-http') as unknown,
  grpc: () => require('@opentelemetry/exporter-metrics-otlp-grpc') as unknown,
};

export function buildProvider(options: ProviderOptions): BuiltProvider {
  const sdk = require('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics');
  const { defaultResource, resourceFromAttributes } =
    require('@opentelemetry/resources') as typeof import('@opentelemetry/resources');
  const readers: IMetricReader[] = [...options.readers];
  let pullReader: PullReader | undefined;
  if (options.exporters.includes('prometheus')) {
    const { PrometheusExporter } =
      require('@opentelemetry/exporter-prometheus') as typeof import('@opentelemetry/exporter-prometheus');
    const exporter = new PrometheusExporter({ preventServerStart: true });
    pullReader = exporter as unknown as PullReader;
    readers.push(exporter);
  }
  for (const name of ['otlp', 'console'] as const) {
    if (!options.exporters.includes(name)) continue;
    const exporter = name === 'otlp' ? otlpExporter(sdk, options) : new sdk.ConsoleMetricExporter();
    readers.push(
      new sdk.PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: options.exportIntervalMs,
        // The SDK refuses a timeout that is longer than the interval.
        exportTimeoutMillis: Math.min(options.exportTimeoutMs, options.exportIntervalMs),
      }),
    );
  }
  const distribution = { 'telemetry.distro.name': SCOPE_NAME, 'telemetry.distro.version': VERSION };
  const resource = defaultResource().merge(
    resourceFromAttributes({ ...distribution, ...options.resourceAttributes }),
  );
  const exportTap = new ExportTap();
  const tapped = readers.map((reader) => exportTap.tapReader(reader));
  const provider = new sdk.MeterProvider({ resource, readers: tapped, views: [...options.views] });
  return { provider, pullReader, exportTap };
}

type Sdk = typeof import('@opentelemetry/sdk-metrics');
type PushExporter = ConstructorParameters<Sdk['PeriodicExportingMetricReader']>[0]['exporter'];

/** It reads endpoint, headers, compression, timeout and temporality from `OTEL_EXPORTER_OTLP_*` itself. */
function otlpExporter(
  sdk: Sdk,
  { otlpProtocol: protocol, hasExponentialHistograms }: ProviderOptions,
): PushExporter {
  try {
    const { OTLPMetricExporter } = OTLP_EXPORTERS[protocol]() as {
      OTLPMetricExporter: new (config: object) => PushExporter;
    };
    const { DEFAULT, EXPONENTIAL_HISTOGRAM } = sdk.AggregationType;
    const aggregationPreference = (instrument: string) => ({
      type: hasExponentialHistograms && instrument === 'HISTOGRAM' ? EXPONENTIAL_HISTOGRAM : DEFAULT,
    });
    return new OTLPMetricExporter({ aggregationPreference });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    const name = /'(@opentelemetry\/[^']+)'/.exec(String(cause))?.[1] ?? 'its exporter';
    throw new InvalidUseError(`OTLP over ${protocol} needs ${name}: install it beside this package`, {
      cause,
    });
  }
}

const LOG_LEVELS = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
} as const;

/** Lets OpenTelemetry, and this package through it, speak on the console. */
export function logTo(level: keyof typeof LOG_LEVELS): void {
  diag.setLogger(new DiagConsoleLogger(), { logLevel: LOG_LEVELS[level], suppressOverrideMessage: true });
}

/** Flushes and ends a provider; a collector that does not answer is given up on after the timeout. */
export async function shutdownProvider(provider: MeterProvider, timeoutMillis: number): Promise<void> {
  const { forceFlush, shutdown } = provider as Partial<SdkMeterProvider>;
  await forceFlush?.call(provider, { timeoutMillis });
  await shutdown?.call(provider, { timeoutMillis });
}
