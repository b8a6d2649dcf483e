import { createRequire } from 'node:module';
import { diag, DiagConsoleLogger, DiagLogLevel, type MeterProvider } from '@opentelemetry/api';
import type {
  IMetricReader,
  MeterProvider as SdkMeterProvider,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import type { Duration } from '../duration.js';
import { CellMeterProvider } from '../telemetry/provider/cell-meter-provider.js';
import { ExportTap } from '../telemetry/readings/export-tap.js';
import { openOtlpExporter, otlpComponent, type OtlpOptions } from './otlp/otlp-exporter.js';
import { PullReader } from '../telemetry/provider/pull-reader.js';
import { PushReader } from './push/push-reader.js';
import { makeResource } from './resource.js';

/** Ours, or the one of the OpenTelemetry SDK. */
export type ProviderKind = 'cells' | 'sdk';

export interface ProviderOptions {
  readonly kind: ProviderKind;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly exporters: readonly string[];
  readonly otlp: OtlpOptions;
  readonly exportIntervalMs: number;
  /** How long a push may take; never longer than the interval. */
  readonly exportTimeoutMs: number;
  readonly readers: readonly IMetricReader[];
  readonly views: readonly ViewOptions[];
  /** Ours only. */
  readonly seriesIdleTimeout?: Duration | undefined;
  /** Ours only. */
  readonly exemplars?: boolean | undefined;
}

/** A provider, the readers that were made for it, and a tap on all of its readers. */
export interface BuiltProvider {
  readonly provider: CellMeterProvider | SdkMeterProvider;
  /** What /metrics is pulled from, if it is. */
  readonly pullReader: PullReader | undefined;
  readonly pushReaders: readonly PushReader[];
  readonly exportTap: ExportTap;
}

// The SDK costs some 100 ms to load: only who pushes to the console or asks for its provider pays, and at once, because
// what other libraries create before a provider is registered stays without effect.
const require = createRequire(import.meta.url);

const loadSdk = () => require('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics');

/** @throws {InvalidUseError} when an exporter that is asked for is not installed. */
export function buildProvider(options: ProviderOptions): BuiltProvider {
  const { kind, exporters, seriesIdleTimeout, exemplars } = options;
  const pullReader = exporters.includes('prometheus') ? new PullReader() : undefined;
  const pushReaders = makePushReaders(options);
  const exportTap = new ExportTap();
  const readers = [...options.readers, ...(pullReader === undefined ? [] : [pullReader]), ...pushReaders].map(
    (reader) => exportTap.tapReader(reader),
  );
  const given = {
    resource: makeResource(kind, options.resourceAttributes),
    readers,
    views: [...options.views],
  };
  const provider =
    kind === 'cells'
      ? new CellMeterProvider({
          ...given,
          ...(seriesIdleTimeout !== undefined && { seriesIdleTimeout }),
          ...(exemplars !== undefined && { exemplars }),
        })
      : new (loadSdk().MeterProvider)(given);
  return { provider, pullReader, pushReaders, exportTap };
}

function makePushReaders(options: ProviderOptions): PushReader[] {
  const { exporters, otlp, exportIntervalMs: intervalMs, exportTimeoutMs: timeoutMs } = options;
  const readers: PushReader[] = [];
  if (exporters.includes('otlp')) {
    const component = otlpComponent(otlp.protocol);
    // What answers later than the push may take would be held in memory for nobody.
    const longestMs = Math.min(otlp.timeoutMs, timeoutMs, intervalMs);
    const exporter = openOtlpExporter({ ...otlp, timeoutMs: longestMs });
    const target = `the collector (OTLP, ${otlp.protocol})`;
    readers.push(new PushReader({ exporter, component, target, intervalMs, timeoutMs }));
  }
  if (exporters.includes('console')) {
    const exporter = new (loadSdk().ConsoleMetricExporter)();
    const component = 'console_metric_exporter';
    readers.push(new PushReader({ exporter, component, target: 'the console', intervalMs, timeoutMs }));
  }
  return readers;
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

/** Ends a provider, which flushes its readers; one that does not answer is given up on after the timeout. */
export async function shutdownProvider(provider: MeterProvider, timeoutMillis: number): Promise<void> {
  await (provider as Partial<SdkMeterProvider>).shutdown?.call(provider, { timeoutMillis });
}
