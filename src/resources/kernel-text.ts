/** From here on a limit stands for none: cgroup v1 has no word for it and writes the largest number of pages. */
const UNLIMITED_BYTES = 2 ** 53;

/** The number a file consists of, or begins with; `undefined` for anything else. */
export function wholeNumber(text: string | undefined): number | undefined {
  const number = Number.parseInt(text ?? '', 10);
  return Number.isNaN(number) ? undefined : number;
}

/** The number in the line `key number`. */
export function numberAt(text: string | undefined, key: string): number | undefined {
  if (text === undefined) return undefined;
  const start = `${key} `;
  const at = text.startsWith(start) ? 0 : text.indexOf(`\n${start}`) + 1;
  if (at === 0 && !text.startsWith(start)) return undefined;
  return wholeNumber(text.slice(at + start.length, at + start.length + 24));
}

/** A limit in bytes; `Infinity` where there is none: the word `max`, a negative or an absurdly large number, no file. */
export function limitIn(text: string | undefined): number {
  const number = wholeNumber(text);
  return number === undefined || number < 0 || number >= UNLIMITED_BYTES ? Infinity : number;
}
