/**
 * Names as the OpenTelemetry specification translates them for Prometheus ("Prometheus and OpenMetrics
 * Compatibility", UnderscoreEscapingWithSuffixes): the same as those of the collector's Prometheus exporter and of
 * Prometheus' own OTLP endpoint, so that one dashboard fits every path.
 */

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
};

const PER: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  min: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

/** How the metric's kind shows in its name. */
export type NameKind = 'counter' | 'gauge' | 'other';

export function prometheusName(name: string, unit: string, kind: NameKind): string {
  const tokens = name.split(/[^A-Za-z0-9:]+/).filter((token) => token !== '');
  for (const word of unitWords(unit)) if (!tokens.includes(word)) tokens.push(word);
  if (kind === 'counter') moveToEnd(tokens, 'total');
  if (kind === 'gauge' && unit === '1') moveToEnd(tokens, 'ratio');
  const joined = tokens.join('_');
  return /^[0-9]/.test(joined) || joined === '' ? `_${joined}` : joined;
}

/** A label name; what Prometheus does not allow becomes `_`. Names starting with `__` are Prometheus' own. */
export function prometheusLabel(name: string): string {
  const letters = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
  if (/^[0-9]/.test(letters)) return `key_${letters}`;
  if (letters.startsWith('__')) return `key${letters.slice(1)}`;
  return letters;
}

export function labelValue(value: unknown): string {
  const text = typeof value === 'string' ? value : textOf(value);
  return /[\\"\n]/.test(text)
    ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : text;
}

export function helpText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function unitWords(unit: string): string[] {
  const plain = unit.replaceAll(/\{[^}]*\}/g, '').trim();
  if (plain === '' || plain === '1') return [];
  const [main = '', ...rest] = plain.split('/');
  const words = main === '' || main === '1' ? [] : wordsOf(UNITS[main] ?? main);
  const per = rest.join('_');
  if (per !== '') words.push('per', ...wordsOf(PER[per] ?? UNITS[per] ?? per));
  return words;
}

function wordsOf(text: string): string[] {
  return text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
}

function moveToEnd(tokens: string[], word: string): void {
  for (let i = tokens.length - 1; i >= 0; i--) if (tokens[i] === word) tokens.splice(i, 1);
  tokens.push(word);
}
