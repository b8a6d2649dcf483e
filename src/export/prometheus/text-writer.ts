import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { PointExemplar } from '../../telemetry/provider/walk-series.js';
import { isPlainMetricName } from './escaping.js';
import { exemplarPairs, exemplarsByBucket, exemplarSeconds } from './exemplars.js';
import { openMetricsName } from './families.js';
import type { Family, FamilyPart } from './family.js';
import { isClassic, toClassicHistogram, type ExponentialPoint, type HistogramPoint } from './histogram.js';
import { escapeValue, oneByteText, type LabelStyle } from './labels.js';
import { floatText, numberText } from './numbers.js';

type Resource = ResourceMetrics['resource'];

/** From this length on, what was written goes out. */
const CHUNK_LENGTH = 64 * 1024;

/**
 * Writes the two text formats of Prometheus, piece by piece: 0.0.4, which its version 1.0.0 only adds quoted names to, and
 * OpenMetrics 1.0. Texts are one-byte: UTF-8, one character to each byte.
 *
 * Start times are not written: as `_created` they would be one more series for each.
 */
export class TextWriter {
  readonly #isOpenMetrics: boolean;
  readonly #style: LabelStyle;
  readonly #boundTexts = new WeakMap<readonly number[], readonly string[]>();
  #text = '';

  constructor(isOpenMetrics: boolean, style: LabelStyle) {
    this.#isOpenMetrics = isOpenMetrics;
    this.#style = style;
  }

  *family(family: Family): Generator<string> {
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
  end({ attributes }: Resource): string {
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

  *#numbers(name: string, isCounter: boolean, part: FamilyPart): Generator<string> {
    const sample = sampleOf(name, part.extraText);
    const hasExemplars = this.#isOpenMetrics && isCounter && name.endsWith('_total');
    let position = 0;
    while (position < part.size) {
      position = this.#someNumbers(sample, hasExemplars, part, position);
      if (this.#text.length >= CHUNK_LENGTH) yield this.#flush();
    }
  }

  /** Goes on until there is enough to send. Not in the generator, which V8 would take many scrapes to make fast. */
  #someNumbers({ open, bare, close }: Sample, hasExemplars: boolean, part: FamilyPart, from: number): number {
    const size = part.size;
    let text = this.#text;
    let i = from;
    for (; i < size && text.length < CHUNK_LENGTH; i++) {
      const value = part.value(i);
      if (value === undefined) continue;
      const labels = part.labelText(i);
      text += (labels === '' ? bare : open + labels + close) + numberText(value as number);
      text += hasExemplars ? `${this.#exemplarText(part.exemplars(i).at(-1))}\n` : '\n';
    }
    this.#text = text;
    return i;
  }

  *#histograms(name: string, part: FamilyPart): Generator<string> {
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
      if (this.#text.length >= CHUNK_LENGTH) yield this.#flush();
    }
  }

  #someHistograms(samples: HistogramSamples, part: FamilyPart, from: number): number {
    const { bucket, sum, count, within, alone } = samples;
    const size = part.size;
    let i = from;
    for (; i < size && this.#text.length < CHUNK_LENGTH; i++) {
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

  #flush(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

interface Sample {
  /** What stands before labels, without labels, and after labels. */
  readonly open: string;
  readonly bare: string;
  readonly close: string;
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
