import type { Clock } from '../../clock.js';
import type { SeriesWalk } from '../../telemetry/provider/walk-series.js';
import { LabelTexts } from './label-texts.js';
import { LabelStyle, valueText, type ExtraLabels } from './labels.js';
import type { Namer } from './names.js';
import type { NegotiatedFormat } from './negotiation.js';
import { keepCompiled, writePage } from './page.js';
import { paced, type Piece } from './pacing.js';
import { Scrape, type ScrapeOptions } from './scrape.js';
import type { ScrapeMetrics } from './scrape-metrics.js';

export interface PagesOptions {
  readonly namer: Namer;
  readonly hasScopeLabels: boolean;
  /** Resource attributes that every series has as a label. */
  readonly resourceLabels: readonly string[];
  readonly clock: Clock;
  readonly metrics: ScrapeMetrics;
}

/** Writes the pages of one endpoint, and keeps what pages have in common. */
export class Pages {
  readonly #options: PagesOptions;
  readonly #texts = new Map<string, { style: LabelStyle; texts: LabelTexts }>();

  constructor(options: PagesOptions) {
    this.#options = options;
    keepCompiled(this);
  }

  scrape(options: Omit<ScrapeOptions, 'clock' | 'metrics'>): Scrape {
    const { clock, metrics } = this.#options;
    return new Scrape({ ...options, clock, metrics });
  }

  /** The page of what was collected, written while it is read. */
  write(walk: SeriesWalk, { format, escaping }: NegotiatedFormat): AsyncIterable<Piece> {
    const { namer, hasScopeLabels, resourceLabels, clock } = this.#options;
    const { attributes } = walk.resource;
    const constantLabels: ExtraLabels = Object.fromEntries(
      resourceLabels
        .filter((name) => attributes[name] !== undefined)
        .map((name) => [name, valueText(attributes[name])]),
    );
    const rendered = this.#textsOf(new LabelStyle(namer, escaping));
    const pieces = writePage(walk, format, { namer, escaping, ...rendered, hasScopeLabels, constantLabels });
    return paced(pieces, clock);
  }

  /** What was rendered for a way of writing labels; nearly always all formats write them alike. */
  #textsOf(style: LabelStyle): { style: LabelStyle; texts: LabelTexts } {
    let kept = this.#texts.get(style.text);
    if (kept === undefined) this.#texts.set(style.text, (kept = { style, texts: new LabelTexts(style) }));
    return kept;
  }
}
