import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { PointExemplar } from '../../telemetry/provider/walk-series.js';
import { isPlainMetricName } from './escaping.js';
import { exemplarPairs, exemplarsByBucket, exemplarSeconds } from './exemplars.js';
import { openMetricsName } from './families.js';
import type { Family, FamilyPart } from './family.js';
import { isClassic, toClassicHistogram, type ExponentialPoint, type HistogramPoint } from './histogram.js';
import { escapeValue, oneByteText, type LabelStyle } from './labels.js';
import { BLOCK_SIZE, type LineBlocks, type Sample } from './line-blocks.js';
import { floatText, numberText } from './numbers.js';
import type { Piece } from './pacing.js';

type Resource = ResourceMetrics['resource'];

/** From this length on, what was written goes out. */
const CHUNK_LENGTH = 64 * 1024;
/** Room for what was begun when nearly as much was there. */
const LAST_BLOCK = 12 * 1024;
const NO_BYTES = Buffer.alloc(0);

/**
 * Writes the two text formats of Prometheus, piece by piece: 0.0.4, which its version 1.0.0 only adds quoted names to, and
 * OpenMetrics 1.0. Texts are one-byte: UTF-8, one character to each byte. Bytes are written over when the next piece is
 * asked for.
 *
 * Start times are not written: as `_created` they would be one more series for each.
 */
export class TextWriter {
  readonly #isOpenMetrics: boolean;
  readonly #style: LabelStyle;
  readonly #boundTexts = new WeakMap<readonly number[], readonly string[]>();
  /** What is to be sent: bytes, and a text behind them. */
  #bytes: Buffer = NO_BYTES;
  #used = 0;
  #text = '';

  constructor(isOpenMetrics: boolean, style: LabelStyle) {
    this.#isOpenMetrics = isOpenMetrics;
    this.#style = style;
  }

  *family(family: Family): Generator<Piece> {
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
  end({ attributes }: Resource): Piece {
    const pairs = this.#style.pairsOf(attributes, false);
    if (pairs.length > 0) {
      const [name, type] = this.#isOpenMetrics ? ['target', 'info'] : ['target_info', 'gauge'];
      this.#text += `# HELP ${name} Target metadata\n# TYPE ${name} ${type}\n`;
      this.#text += `target_info{${this.#style.textOfPairs(pairs)}} 1\n`;
    }
    if (this.#isOpenMetrics) this.#text += '# EOF\n';
    return this.#flush();
  }

  #open({ name, type, help, unit }: Family): void {
    const isUnknown = this.#isOpenMetrics && type === 'counter' && !name.endsWith('_total');
    const shown = headName(this.#isOpenMetrics ? openMetricsName(name, type) : name);
    if (help !== '') this.#text += oneByteText(`# HELP ${shown} ${this.#helpText(help)}\n`);
    // OpenMetrics wants counters to end in _total; without it they are of unknown type.
    this.#text += oneByteText(`# TYPE ${shown} ${isUnknown ? 'unknown' : type}\n`);
    if (this.#isOpenMetrics && unit !== undefined) this.#text += oneByteText(`# UNIT ${shown} ${unit}\n`);
  }

  *#numbers(name: string, isCounter: boolean, part: FamilyPart): Generator<Piece> {
    const sample = sampleOf(name, part.extraText);
    const hasExemplars = this.#isOpenMetrics && isCounter && name.endsWith('_total');
    const exemplarText = (position: number) => this.#exemplarText(part.exemplars(position).at(-1));
    const numbers: Numbers = {
      part,
      sample,
      lines: part.lines?.(sample),
      exemplarText: hasExemplars ? exemplarText : undefined,
    };
    let position = 0;
    while (position < part.size) {
      position = this.#someNumbers(numbers, position);
      if (this.#length >= CHUNK_LENGTH) yield this.#flush();
    }
  }

  /** Goes on until there is enough to send. Not in the generator, which V8 would take many scrapes to make fast. */
  #someNumbers(numbers: Numbers, from: number): number {
    const { lines, exemplarText, part } = numbers;
    let position = from;
    while (position < part.size && this.#length < CHUNK_LENGTH) {
      const end = Math.min(position + BLOCK_SIZE, part.size);
      const length = lines === undefined ? -1 : lines.prepare(position, end, exemplarText);
      if (length < 0) this.#joinNumbers(numbers, position, end);
      else if (length > 0) lines!.copyTo(this.#bytesFor(length), this.#used - length);
      position = end;
    }
    return position;
  }

  #joinNumbers({ part, sample, exemplarText }: Numbers, from: number, end: number): void {
    const { open, bare, close } = sample;
    let text = this.#text;
    for (let i = from; i < end; i++) {
      const value = part.value(i);
      if (value === undefined) continue;
      const labels = part.labelText(i);
      text += (labels === '' ? bare : open + labels + close) + numberText(value as number);
      text += exemplarText === undefined ? '\n' : `${exemplarText(i)}\n`;
    }
    this.#text = text;
  }

  *#histograms(name: string, part: FamilyPart): Generator<Piece> {
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
      if (this.#length >= CHUNK_LENGTH) yield this.#flush();
    }
  }

  #someHistograms(samples: HistogramSamples, part: FamilyPart, from: number): number {
    const { bucket, sum, count, within, alone } = samples;
    const size = part.size;
    let i = from;
    for (; i < size && this.#length < CHUNK_LENGTH; i++) {
      const value = part.value(i) as HistogramPoint | ExponentialPoint | undefined;
      if (value === undefined) continue;
      const point = isClassic(value) ? value : toClassicHistogram(value);
      const labels = part.labelText(i);
      const open = labels === '' ? alone : bucket.open + labels + within;
      const exemplars = this.#isOpenMetrics ? part.exemplars(i) : NONE;
      if (exemplars.length === 0) this.#buckets(open, point);
      else this.#bucketsWithExemplars(open, point, exemplars);
      if (point.sum !== undefined) this.#line(sum, labels, numberText(point.sum));
      this.#line(count, labels, numberText(point.count));
    }
    return i;
  }

