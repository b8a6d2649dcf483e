import { unitNames } from './unit-names.js';

/**
 * How names of OpenTelemetry become names of Prometheus. The words are those of the specification ("Prometheus and
 * OpenMetrics Compatibility"), of the collector's Prometheus exporter and of Prometheus' own OTLP endpoint.
 */
export const TRANSLATION_STRATEGIES = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
] as const;

/** How names of OpenTelemetry become names of Prometheus: see docs/prometheus.md. */
export type TranslationStrategy = (typeof TRANSLATION_STRATEGIES)[number];

/** How the metric's kind shows in its name. */
export type NameKind = 'counter' | 'gauge' | 'other';

/**
 * Names the way the collector writes them, peculiarities included: one dashboard then fits every road a metric takes.
 */
export class Namer {
  readonly #hasSuffixes: boolean;
  /** Characters that old versions of Prometheus do not know stay. */
  readonly isUtf8: boolean;

  constructor(strategy: TranslationStrategy = 'UnderscoreEscapingWithSuffixes') {
    this.#hasSuffixes =
      strategy === 'UnderscoreEscapingWithSuffixes' || strategy === 'NoUTF8EscapingWithSuffixes';
    this.isUtf8 = strategy === 'NoUTF8EscapingWithSuffixes' || strategy === 'NoTranslation';
  }

  metric(name: string, unit: string, kind: NameKind): string {
    if (this.isUtf8) return this.#hasSuffixes ? withSuffixes(name, unit, kind) : name || '_';
    const tokens = tokensOf(name);
    if (this.#hasSuffixes) addSuffixTokens(tokens, unit, kind);
    const joined = tokens.join('_');
    return /^[0-9]/.test(joined) || joined === '' ? `_${joined}` : joined;
  }

  label(name: string): string {
    // Who overwrites Prometheus' own labels breaks the whole target.
    if (this.isUtf8) return name.startsWith('__') ? `key${name}` : name || '_';
    const letters = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
    if (/^[0-9]/.test(letters)) return `key_${letters}`;
    return letters.startsWith('_') ? `key${letters}` : letters || '_';
  }

  /** The unit as a word of a name, for `# UNIT`. */
  unit(unit: string): string {
    const { main, per } = unitNames(unit);
    return [main, per].map(cleanUnit).filter(Boolean).join('_');
  }
}

function tokensOf(name: string): string[] {
  return name.split(/[^A-Za-z0-9:]+/).filter((token) => token !== '');
}

function addSuffixTokens(tokens: string[], unit: string, kind: NameKind): void {
  const { main, per } = unitNames(unit);
  const suffixes = [cleanUnit(main), cleanUnit(per)].filter((word) => word !== '' && !tokens.includes(word));
  tokens.push(...suffixes);
  if (kind === 'counter') moveToEnd(tokens, 'total');
  if (kind === 'gauge' && unit === '1') moveToEnd(tokens, 'ratio');
}

function cleanUnit(words: string): string {
  return words.replaceAll(/[^A-Za-z0-9:]+/g, '_').replaceAll(/^_|_$/g, '');
}

function moveToEnd(tokens: string[], word: string): void {
  for (let i = tokens.length - 1; i >= 0; i--) if (tokens[i] === word) tokens.splice(i, 1);
  tokens.push(word);
}

/** Suffixes of a name that is otherwise left alone; one that is there already is not repeated. */
function withSuffixes(name: string, unit: string, kind: NameKind): string {
  const { main, per } = unitNames(unit);
  const outer = [per];
  if (kind === 'counter') outer.push('total');
  if (kind === 'gauge' && unit === '1') outer.push('ratio');
  const wanted = outer.filter((suffix) => suffix !== '');
  let stem = name;
  for (const suffix of wanted.toReversed()) {
    if (stem.endsWith(suffix) && stem.length > suffix.length + 1) stem = stem.slice(0, -suffix.length - 1);
  }
  if (main !== '' && !stem.endsWith(main)) stem = `${stem}_${main}`;
  return [stem, ...wanted].join('_');
}
