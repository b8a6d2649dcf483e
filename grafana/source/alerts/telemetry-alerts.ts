import {
  optimizerDecisions,
  pushDuration,
  scrapeDuration,
  telemetryRejected,
} from '../../../src/telemetry/catalogue.js';
import { q, type AlertText } from './alert.js';

/** What is not told any more, and what the optimizer cannot improve. */
export const telemetryAlerts: readonly AlertText[] = [
  {
    name: 'SeriesOverflow',
    expr: `count by (job, instance, __name__) ({otel_metric_overflow="true"}) > 0`,
    for: '5m',
    severity: 'warning',
    summary: 'A metric of {{ $labels.job }} has too many series',
    description:
      'An attribute of it has too many values: further ones are counted together. The log names the attribute.',
    dashboard: 'gzp-overview',
  },
  {
    name: 'MeasurementsRejected',
    expr: `${q.rateBy(telemetryRejected, ['job', 'perf.telemetry.reason'])} > 0`,
    for: '15m',
    severity: 'info',
    summary: '{{ $labels.job }} measures what cannot be recorded',
    description:
      '{{ $value | printf "%.2g" }} measurements a second are lost: {{ $labels.perf_telemetry_reason }}.',
    dashboard: 'gzp-overview',
  },
  {
    name: 'ScrapesFail',
    expr: `sum by (job, instance) (${q.rate(scrapeDuration, { 'perf.scrape.result': '!=ok' }, 'count')}) > 0`,
    for: '10m',
    severity: 'warning',
    summary: 'Scrapes of {{ $labels.instance }} fail',
    description: '{{ $value | printf "%.2g" }} scrapes a second were aborted, took too long or failed.',
    dashboard: 'gzp-overview',
  },
  {
    name: 'ExportsFail',
    expr: `sum by (job, instance, otel_component_type, error_type) (${q.rate(pushDuration, { 'error.type': '!=' }, 'count')}) > 0`,
    for: '10m',
    severity: 'warning',
    summary: 'Pushes of metrics by {{ $labels.instance }} fail',
    description:
      '{{ $value | printf "%.2g" }} pushes a second of {{ $labels.otel_component_type }} failed: {{ $labels.error_type }}.',
    dashboard: 'gzp-overview',
  },
  {
    name: 'OptimizerRollsBack',
    expr: `sum by (job, perf_optimizer_action, perf_optimizer_target) (${q.growth(optimizerDecisions, { 'perf.optimizer.outcome': 'rolled_back' }, '1h')}) > 3`,
    for: '0s',
    severity: 'info',
    summary: 'The optimizer takes back what it does to {{ $labels.perf_optimizer_target }}',
    description:
      'It undid {{ $value | humanize }} changes of {{ $labels.perf_optimizer_action }} in an hour.',
    dashboard: 'gzp-optimizer',
  },
];