  #buckets(open: string, { buckets: { boundaries, counts }, count }: HistogramPoint): void {
    const texts = this.#boundTextsOf(boundaries);
    // A line's end goes with the start of the next one: each text less that is joined counts here.
    const next = `\n${open}`;
    let text = this.#text;
    let start = open;
    let cumulative = 0;
    for (let i = 0; i < texts.length; i++) {
      cumulative += counts[i]!;
      text += start + texts[i]! + cumulative;
      start = next;
    }
    this.#text = `${text}${start}+Inf"} ${count}\n`;
  }

  #bucketsWithExemplars(open: string, point: HistogramPoint, exemplars: readonly PointExemplar[]): void {
    const { boundaries, counts } = point.buckets;
    const byBucket = exemplarsByBucket(exemplars, boundaries);
    let cumulative = 0;
    for (const [i, text] of [...this.#boundTextsOf(boundaries), '+Inf"} '].entries()) {
      cumulative += counts[i]!;
      this.#text += `${open}${text}${cumulative}${this.#exemplarText(byBucket.get(i))}\n`;
    }
  }

  #line({ open, bare, close }: Sample, labels: string, number: string): void {
    this.#text += (labels === '' ? bare : open + labels + close) + number + '\n';
  }

  /** Metrics share the array of their bounds over all series. */
  #boundTextsOf(boundaries: readonly number[]): readonly string[] {
    let texts = this.#boundTexts.get(boundaries);
    if (texts === undefined) {
      const boundText = this.#isOpenMetrics ? floatText : numberText;
      texts = boundaries.map((bound) => `${boundText(bound)}"} `);
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

  /** How much is waiting to be sent. */
  get #length(): number {
    return this.#used + this.#text.length;
  }

  /** Where so many bytes more are written to, which are counted as used. */
  #bytesFor(length: number): Buffer {
    this.#moveText(length);
    this.#used += length;
    return this.#bytes;
  }

  /** Puts the text behind the bytes, and leaves room for more. */
  #moveText(room: number): void {
    const needed = this.#length + room;
    if (needed > this.#bytes.length) {
      const longer = Buffer.allocUnsafeSlow(Math.max(needed, CHUNK_LENGTH + LAST_BLOCK));
      this.#bytes.copy(longer, 0, 0, this.#used);
      this.#bytes = longer;
    }
    if (this.#text === '') return;
    this.#used += this.#bytes.write(this.#text, this.#used, 'latin1');
    this.#text = '';
  }

  #flush(): Piece {
    if (this.#used === 0) {
      const text = this.#text;
      this.#text = '';
      return text;
    }
    this.#moveText(0);
    const piece = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    return piece;
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
