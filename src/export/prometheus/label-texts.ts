import type { WalkedMetric } from '../../telemetry/provider/walk-series.js';
import { LabelShape } from './label-shape.js';
import type { LabelStyle } from './labels.js';
import { LineBlocks, LineRoom } from './line-blocks.js';
import type { Sample } from './line-head.js';

/** Longer texts are made anew for each scrape. */
const LONGEST_KEPT = 4096;
/** Of all texts and lines together, in bytes: some 200,000 series. */
const KEPT_IN_ALL = 24 * 2 ** 20;

/** The labels of one metric's series: looked at for every series before the first is written, made when it is. */
export interface MetricLabels {
  readonly shape: LabelShape;
  /** Looks at series that are new since last time, up to `limit` positions. Returns where to go on, or the end. */
  look(from: number, limit: number): number;
  text(position: number): string;
  /** Whole lines, of a metric whose series are one number each. Absent where nothing lasts. */
  lines?(sample: Sample): LineBlocks;
}

/** Labels and lines of metrics that last, rendered once and kept for later scrapes as long as there is room. */
export class LabelTexts {
  readonly #style: LabelStyle;
  readonly #kept = new WeakMap<WalkedMetric, KeptLabels>();
  readonly #room = new LineRoom(KEPT_IN_ALL);

  constructor(style: LabelStyle) {
    this.#style = style;
  }

  of(metric: WalkedMetric, isHistogram: boolean): MetricLabels {
    if (metric.edition === undefined) return new PassingLabels(metric, this.#style, isHistogram);
    let kept = this.#kept.get(metric);
    if (kept === undefined) {
      kept = new KeptLabels(metric, this.#style, isHistogram, this.#room);
      this.#kept.set(metric, kept);
    }
    return kept;
  }
}

class PassingLabels implements MetricLabels {
  readonly shape: LabelShape;
  readonly #metric: WalkedMetric;
  readonly #style: LabelStyle;
  readonly #isHistogram: boolean;

  constructor(metric: WalkedMetric, style: LabelStyle, isHistogram: boolean) {
    this.#metric = metric;
    this.#style = style;
    this.#isHistogram = isHistogram;
    this.shape = new LabelShape(style, isHistogram);
  }

  look(from: number, limit: number): number {
    const end = Math.min(from + limit, this.#metric.size);
    for (let i = from; i < end; i++) {
      const attributes = this.#metric.attributes(i);
      if (attributes !== undefined) this.shape.add(attributes);
    }
    return end;
  }

  text(position: number): string {
    return this.#style.textOf(this.#metric.attributes(position) ?? {}, this.#isHistogram);
  }
}

class KeptLabels implements MetricLabels {
  shape: LabelShape;
  readonly #metric: WalkedMetric;
  readonly #style: LabelStyle;
  readonly #isHistogram: boolean;
  readonly #room: LineRoom;
  #edition: number | undefined;
  /** How many positions were looked at. */
  #looked = 0;
  #texts: (string | undefined)[] = [];
  #lines: LineBlocks | undefined;

  constructor(metric: WalkedMetric, style: LabelStyle, isHistogram: boolean, room: LineRoom) {
    this.#metric = metric;
    this.#style = style;
    this.#isHistogram = isHistogram;
    this.#room = room;
    this.#edition = metric.edition;
    this.shape = new LabelShape(style, isHistogram);
  }

  look(from: number, limit: number): number {
    if (this.#metric.edition !== this.#edition) this.#forget();
    const end = Math.min(from + limit, this.#metric.size);
    for (; this.#looked < end; this.#looked++) {
      const attributes = this.#metric.attributes(this.#looked);
      if (attributes !== undefined) this.shape.add(attributes);
    }
    return end;
  }

  text(position: number): string {
    const isCurrent = this.#metric.edition === this.#edition;
    const kept = this.#texts[position];
    if (kept !== undefined && isCurrent) return kept;
    const text = flat(this.#style.textOf(this.#metric.attributes(position) ?? {}, this.#isHistogram));
    if (isCurrent && text.length <= LONGEST_KEPT && text.length <= this.#room.left) {
      this.#room.left -= text.length;
      this.#texts[position] = text;
    }
    return text;
  }

  lines(sample: Sample): LineBlocks {
    if (this.#lines?.isFor(sample) !== true) {
      this.#lines?.drop();
      this.#lines = new LineBlocks(this.#metric, this.#style, this.#room, sample);
    }
    return this.#lines;
  }

  #forget(): void {
    this.#lines?.drop();
    this.#lines = undefined;
    for (const text of this.#texts) this.#room.left += text?.length ?? 0;
    this.#texts = [];
    this.#looked = 0;
    this.#edition = this.#metric.edition;
    this.shape = new LabelShape(this.#style, this.#isHistogram);
  }
}

/** V8 keeps a text as the pieces it was joined from, which take four times the memory. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
