import { define, type InstrumentDefinition } from './definition.js';

/** How /metrics does: what a scrape costs, and how it ends. */

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

export const exportCatalogue: readonly InstrumentDefinition[] = [scrapeDuration, scrapeSize];
