/** One line of a page of metrics. */
export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

export type Labels = Readonly<Record<string, string>>;

/** A page of metrics, in the text format of Prometheus or of OpenMetrics. */
export interface Exposition {
  /** By family: `counter`, `histogram` and so on. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

/** The page is not one of metrics. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';

  constructor(line: number, expected: string, got: string) {
    const shown = got.length > SHOWN_LENGTH ? `${got.slice(0, SHOWN_LENGTH)}…` : got;
    super(`line ${line} of the page is no metric: expected ${expected}, got ${JSON.stringify(shown)}`);
  }
}

const SHOWN_LENGTH = 60;
const NAME = /[A-Za-z_:][\w:]*/y;
const SPACE = /[ \t]*/y;
const VALUE = /[^ \t#]+/y;
const COMMENT = /^# (HELP|TYPE|UNIT) (\S+)(?: (.*))?$/;

/**
 * Reads a page. Comments, times and exemplars are passed over; nothing else is.
 *
 * @throws {ExpositionError} naming the line.
 */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  let start = 0;
  for (let number = 1; start < text.length; number++) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
    start = end < 0 ? text.length : end + 1;
    if (line.trim() === '') continue;
    if (line.startsWith('#')) {
      if (line === '# EOF') break;
      const [, keyword, name, rest] = COMMENT.exec(line) ?? [];
      if (keyword === 'TYPE') types.set(unquoted(name!), rest ?? 'untyped');
      continue;
    }
    samples.push(new LineReader(line, number).sample());
  }
  return { types, samples };
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1) : name;
}

class LineReader {
  readonly #line: string;
  readonly #number: number;
  #at = 0;

  constructor(line: string, number: number) {
    this.#line = line;
    this.#number = number;
  }

  sample(): Sample {
    this.#take(SPACE);
    let name = this.#take(NAME);
    // A label may be called like anything an object has.
    const labels = Object.create(null) as Record<string, string>;
    this.#take(SPACE);
    if (this.#skip('{')) {
      const quoted = this.#labels(labels, name === '');
      name = name === '' ? quoted : name;
    }
    if (name === '') throw this.#error('a name');
    this.#take(SPACE);
    const value = this.#numberIn(this.#take(VALUE));
    this.#take(SPACE);
    const rest = this.#line.slice(this.#at);
    // A time, and an exemplar.
    if (rest !== '' && !/^-?[\d.eE+-]*[ \t]*(#.*)?$/.test(rest)) throw this.#error('the end of the line');
    return { name, labels, value };
  }

  /** Fills in the labels up to the brace; returns the name of the metric where that is among them. */
  #labels(labels: Record<string, string>, mayHoldName: boolean): string {
    let metric = '';
    for (;;) {
      this.#take(SPACE);
      if (this.#skip('}')) return metric;
      const isQuoted = this.#line[this.#at] === '"';
      const name = isQuoted ? this.#text() : this.#take(NAME);
      if (name === '') throw this.#error('a label');
      this.#take(SPACE);
      if (this.#skip('=')) {
        this.#take(SPACE);
        labels[name] = this.#text();
      } else if (isQuoted && mayHoldName && metric === '') metric = name;
      else throw this.#error('=');
      this.#take(SPACE);
      if (!this.#skip(',') && this.#line[this.#at] !== '}') throw this.#error(', or }');
    }
  }

  /** A text in quotes. */
  #text(): string {
    if (!this.#skip('"')) throw this.#error('a text in quotes');
    const start = this.#at;
    for (; this.#at < this.#line.length; this.#at++) {
      const mark = this.#line[this.#at];
      if (mark === '\\') this.#at += 1;
      else if (mark === '"') {
        const raw = this.#line.slice(start, this.#at);
        this.#at += 1;
        return raw.includes('\\')
          ? raw.replaceAll(/\\(.)/g, (_, escaped: string) => ESCAPED[escaped] ?? escaped)
          : raw;
      }
    }
    throw this.#error('the end of a text');
  }

  #numberIn(text: string): number {
    const special = SPECIAL[text.toLowerCase()];
    if (special !== undefined) return special;
    const value = Number(text);
    if (text === '' || Number.isNaN(value)) throw this.#error('a number');
    return value;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#line)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #skip(mark: string): boolean {
    const isThere = this.#line[this.#at] === mark;
    if (isThere) this.#at += 1;
    return isThere;
  }

  #error(expected: string): ExpositionError {
    return new ExpositionError(this.#number, expected, this.#line);
  }
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n' };
const SPECIAL: Readonly<Record<string, number>> = {
  '+inf': Infinity,
  inf: Infinity,
  '-inf': -Infinity,
  nan: Number.NaN,
};
