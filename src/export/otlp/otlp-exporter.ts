import { createRequire } from 'node:module';
import type { AggregationOption, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { InvalidUseError } from '../../errors.js';
import { loadInstalled } from '../../installed-package.js';
import {
  AGGREGATE_BY_DEFAULT,
  AGGREGATE_EXPONENTIAL_BUCKETS,
} from '../../telemetry/provider/sdk-constants.js';
import type { PushComponent } from '../push/push-reader.js';

export interface OtlpOptions {
  readonly protocol: OtlpProtocol;
  /** Pushes histograms with exponential buckets instead of fixed ones. */
  readonly hasExponentialHistograms: boolean;
  /** How long the collector may take to answer, attempts repeated within this time included. */
  readonly timeoutMs: number;
}

export type OtlpProtocol = 'http/protobuf' | 'http/json' | 'grpc';

interface Way {
  readonly component: PushComponent;
  readonly load: () => unknown;
}

const require = createRequire(import.meta.url);

/** Loaded when they are used. One line each, so that a bundler can see what is loaded, where it is always installed. */
const WAYS: Readonly<Record<OtlpProtocol, Way>> = {
  'http/protobuf': {
    component: 'otlp_http_metric_exporter',
    load: () => require('@opentelemetry/exporter-metrics-otlp-proto') as unknown,
  },
  'http/json': {
    component: 'otlp_http_json_metric_exporter',
    load: () => require('@opentelemetry/exporter-metrics-otlp-http') as unknown,
  },
  grpc: {
    component: 'otlp_grpc_metric_exporter',
    // An optional peer.
    load: () => loadInstalled('@opentelemetry/exporter-metrics-otlp-grpc'),
  },
};

export function otlpComponent(protocol: OtlpProtocol): PushComponent {
  return WAYS[protocol].component;
}

/**
 * The exporter of OpenTelemetry for a protocol. It reads endpoint, headers, compression, certificates and temporality from
 * `OTEL_EXPORTER_OTLP_*` itself.
 *
 * @throws {InvalidUseError} naming the package to install where it is not.
 */
export function openOtlpExporter(options: OtlpOptions): PushMetricExporter {
  const { protocol, hasExponentialHistograms, timeoutMs } = options;
  try {
    const { OTLPMetricExporter } = WAYS[protocol].load() as {
      OTLPMetricExporter: new (config: object) => PushMetricExporter;
    };
    // The exporters know the variable for this by no line of the SDK.
    const aggregationPreference = (instrument: string): AggregationOption =>
      hasExponentialHistograms && instrument === 'HISTOGRAM'
        ? { type: AGGREGATE_EXPONENTIAL_BUCKETS }
        : { type: AGGREGATE_BY_DEFAULT };
    return new OTLPMetricExporter({ aggregationPreference, timeoutMillis: timeoutMs });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    const name = /'(@opentelemetry\/[^']+)'/.exec(String(cause))?.[1] ?? 'its exporter';
    throw new InvalidUseError(`OTLP over ${protocol} needs ${name}: install it beside this package`, {
      cause,
    });
  }
}
