import type { TagVersions } from '../tier.js';

/** Short names, as each entry carries them, in this order: the repair script looks for `w` at the beginning. */
export interface EntryHeader {
  /** When it was written, by the server's clock in milliseconds. */
  readonly w: number;
  /** Seconds of freshness. Absent: for ever. */
  readonly t?: number | undefined;
  /** Seconds of grace. */
  readonly g?: number | undefined;
  /** Seconds of loading. */
  readonly l?: number | undefined;
  /** Versions of its tags. */
  readonly v?: TagVersions;
  /** The serializer's name, unless it is json. */
  readonly s?: string;
  /** Compressed with gzip. */
  readonly z?: 1;
}

const [OPEN, CLOSE, QUOTE, COLON, COMMA, POINT, ZERO, NEWLINE] = [...Buffer.from('{}":,.0\n')] as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const [W, T, G, L] = [...Buffer.from('wtgl')] as [number, number, number, number];

/** A header and where it ends: at the newline behind it. */
export interface FoundHeader {
  readonly header: EntryHeader;
  readonly end: number;
}

/** The header that begins there, `undefined` when there is none. @throws {SyntaxError} for text that is no JSON. */
export function readHeader(data: Buffer, start: number): FoundHeader | undefined {
  const found = readNumbers(data, start);
  if (found !== undefined) return found;
  const end = data.indexOf(NEWLINE, start);
  if (end < 0) return undefined;
  const header = parseHeader(data.toString('utf8', start, end));
  return header && { header, end };
}

function parseHeader(text: string): EntryHeader | undefined {
  const header = JSON.parse(text) as EntryHeader;
  const { w, t = 0, g = 0, l = 0 } = header;
  const isSound = Number.isFinite(w) && Number.isFinite(t) && Number.isFinite(g) && Number.isFinite(l);
  return isSound ? header : undefined;
}

/**
 * A header of nothing but plain numbers, such as `{"w":1800000000000,"t":60}`: most are. To parse it as JSON would cost
 * ten times as much, a tenth of what a value of 1 KiB takes.
 */
function readNumbers(data: Buffer, start: number): FoundHeader | undefined {
  if (data[start] !== OPEN) return undefined;
  let at = start + 1;
  let w: number | undefined;
  let t: number | undefined;
  let g: number | undefined;
  let l: number | undefined;
  for (;;) {
    const name = data[at + 1];
    if (data[at] !== QUOTE || data[at + 2] !== QUOTE || data[at + 3] !== COLON) return undefined;
    at += 4;
    const first = at;
    let digits = 0;
    let point = -1;
    for (; ; at += 1) {
      const digit = data[at]! - ZERO;
      if (digit >= 0 && digit <= 9) digits = digits * 10 + digit;
      else if (data[at] === POINT && point < 0) point = at;
      else break;
    }
    // Up to 15 digits, and those divided by a power of ten, are the number that JSON.parse would give.
    if (at === first || at - first > (point < 0 ? 15 : 16)) return undefined;
    const number = point < 0 ? digits : digits / 10 ** (at - point - 1);
    if (name === W) w = number;
    else if (name === T) t = number;
    else if (name === G) g = number;
    else if (name === L) l = number;
    else return undefined;
    if (data[at] !== COMMA) break;
    at += 1;
  }
  if (data[at] !== CLOSE || data[at + 1] !== NEWLINE || w === undefined) return undefined;
  return { header: { w, t, g, l }, end: at + 1 };
}
