import { metrics } from '@opentelemetry/api';
import { readOtlpEnvironment, type EnvironmentSettings, type OtlpSettings } from './config/environment.js';
import { isRegistered } from './export/global-provider.js';
import { buildProvider, type BuiltProvider } from './export/provider.js';
import type { PerformanceOptions, Settings } from './performance-options.js';
import { noticeOnce } from './telemetry/notice.js';

const DEFAULT_EXPORT_INTERVAL_MS = 60_000;
const DEFAULT_EXPORT_TIMEOUT_MS = 30_000;
const DEFAULT_OTLP_TIMEOUT_MS = 10_000;

/** A provider of our own, unless there is one already or nothing shall be exported. */
export function openProvider(
  options: PerformanceOptions,
  {
    environment,
    serviceName,
    exporters,
    prometheus,
    givenProvider,
    providerKind,
    seriesIdleTimeout,
  }: Settings,
): BuiltProvider | undefined {
  if (givenProvider !== undefined || environment.sdkDisabled === true) return undefined;
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
  return buildProvider({
    kind: providerKind,
    resourceAttributes: {
      ...environment.resourceAttributes,
      ...options.resourceAttributes,
      ...(serviceName !== undefined && { 'service.name': serviceName }),
    },
    exporters: wanted,
    otlp: {
      protocol: environment.otlpProtocol ?? 'http/protobuf',
      hasExponentialHistograms: otlp.histogramAggregation === 'base2_exponential_bucket_histogram',
      timeoutMs: otlp.timeout ?? DEFAULT_OTLP_TIMEOUT_MS,
    },
    exportIntervalMs: environment.metricExportInterval ?? DEFAULT_EXPORT_INTERVAL_MS,
    exportTimeoutMs: environment.metricExportTimeout ?? DEFAULT_EXPORT_TIMEOUT_MS,
    readers: options.readers ?? [],
    views: options.views ?? [],
    seriesIdleTimeout,
    exemplars: hasExemplars(environment.exemplarFilter),
  });
}

function hasExemplars(filter: EnvironmentSettings['exemplarFilter']): boolean | undefined {
  if (filter === 'always_on')
    noticeOnce(
      'exemplar filter',
      'OTEL_METRICS_EXEMPLAR_FILTER=always_on is taken as trace_based: exemplars without a trace lead nowhere',
      'info',
    );
  return filter === undefined ? undefined : filter !== 'always_off';
}
