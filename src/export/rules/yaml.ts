/** What can be written: plain data, as of JSON. `undefined` fields are left out. */
export type YamlValue =
  string | number | boolean | null | readonly YamlValue[] | { readonly [key: string]: YamlValue | undefined };

/**
 * Writes plain data as YAML for people: block style, text of several lines as such. Every text that YAML might take for
 * something else is quoted, as JSON quotes it, which YAML 1.2 reads ("YAML 1.2", section 1.3: JSON is a subset).
 */
export function toYaml(value: object): string {
  return block(value as YamlValue, '');
}

function block(value: YamlValue, indent: string): string {
  if (isList(value)) return value.map((item) => `${indent}- ${beside(item, `${indent}  `)}`).join('');
  return fieldsOf(value)
    .map(([key, field]) => `${indent}${scalar(key)}:${after(field, indent)}`)
    .join('');
}

/** What follows a dash: the first line stands beside it. */
function beside(item: YamlValue, indent: string): string {
  return isBlock(item) ? block(item, indent).slice(indent.length) : `${scalarOrText(item, indent)}\n`;
}

/** What follows a key. */
function after(field: YamlValue, indent: string): string {
  return isBlock(field) ? `\n${block(field, `${indent}  `)}` : ` ${scalarOrText(field, `${indent}  `)}\n`;
}

function scalarOrText(value: YamlValue, indent: string): string {
  if (typeof value !== 'string' || !isText(value)) return scalar(value);
  return `|-\n${value
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n')}`;
}

/** Text of several lines that reads the same in a block. */
function isText(value: string): boolean {
  return (
    /^[^\s][^\r\t\u0085\u2028\u2029]*\n[^\r\t\u0085\u2028\u2029]*[^\s]$/.test(value) && !/[ ]\n/.test(value)
  );
}

const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./ -]*$/;
const RESERVED = /^(?:true|false|yes|no|on|off|y|n|null|~)$/i;

function scalar(value: YamlValue): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const isPlain = PLAIN.test(value) && !value.endsWith(' ') && !RESERVED.test(value);
  return isPlain ? value : JSON.stringify(value);
}

function isBlock(value: YamlValue): boolean {
  return isList(value)
    ? value.length > 0
    : typeof value === 'object' && value !== null && fieldsOf(value).length > 0;
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value);
}

function fieldsOf(value: YamlValue): [string, YamlValue][] {
  return Object.entries(value as object).filter(([, field]) => field !== undefined) as [string, YamlValue][];
}
