import type { MeterProvider } from '@opentelemetry/api';
import {
  scrapeDuration,
  scrapeSize,
  type SCRAPE_FORMATS,
  type SCRAPE_RESULTS,
} from '../../telemetry/catalogue.js';
import { instrumentsOf } from '../../telemetry/instruments.js';

export type ScrapeFormat = (typeof SCRAPE_FORMATS)[number];
export type ScrapeResult = (typeof SCRAPE_RESULTS)[number];

/** What scrapes cost; shows in the one after. */
export class ScrapeMetrics {
  readonly #duration;
  readonly #size;

  constructor(meterProvider: MeterProvider | undefined) {
    const instruments = instrumentsOf(meterProvider);
    this.#duration = instruments.histogram(scrapeDuration);
    this.#size = instruments.histogram(scrapeSize);
  }

  record(format: ScrapeFormat, result: ScrapeResult, seconds: number, bytes: number): void {
    this.#duration.record(seconds, { 'perf.scrape.format': format, 'perf.scrape.result': result });
    // Of a page that was not read to its end, the size says nothing.
    if (result === 'ok') this.#size.record(bytes, { 'perf.scrape.format': format });
  }
}
