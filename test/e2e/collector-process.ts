import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './packed.js';
import { freePort, START_TIMEOUT, startProcess, type RunningProcess } from './processes.js';
import { waitFor } from './wait-for.js';

const built: { readonly collectorPath: () => string } = createRequire(import.meta.url)(
  '../../scripts/collector.mjs',
);

/** Where `npm run collector` puts the collector. */
export const { collectorPath } = built;

/** Paths of our configurations, as the arguments of the collector. */
export function configured(...files: readonly string[]): string[] {
  return files.flatMap((file) => ['--config', join(root, 'collector-config', file)]);
}

export interface RunningCollector extends RunningProcess {
  /** Where OTLP over HTTP is taken. */
  readonly otlpUrl: string;
  /** Where OTLP over gRPC is taken. */
  readonly grpcUrl: string;
  /** What it serves of the applications. */
  readonly metricsUrl: string;
  /** What it serves of itself. */
  readonly ownMetricsUrl: string;
}

/** A real collector with our configurations on free ports. */
export async function startCollector({
  files = ['collector.yaml'],
  env = {},
}: {
  readonly files?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
} = {}): Promise<RunningCollector> {
  const [grpc, http, prometheus, health, own] = await Promise.all([1, 2, 3, 4, 5].map(freePort));
  const at = (port: number | undefined) => `127.0.0.1:${port}`;
  const collector = await startProcess(collectorPath(), configured(...files), {
    env: {
      OTELCOL_GRPC_ENDPOINT: at(grpc),
      OTELCOL_HTTP_ENDPOINT: at(http),
      OTELCOL_PROMETHEUS_ENDPOINT: at(prometheus),
      OTELCOL_HEALTH_ENDPOINT: at(health),
      OTELCOL_TELEMETRY_PORT: String(own),
      ...env,
    },
    ready: (_, signal) =>
      waitFor(async () => (await fetch(`http://${at(health)}/`)).ok, {
        what: 'health of the collector',
        timeout: START_TIMEOUT,
        signal,
      }),
  });
  return {
    ...collector,
    otlpUrl: `http://${at(http)}`,
    grpcUrl: `http://${at(grpc)}`,
    metricsUrl: `http://${at(prometheus)}/metrics`,
    ownMetricsUrl: `http://${at(own)}/metrics`,
  };
}
