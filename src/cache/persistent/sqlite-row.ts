import { nodeZlib } from '../../built-ins.js';
import type { TagVersions } from '../tier.js';
import type { DamagedEntry, EntryHeader, FoundEntry } from './engine.js';
import type { SqliteRow, SqliteValue } from './sqlite-module.js';

/**
 * An entry is a row. Whatever its serializer gave is its body: text as text, so that any SQLite client shows JSON, and
 * bytes as bytes. SQLite keeps its pages whole when a process dies; the checksum over the row finds what disks and
 * people do to it. Numbers are REAL throughout: reading a damaged INTEGER may throw, a damaged REAL is just a number.
 */
export const ENTRIES_TABLE = `CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  serializer TEXT NOT NULL,
  written_at REAL NOT NULL,
  ttl REAL,
  grace REAL,
  over_at REAL,
  tags TEXT,
  load_seconds REAL,
  checksum REAL NOT NULL,
  body ANY NOT NULL
) STRICT`;

/** What {@link rowOf} gives, in its order. */
export const WRITTEN_COLUMNS =
  'key, serializer, written_at, ttl, grace, over_at, tags, load_seconds, checksum, body';
/** What {@link entryOf} takes, in its order. */
export const READ_COLUMNS = 'serializer, written_at, ttl, grace, tags, load_seconds, checksum, body';

/** The places in a written row that change when only its time does. */
export const [WRITTEN_AT, OVER_AT, CHECKSUM] = [2, 5, 8] as const;

const HALF_CHARACTER = /\p{Surrogate}/u;

/**
 * SQLite's text is UTF-8, which cannot carry half a character, and Node before 24 ends it at the first zero. Such keys
 * are kept as JSON, and so are those that look like it.
 */
export function storedKey(key: string): string {
  const isPlain = !key.startsWith('"') && !key.includes('\0') && !HALF_CHARACTER.test(key);
  return isPlain ? key : JSON.stringify(key);
}

/** `undefined` for a key that {@link storedKey} never made. */
export function keyFrom(stored: SqliteValue | undefined): string | undefined {
  if (typeof stored !== 'string') return undefined;
  if (!stored.startsWith('"')) return stored;
  try {
    const key: unknown = JSON.parse(stored);
    return typeof key === 'string' ? key : undefined;
  } catch {
    return undefined;
  }
}

export function rowOf(header: EntryHeader, encoded: string | Uint8Array): SqliteRow {
  // Only a serializer of the application's own gives zeros in text.
  const body = typeof encoded === 'string' && encoded.includes('\0') ? Buffer.from(encoded) : encoded;
  const { serializer, writtenAt, ttl = null, grace = null, loadSeconds = null } = header;
  const key = storedKey(header.key);
  const tags = header.tags === undefined ? null : JSON.stringify(header.tags);
  const overAt = ttl === null ? null : writtenAt + (ttl + (grace ?? 0)) * 1000;
  const checksum = checksumOf(key, [serializer, writtenAt, ttl, grace, tags, loadSeconds], body);
  return [key, serializer, writtenAt, ttl, grace, overAt, tags, loadSeconds, checksum, body];
}

export function entryOf(key: string, row: SqliteRow): FoundEntry | DamagedEntry {
  const [serializer, writtenAt, ttl, grace, tags, loadSeconds, checksum, body] = row;
  const stamp = checksum as number;
  const isText = typeof body === 'string';
  if (!isText && !(body instanceof Uint8Array)) return { header: undefined, stamp };
  const fields = [serializer, writtenAt, ttl, grace, tags, loadSeconds];
  if (checksumOf(storedKey(key), fields, body) !== checksum) return { header: undefined, stamp };
  const header: EntryHeader = {
    key,
    serializer: serializer as string,
    writtenAt: writtenAt as number,
    ...(ttl !== null && { ttl: ttl as number }),
    ...(grace !== null && { grace: grace as number }),
    ...(tags !== null && { tags: JSON.parse(tags as string) as TagVersions }),
    ...(loadSeconds !== null && { loadSeconds: loadSeconds as number }),
  };
  const whole = isText ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return { header, body: whole, isBorrowed: false, stamp };
}

/** About what a row takes of a database. */
export function rowBytes(key: string, body: string | Uint8Array): number {
  return 100 + 2 * key.length + body.length;
}

function checksumOf(key: string, fields: readonly unknown[], body: string | Uint8Array): number {
  const { crc32 } = nodeZlib();
  return crc32(body, crc32(`${key}\n${fields.join(' ')}\n`));
}
