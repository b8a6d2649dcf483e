import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

/** Files in a folder of traces that are no traces. */
const NO_TRACE = new Set(['.md']);

/** The traces in a folder, by name; none when there is no such folder. */
export function findTraces(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && !NO_TRACE.has(extname(name)))
    .toSorted()
    .map((name) => join(folder, name));
}

/**
 * Requests of a trace in their order: `keys` as texts, and `sizes` in bytes where the trace knows them.
 *
 * - `*.int32be`: big-endian 32-bit keys.
 * - text: a key a line. Lines with `*` are markers and left out.
 * - text with three columns: time, key and bytes.
 */
export function readTrace(file) {
  const bytes = readFileSync(file);
  const name = basename(file, extname(file));
  if (extname(file) === '.int32be') return { name, keys: keysOfInt32(bytes) };
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.includes('*'))
    .map((line) => line.split(/\s+/));
  const columns = lines[0]?.length ?? 0;
  if (columns !== 1 && columns !== 3)
    throw new Error(`${file}: lines of ${columns} columns, expected 1 or 3`);
  if (columns === 1) return { name, keys: lines.map(([key]) => key) };
  return {
    name,
    keys: lines.map(([, key]) => key),
    // An empty answer takes room too.
    sizes: Float64Array.from(lines, ([, , size]) => Math.max(1, Number(size))),
  };
}

function keysOfInt32(bytes) {
  if (bytes.length % 4 !== 0) throw new Error(`a trace of 32-bit keys cannot have ${bytes.length} bytes`);
  return Array.from({ length: bytes.length / 4 }, (_, i) => String(bytes.readInt32BE(i * 4)));
}
