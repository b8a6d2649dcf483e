import { InvalidOptionError } from './errors.js';

/** A time span: seconds as a number, or text with a unit: `'250ms'`, `'30s'`, `'5m'`, `'1h'`, `'7d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** A size: bytes as a number, or text with a unit of 1024: `'512kb'`, `'64mb'`, `'2gb'`. */
export type ByteSize = number | `${number}${'b' | 'kb' | 'mb' | 'gb'}`;

const SECONDS_OF: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
const BYTES_OF: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/**
 * Seconds of a duration. More than 0; `Infinity` only where `allowInfinity` says that "never" makes sense.
 *
 * @throws {InvalidOptionError} naming the option.
 */
export function toSeconds(
  option: string,
  value: unknown,
  { allowInfinity = false }: { readonly allowInfinity?: boolean } = {},
): number {
  const seconds = typeof value === 'string' ? parse(value, SECONDS_OF) : value;
  const usable = typeof seconds === 'number' && seconds > 0 && (allowInfinity || Number.isFinite(seconds));
  if (!usable) {
    throw new InvalidOptionError(
      option,
      "a duration above 0: seconds, or text such as '250ms', '30s', '5m'",
      value,
    );
  }
  return seconds;
}

/**
 * Bytes of a size, a whole number above 0.
 *
 * @throws {InvalidOptionError} naming the option.
 */
export function toBytes(option: string, value: unknown): number {
  const bytes = typeof value === 'string' ? parse(value, BYTES_OF) : value;
  if (typeof bytes !== 'number' || !Number.isFinite(bytes) || bytes < 1) {
    throw new InvalidOptionError(option, "a size above 0: bytes, or text such as '512kb', '64mb'", value);
  }
  return Math.floor(bytes);
}

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]+)\s*$/i.exec(text);
  const unit = match === null ? undefined : units[match[2]!.toLowerCase()];
  return unit === undefined ? undefined : Number(match![1]) * unit;
}
