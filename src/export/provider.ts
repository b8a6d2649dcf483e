import { createRequire } from 'node:module';
import { diag, DiagConsoleLogger, DiagLogLevel, type MeterProvider } from '@opentelemetry/api';
import type {
  IMetricReader,
  MeterProvider as SdkMeterProvider,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { InvalidUseError } from '../errors.js';
import { SCOPE_NAME, VERSION } from '../telemetry/connection.js';
import { CellMeterProvider } from '../telemetry/provider/cell-meter-provider.js';
import { ExportTap } from '../telemetry/readings/export-tap.js';
import { PullReader } from './prometheus/pull-reader.js';

/** Ours, or the one of the OpenTelemetry SDK. */
export type ProviderKind = 'cells' | 'sdk';

export interface ProviderOptions {
  readonly kind: ProviderKind;
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

/** A provider, the reader /metrics is pulled from, if it has one, and a tap on all of its readers. */
export interface BuiltProvider {
  readonly provider: CellMeterProvider | SdkMeterProvider;
  readonly pullReader: PullReader | undefined;
  readonly exportTap: ExportTap;
}

// The SDK costs some 100 ms to load and its exporters more: only who pushes metrics or asks for its provider pays, and at
// once, because what other libraries create before a provider is registered stays without effect.
const require = createRequire(import.meta.url);

const loadSdk = () => require('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics');

/** One line each, so that a bundler can see what is loaded. */
const OTLP_EXPORTERS: Readonly<Record<ProviderOptions['otlpProtocol'], () => unknown>> = {
  'http/protobuf': () => require('@opentelemetry/exporter-metrics-otlp-proto') as unknown,
  'http/json': () => require('@opentelemetry/exporter-metrics-otlp-http') as unknown,
  grpc: () => require('@opentelemetry/exporter-metrics-otlp-grpc') as unknown,
};

export function buildProvider(options: ProviderOptions): BuiltProvider {
  const pullReader = options.exporters.includes('prometheus') ? new PullReader() : undefined;
  const exportTap = new ExportTap();
  const readers = [
    ...options.readers,
    ...(pullReader === undefined ? [] : [pullReader]),
    ...pushReaders(options),
  ].map((reader) => exportTap.tapReader(reader));
  const given = { resource: resourceOf(options), readers, views: [...options.views] };
  const provider =
    options.kind === 'cells' ? new CellMeterProvider(given) : new (loadSdk().MeterProvider)(given);
  return { provider, pullReader, exportTap };
}

function resourceOf({ resourceAttributes }: ProviderOptions) {
  const { defaultResource, resourceFromAttributes } =
    require('@opentelemetry/resources') as typeof import('@opentelemetry/resources');
  const distribution = { 'telemetry.distro.name': SCOPE_NAME, 'telemetry.distro.version': VERSION };
  return defaultResource().merge(resourceFromAttributes({ ...distribution, ...resourceAttributes }));
}

function pushReaders(options: ProviderOptions): IMetricReader[] {
  const pushed = (['otlp', 'console'] as const).filter((name) => options.exporters.includes(name));
  if (pushed.length === 0) return [];
  const sdk = loadSdk();
  return pushed.map((name) => {
    const exporter = name === 'otlp' ? otlpExporter(sdk, options) : new sdk.ConsoleMetricExporter();
    return new sdk.PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: options.exportIntervalMs,
      // The SDK refuses a timeout that is longer than the interval.
      exportTimeoutMillis: Math.min(options.exportTimeoutMs, options.exportIntervalMs),
    });
  });
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
