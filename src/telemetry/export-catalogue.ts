import { define, type InstrumentDefinition } from './definition.js';

/** How metrics leave: what a scrape of /metrics or a push costs, and how it ends. */

export const SCRAPE_FORMATS = ['text', 'openmetrics', 'protobuf'] as const;
export const SCRAPE_RESULTS = ['ok', 'aborted', 'timeout', 'error'] as const;

export const scrapeDuration = define({
  name: 'perf.scrape.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long scrapes of /metrics took, from the request until the last byte was taken.',
  attributes: { 'perf.scrape.format': SCRAPE_FORMATS, 'perf.scrape.result': SCRAPE_RESULTS },
});

export const scrapeSize = define({
  name: 'perf.scrape.size',
  kind: 'histogram',
  unit: 'By',
  description: 'How much scrapes of /metrics were given to read, before compression.',
  attributes: { 'perf.scrape.format': SCRAPE_FORMATS },
});

/** As the semantic conventions name exporters; they know none for the console. */
export const PUSH_EXPORTERS = [
  'otlp_http_metric_exporter',
  'otlp_http_json_metric_exporter',
  'otlp_grpc_metric_exporter',
  'console_metric_exporter',
] as const;

/** Nobody listens, or the connection broke; no answer in time; an answer that says no; anything else. */
export const PUSH_ERRORS = ['connection', 'timeout', 'refused', 'other'] as const;

export const pushDuration = define({
  name: 'otel.sdk.exporter.operation.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long pushes of metrics took, retries included, failed ones with what they failed of.',
  attributes: { 'otel.component.type': PUSH_EXPORTERS, 'error.type': PUSH_ERRORS },
});

export const workers = define({
  name: 'perf.workers',
  kind: 'observableUpDownCounter',
  unit: '{worker}',
  description:
    'Workers whose metrics are served together, by whether they answered when they were asked last.',
  attributes: { 'perf.worker.state': ['answering', 'late'] },
});

export const workerReportAge = define({
  name: 'perf.worker.report_age',
  kind: 'observableGauge',
  unit: 's',
  description: 'Age of the oldest values that are served for a worker: grows while one does not answer.',
  attributes: {},
});

export const exportCatalogue: readonly InstrumentDefinition[] = [
  scrapeDuration,
  scrapeSize,
  pushDuration,
  workers,
  workerReportAge,
];
