import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { PointExemplar } from '../../telemetry/provider/walk-series.js';
import { isPlainMetricName } from './escaping.js';
import { exemplarPairs, exemplarsByBucket, exemplarSeconds } from './exemplars.js';
import { openMetricsName } from './families.js';
import type { Family, FamilyPart } from './family.js';
import { isClassic, toClassicHistogram, type ExponentialPoint, type HistogramPoint } from './histogram.js';
import { escapeValue, oneByteText, type LabelStyle } from './labels.js';
import { BLOCK_SIZE, type LineBlocks } from './line-blocks.js';
import { LineBytes } from './line-bytes.js';
import type { Sample } from './line-head.js';
import { floatText, numberText } from './numbers.js';

type Resource = ResourceMetrics['resource'];

/** From this length on, what was written goes out. */
const CHUNK_LENGTH = 64 * 1024;
/** With what was begun when nearly as much was there. Longer lines make it longer. */
const MOST_WAITING = CHUNK_LENGTH + 12 * 1024;

/**
 * Writes the two text formats of Prometheus, piece by piece: 0.0.4, which its version 1.0.0 only adds quoted names to, and
 * OpenMetrics 1.0. Texts are one-byte: UTF-8, one character to each byte. Bytes are written over when the next
 * piece but one is asked for.
 *
 * Start times are not written: as `_created` they would be one more series for each.
 */
export class TextWriter {
  readonly #isOpenMetrics: boolean;
  readonly #style: LabelStyle;
  readonly #boundTexts = new WeakMap<readonly number[], readonly string[]>();
  /** What is written now, and what was sent last. */
  #page = new LineBytes(MOST_WAITING);
  #sent = new LineBytes(MOST_WAITING);

  constructor(isOpenMetrics: boolean, style: LabelStyle) {
    this.#isOpenMetrics = isOpenMetrics;
    this.#style = style;
  }

  *family(family: Family): Generator<Buffer> {
    const { name, type, parts } = family;
    let isOpen = false;
    for (const part of parts) {
      if (!isOpen) {
        if (!hasValue(part)) continue;
        this.#open(family);
        isOpen = true;
      }
      if (type === 'histogram') yield* this.#histograms(name, part);
      else yield* this.#numbers(name, type === 'counter', part);
    }
  }

  /** What the whole page ends in. */
  end({ attributes }: Resource): Buffer {
    const pairs = this.#style.pairsOf(attributes, false);
    if (pairs.length > 0) {
      const [name, type] = this.#isOpenMetrics ? ['target', 'info'] : ['target_info', 'gauge'];
      this.#page.text(`# HELP ${name} Target metadata\n# TYPE ${name} ${type}\n`);
      this.#page.text(`target_info{${this.#style.textOfPairs(pairs)}} 1\n`);
    }
    if (this.#isOpenMetrics) this.#page.text('# EOF\n');
    return this.#flush();
  }

  #open({ name, type, help, unit }: Family): void {
    const isUnknown = this.#isOpenMetrics && type === 'counter' && !name.endsWith('_total');
    const shown = headName(this.#isOpenMetrics ? openMetricsName(name, type) : name);
    if (help !== '') this.#page.text(oneByteText(`# HELP ${shown} ${this.#helpText(help)}\n`));
    // OpenMetrics wants counters to end in _total; without it they are of unknown type.
    this.#page.text(oneByteText(`# TYPE ${shown} ${isUnknown ? 'unknown' : type}\n`));
    if (this.#isOpenMetrics && unit !== undefined) this.#page.text(oneByteText(`# UNIT ${shown} ${unit}\n`));
  }

  *#numbers(name: string, isCounter: boolean, part: FamilyPart): Generator<Buffer> {
    const sample = sampleOf(name, part.extraText);
    const hasExemplars = this.#isOpenMetrics && isCounter && name.endsWith('_total');
    const exemplarText = hasExemplars
      ? (position: number) => this.#exemplarText(part.exemplars(position).at(-1))
      : undefined;
    const numbers: Numbers = { part, sample, lines: part.lines?.(sample), exemplarText };
    let position = 0;
    while (position < part.size) {
      position = this.#someNumbers(numbers, position);
      if (this.#page.length >= CHUNK_LENGTH) yield this.#flush();
    }
  }

  /** Goes on until there is enough to send. Not in the generator, which V8 would take many scrapes to make fast. */
  #someNumbers(numbers: Numbers, from: number): number {
    const { lines, exemplarText, part } = numbers;
    let position = from;
    while (position < part.size && this.#page.length < CHUNK_LENGTH) {
      const end = Math.min(position + BLOCK_SIZE, part.size);
      const length = lines === undefined ? -1 : lines.prepare(position, end, exemplarText);
      if (length < 0) this.#writeNumbers(numbers, position, end);
      else lines!.addTo(this.#page);
      position = end;
    }
    return position;
  }

  #writeNumbers({ part, sample, exemplarText }: Numbers, from: number, end: number): void {
    const page = this.#page;
    for (let i = from; i < end; i++) {
      const value = part.value(i);
      if (value === undefined) continue;
      part.writeHead(page, sample, i);
      page.number(value as number);
      if (exemplarText !== undefined) page.text(exemplarText(i));
      page.text('\n');
    }
  }

  *#histograms(name: string, part: FamilyPart): Generator<Buffer> {
    const { extraText } = part;
    const bucket = sampleOf(`${name}_bucket`, extraText);
    const samples: HistogramSamples = {
      bucket,
      sum: sampleOf(`${name}_sum`, extraText),
      count: sampleOf(`${name}_count`, extraText),
      within: `${extraText === '' ? '' : `,${extraText}`},le="`,
      alone: `${bucket.open}${extraText === '' ? '' : `${extraText},`}le="`,
    };
    let position = 0;
    while (position < part.size) {
      position = this.#someHistograms(samples, part, position);
      if (this.#page.length >= CHUNK_LENGTH) yield this.#flush();
    }
  }

  #someHistograms(samples: HistogramSamples, part: FamilyPart, from: number): number {
    const { bucket, sum, count, within, alone } = samples;
    const size = part.size;
    const page = this.#page;
    let i = from;
    for (; i < size && page.length < CHUNK_LENGTH; i++) {
      const value = part.value(i) as HistogramPoint | ExponentialPoint | undefined;
      if (value === undefined) continue;
      const point = isClassic(value) ? value : toClassicHistogram(value);
      const labels = part.labelText(i);
      const first = page.length;
      page.text(labels === '' ? alone : bucket.open);
      page.text(labels);
      if (labels !== '') page.text(within);
      const exemplars = this.#isOpenMetrics ? part.exemplars(i) : NONE;
      const { boundaries, counts } = point.buckets;
      const texts = this.#boundTextsOf(boundaries);
      if (exemplars.length === 0) page.cumulative(first, texts, counts, point.count);
      else this.#bucketsWithExemplars(first, point, exemplars);
      const written = first + bucket.open.length;
      if (point.sum !== undefined) this.#line(sum, written, labels.length, point.sum);
      this.#line(count, written, labels.length, point.count);
    }
    return i;
  }

