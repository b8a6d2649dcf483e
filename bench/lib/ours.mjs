import { existsSync } from 'node:fs';
import { fromRoot } from './from-root.mjs';

const BUILT = new URL('../../dist/index.js', import.meta.url);

/**
 * A provider as an application has it: the stock SDK with one Prometheus reader. No server: `collect()` of the reader
 * is what a scrape would do.
 */
export function stockProvider(suite) {
  const { MeterProvider } = fromRoot('@opentelemetry/sdk-metrics');
  const { PrometheusExporter } = fromRoot('@opentelemetry/exporter-prometheus');
  const reader = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [reader] });
  suite.onClose(() => meterProvider.shutdown());
  return { meterProvider, reader };
}

/** The same over the provider of this package. */
export async function cellProvider(suite) {
  const { CellMeterProvider } = await import(BUILT.href);
  const { PrometheusExporter } = fromRoot('@opentelemetry/exporter-prometheus');
  const reader = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new CellMeterProvider({ readers: [reader] });
  suite.onClose(() => meterProvider.shutdown());
  return { meterProvider, reader };
}

/**
 * The package as an application runs it, metrics on, over a provider of cells as it makes itself. Started with the first
 * case that asks, once.
 */
export function oursFor(suite) {
  let started;
  return () => (started ??= start(suite));
}

async function start(suite) {
  if (!existsSync(BUILT)) throw new Error('dist/index.js is missing, build the package first');
  const ours = await import(BUILT.href);
  const { meterProvider, reader } = await cellProvider(suite);
  // The optimizer may look and advise in an application; here it must not clear a cache that is being measured.
  const performance = ours.startPerformance({ meterProvider, optimizer: { auto: false } });
  suite.onClose(() => performance.shutdown());
  await performance.ready;
  return { ...ours, ...performance, reader };
}
