import type { Attributes } from '@opentelemetry/api';
import { escapeName, isPlainLabelName, type EscapingScheme } from './escaping.js';
import type { Namer } from './names.js';

/** A label that every series of a metric has: its scope, or what is constant for the process. */
export type ExtraLabels = Readonly<Record<string, string>>;

export type LabelPair = readonly [name: string, value: string];

/** What stands before the value of a label that is the first, and of one that is not: one-byte texts. */
interface Opening {
  readonly first: string;
  readonly next: string;
}

/** How attributes become labels for one way of scraping. */
export class LabelStyle {
  readonly #namer: Namer;
  readonly #escaping: EscapingScheme;
  /** Programs use few names, again and again; each is looked at once. */
  readonly #names = new Map<string, string>();
  readonly #openings = new Map<string, Opening>();

  constructor(namer: Namer, escaping: EscapingScheme) {
    this.#namer = namer;
    this.#escaping = escaping;
  }

  /** Styles of the same text write the same labels. */
  get text(): string {
    return this.#namer.isUtf8 ? this.#escaping : '';
  }

  /** `le` belongs to the buckets of histograms, so an attribute of this name moves away. */
  name(attribute: string, isHistogram: boolean): string {
    let name = this.#names.get(attribute);
    if (name === undefined) {
      name = escapeName(this.#namer.label(attribute), isPlainLabelName, this.#escaping);
      if (this.#names.size < MAX_NAMES) this.#names.set(attribute, name);
    }
    return isHistogram && name === 'le' ? 'exported_le' : name;
  }

  /** What stands before the value of an attribute where `le` is a label as others are. */
  opening(attribute: string): Opening {
    let opening = this.#openings.get(attribute);
    if (opening === undefined) {
      const first = oneByteText(`${quotedName(this.name(attribute, false))}="`);
      opening = { first, next: `",${first}` };
      if (this.#openings.size < MAX_NAMES) this.#openings.set(attribute, opening);
    }
    return opening;
  }

  /** `a="1",b="2"`, as one-byte text that holds UTF-8. Of attributes known to have no two names for one label. */
  textOf(attributes: Attributes, isHistogram: boolean): string {
    let text = '';
    for (const attribute in attributes) {
      const value = attributes[attribute];
      if (value === undefined || value === null) continue;
      const name = this.name(attribute, isHistogram);
      text += `${text === '' ? '' : ','}${quotedName(name)}="${escapeValue(valueText(value))}"`;
    }
    return oneByteText(text);
  }

  textOfPairs(pairs: readonly LabelPair[]): string {
    return oneByteText(pairs.map(([name, value]) => `${quotedName(name)}="${escapeValue(value)}"`).join(','));
  }

  /** Any attributes: values whose names become one label are joined by `;`, in the order of the attributes' names. */
  pairsOf(attributes: Attributes, isHistogram: boolean): LabelPair[] {
    const joined = new Map<string, string[]>();
    for (const attribute of Object.keys(attributes).toSorted()) {
      const value = attributes[attribute];
      // To Prometheus an empty label is the same as none.
      if (value === undefined || value === null || value === '') continue;
      const name = this.name(attribute, isHistogram);
      const values = joined.get(name);
      if (values === undefined) joined.set(name, [valueText(value)]);
      else values.push(valueText(value));
    }
    return [...joined].map(([name, values]) => [name, values.join(';')] as const);
  }
}

const MAX_NAMES = 10_000;

/** Lists as JSON. What cannot be read, such as a list that holds itself, must not end the whole page. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    return 'unreadable';
  }
}

export function escapeValue(text: string): string {
  return /[\\"\n]/.test(text)
    ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : text;
}

/** Names that need UTF-8 are quoted. */
export function quotedName(name: string): string {
  return isPlainLabelName(name) ? name : `"${escapeValue(name)}"`;
}

/**
 * The UTF-8 bytes of a text, one to each character: such texts are joined and written to the socket without being
 * encoded again. Half a surrogate pair becomes U+FFFD.
 */
export function oneByteText(text: string): string {
  return /[\u0080-\uffff]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}
