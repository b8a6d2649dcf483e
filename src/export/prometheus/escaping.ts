/**
 * What becomes of names with characters that old versions of Prometheus do not know, such as dots. Who scrapes says what
 * it takes ("UTF-8 metric and label name escaping schemes" of Prometheus).
 */
export const ESCAPING_SCHEMES = ['allow-utf-8', 'underscores', 'dots', 'values'] as const;

export type EscapingScheme = (typeof ESCAPING_SCHEMES)[number];

export function isPlainMetricName(name: string): boolean {
  return /^[A-Za-z_:][A-Za-z0-9_:]*$/.test(name);
}

export function isPlainLabelName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** Names that every Prometheus knows are left alone. */
export function escapeName(name: string, isPlain: (name: string) => boolean, scheme: EscapingScheme): string {
  if (scheme === 'allow-utf-8' || isPlain(name)) return name;
  const escaped = Array.from(name, (letter, position) => escapeLetter(letter, position, isPlain, scheme));
  return (scheme === 'values' ? 'U__' : '') + escaped.join('');
}

function escapeLetter(
  letter: string,
  position: number,
  isPlain: (name: string) => boolean,
  scheme: Exclude<EscapingScheme, 'allow-utf-8'>,
): string {
  // A digit is allowed everywhere but in front.
  const isKnown = isPlain(position === 0 ? letter : `_${letter}`);
  if (scheme === 'underscores') return isKnown ? letter : '_';
  if (letter === '_') return '__';
  if (isKnown) return letter;
  if (scheme === 'values') return `_${codeOf(letter).toString(16)}_`;
  return letter === '.' ? '_dot_' : '__';
}

/** Half a surrogate pair is no character; it is written as the one that says so. */
function codeOf(letter: string): number {
  return /\p{Surrogate}/u.test(letter) ? 0xff_fd : letter.codePointAt(0)!;
}