  #bucketsWithExemplars(first: number, point: HistogramPoint, exemplars: readonly PointExemplar[]): void {
    const page = this.#page;
    const same = page.length - first;
    const { boundaries, counts } = point.buckets;
    const byBucket = exemplarsByBucket(exemplars, boundaries);
    let cumulative = 0;
    for (const [i, text] of this.#boundTextsOf(boundaries).entries()) {
      if (i > 0) page.again(first, same);
      cumulative += counts[i]!;
      page.text(`${text}${cumulative}${this.#exemplarText(byBucket.get(i))}\n`);
    }
  }

  /** With labels that were written before; of no length where there are none. */
  #line({ open, bare, close }: Sample, labels: number, length: number, number: number): void {
    const page = this.#page;
    page.text(length === 0 ? bare : open);
    page.again(labels, length);
    if (length > 0) page.text(close);
    page.number(number);
    page.text('\n');
  }

  /** What follows `le="`. Metrics share the array of their bounds over all series. */
  #boundTextsOf(boundaries: readonly number[]): readonly string[] {
    let texts = this.#boundTexts.get(boundaries);
    if (texts === undefined) {
      const boundText = this.#isOpenMetrics ? floatText : numberText;
      texts = [...boundaries, Infinity].map((bound) => `${boundText(bound)}"} `);
      this.#boundTexts.set(boundaries, texts);
    }
    return texts;
  }

  #exemplarText(exemplar: PointExemplar | undefined): string {
    if (exemplar === undefined) return '';
    const labels = this.#style.textOfPairs(exemplarPairs(exemplar));
    const seconds = exemplarSeconds(exemplar);
    const time = seconds === undefined ? '' : ` ${seconds.toFixed(3)}`;
    return ` # {${labels}} ${numberText(exemplar.value)}${time}`;
  }

  #helpText(help: string): string {
    const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    return this.#isOpenMetrics ? text.replaceAll('"', '\\"') : text;
  }

  #flush(): Buffer {
    [this.#page, this.#sent] = [this.#sent, this.#page];
    this.#page.clear();
    return this.#sent.view;
  }
}

/** The lines of a part with one number each. */
interface Numbers {
  readonly part: FamilyPart;
  readonly sample: Sample;
  readonly lines: LineBlocks | undefined;
  readonly exemplarText: ((position: number) => string) | undefined;
}

interface HistogramSamples {
  readonly bucket: Sample;
  readonly sum: Sample;
  readonly count: Sample;
  /** What stands before a bound, after other labels and without. */
  readonly within: string;
  readonly alone: string;
}

function sampleOf(name: string, extraText: string): Sample {
  const extra = extraText === '' ? '' : `,${extraText}`;
  if (isPlainMetricName(name)) {
    return {
      open: `${name}{`,
      bare: extra === '' ? `${name} ` : `${name}{${extraText}} `,
      close: `${extra}} `,
    };
  }
  // A name that needs UTF-8 is the first of the labels.
  const quoted = oneByteText(`{"${escapeValue(name)}"`);
  return { open: `${quoted},`, bare: `${quoted}${extra}} `, close: `${extra}} ` };
}

function headName(name: string): string {
  return isPlainMetricName(name) ? name : `"${escapeValue(name)}"`;
}

function hasValue(part: FamilyPart): boolean {
  for (let i = 0; i < part.size; i++) if (part.value(i) !== undefined) return true;
  return false;
}

const NONE: readonly PointExemplar[] = [];
