import { toSeconds } from '../duration.js';

/** An environment variable: what it sets and how its text is read. */
export interface Variable<T> {
  readonly name: string;
  /** Asked when the first is not set. */
  readonly otherwise?: string;
  /** What it sets, for the documentation. */
  readonly description: string;
  /** What it must be, for messages. */
  readonly expected: string;
  /** Its text must not show in messages. */
  readonly isSecret?: boolean;
  /** `undefined` for a text that is not as expected. */
  readonly parse: (text: string) => T | undefined;
}

export function text(name: string, description: string): Variable<string> {
  return { name, description, expected: 'a text', parse: (value) => value };
}

export function yesOrNo(name: string, description: string): Variable<boolean> {
  const values: Readonly<Record<string, boolean>> = { true: true, false: false };
  return { name, description, expected: 'true or false', parse: (value) => values[value.toLowerCase()] };
}

export function positiveInteger(name: string, description: string): Variable<number> {
  const parse = (value: string) => (/^\d+$/.test(value) && Number(value) > 0 ? Number(value) : undefined);
  return { name, description, expected: 'a positive integer', parse };
}

export function ratio(name: string, description: string): Variable<number> {
  const parse = (value: string) => {
    const number = Number(value);
    return number >= 0 && number <= 1 ? number : undefined;
  };
  return { name, description, expected: 'a number from 0 to 1', parse };
}

export function milliseconds(name: string, description: string): Variable<number> {
  return { ...positiveInteger(name, description), expected: 'a positive number of milliseconds' };
}

export function seconds(name: string, description: string): Variable<number> {
  const parse = (value: string) => {
    try {
      return toSeconds(name, Number.isNaN(Number(value)) ? value : Number(value));
    } catch {
      return undefined;
    }
  };
  return { name, description, expected: "a duration above 0: seconds, or text such as '30s', '5m'", parse };
}

export function oneOf<T extends string>(
  name: string,
  description: string,
  values: readonly T[],
  otherwise?: string,
): Variable<T> {
  const parse = (value: string) => values.find((known) => known === value.toLowerCase());
  return {
    name,
    ...(otherwise && { otherwise }),
    description,
    expected: `one of ${values.join(', ')}`,
    parse,
  };
}

export function parsePairs(value: string): Readonly<Record<string, string>> | undefined {
  const pairs: [string, string][] = [];
  for (const part of value.split(',')) {
    const at = part.indexOf('=');
    if (at <= 0) return undefined;
    try {
      pairs.push([part.slice(0, at).trim(), decodeURIComponent(part.slice(at + 1).trim())]);
    } catch {
      return undefined;
    }
  }
  return Object.fromEntries(pairs);
}

export function url(name: string, description: string, otherwise: string): Variable<string> {
  const parse = (value: string) => {
    const isHttp = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
    return isHttp ? value : undefined;
  };
  return { name, otherwise, description, expected: 'an http or https address', parse };
}
