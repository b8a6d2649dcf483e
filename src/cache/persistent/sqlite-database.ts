import { basename } from 'node:path';
import type { DamagedEntry, FoundEntry, ListedEntry } from './engine.js';
import { SqliteConnection } from './sqlite-connection.js';
import { SqliteFailure } from './sqlite-error.js';
import type { SqliteModule, SqliteRow } from './sqlite-module.js';
import {
  CHECKSUM,
  ENTRIES_TABLE,
  entryOf,
  keyFrom,
  OVER_AT,
  READ_COLUMNS,
  rowBytes,
  rowOf,
  storedKey,
  WRITTEN_AT,
  WRITTEN_COLUMNS,
} from './sqlite-row.js';

/** In `user_version`. Another number means another format. */
const FORMAT = 1;
const PAGE_BYTES = 4096;
/** The log is cut back to this once a large transaction is over. */
const LOG_BYTES = 4 * 2 ** 20;

/** In WAL mode, NORMAL loses nothing when the process dies, and FULL nothing when the power fails. */
const FLUSHED = { none: 'PRAGMA synchronous = NORMAL', fsync: 'PRAGMA synchronous = FULL' } as const;

const REPLACED = WRITTEN_COLUMNS.split(', ')
  .slice(1)
  .map((column) => `${column} = excluded.${column}`)
  .join(', ');
const INTO = `INTO entries (${WRITTEN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const KEEP = `INSERT ${INTO} ON CONFLICT (key) DO UPDATE SET ${REPLACED} WHERE seq >= ?`;
const FIND = `SELECT ${READ_COLUMNS} FROM entries WHERE key = ?`;

/** Among so many, the longest on their way to leaving, those written least recently leave first. */
const SAMPLE = 512;
const EVICTED_OF_SAMPLE = 128;

export interface EntryDatabaseOptions {
  readonly durability: 'none' | 'fsync';
  /** @default false */
  readonly isReadOnly?: boolean;
}

export interface ListedPage {
  readonly entries: readonly ListedEntry[];
  /** Where the next page goes on; `undefined` after the last one. */
  readonly next: number | undefined;
}

/** What a part of all entries holds that is of interest to who sweeps. */
export interface SweptPart {
  /** The last place of the part. */
  readonly last: number;
  readonly isAnyOver: boolean;
  /** Milliseconds since 1970; `Infinity` when no entry of the part will be over. */
  readonly nextOver: number;
}

/**
 * One open database with entries. Their order in the table is about the order of their writing: a new entry goes to the
 * end, an overwritten one stays where it is unless it has come near the start, where entries leave.
 */
export class EntryDatabase {
  /** The name of its file, which no other database has had. */
  readonly name: string;
  readonly #connection: SqliteConnection;
  /** An overwritten entry before this place goes to the end. */
  #moveBefore = 0;

  /** @throws {SqliteFailure} also for a database of another format. */
  constructor(sqlite: SqliteModule, file: string, options: EntryDatabaseOptions) {
    this.name = basename(file);
    this.#connection = new SqliteConnection(sqlite, file, { readOnly: options.isReadOnly ?? false });
    try {
      this.#connection.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}; ${FLUSHED[options.durability]}`);
      const [format] = this.#connection.row('PRAGMA user_version');
      if (format !== FORMAT)
        throw new SqliteFailure('SQLITE_NOTADB', `format ${String(format)} instead of ${FORMAT}`);
    } catch (cause) {
      this.#connection.close();
      throw cause;
    }
  }

  /** Makes the file, which must not exist. What it holds need not survive the power until it is in use. */
  static make(sqlite: SqliteModule, file: string): void {
    const connection = new SqliteConnection(sqlite, file);
    try {
      connection.exec(
        `PRAGMA synchronous = OFF; PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; ` +
          `BEGIN; ${ENTRIES_TABLE}; PRAGMA user_version = ${FORMAT}; COMMIT`,
      );
    } finally {
      connection.close();
    }
  }

  find(key: string): FoundEntry | DamagedEntry | undefined {
    const row = this.#connection.row(FIND, storedKey(key));
    return row.length === 0 ? undefined : entryOf(key, row);
  }

  keep(row: SqliteRow): void {
    const changes = this.#connection.run(KEEP, ...row, this.#moveBefore);
    if (changes === 0) this.#connection.run(`INSERT OR REPLACE ${INTO}`, ...row);
  }

  keepAll(rows: readonly SqliteRow[]): void {
    this.#connection.transact(() => rows.forEach((row) => this.keep(row)));
  }

  remove(key: string): boolean {
    return this.#connection.run('DELETE FROM entries WHERE key = ?', storedKey(key)) > 0;
  }

  /** Removes the entry when it still has this checksum. */
  removeIf(key: string, checksum: number): void {
    this.#connection.run('DELETE FROM entries WHERE key = ? AND checksum IS ?', storedKey(key), checksum);
  }

  /** Gives an entry another time of writing, unless something took its place. */
  redate({ header, body, stamp }: FoundEntry, writtenAt: number): void {
    const row = rowOf({ ...header, writtenAt }, body);
    const changed = [row[WRITTEN_AT]!, row[OVER_AT]!, row[CHECKSUM]!];
    this.#connection.run(
      'UPDATE entries SET written_at = ?, over_at = ?, checksum = ? WHERE key = ? AND checksum = ?',
      ...changed,
      storedKey(header.key),
      stamp,
    );
  }

  /** Nobody finds an entry here from the moment on that `succeed` has returned and the lock is given back. */
  retire(succeed: () => void): void {
    this.#connection.transact(() => {
      succeed();
      this.#connection.exec('ALTER TABLE entries RENAME TO retired');
    });
  }

  count(): number {
    return this.#connection.row('SELECT count(*) FROM entries')[0] as number;
  }

  /** The last place that is taken; 0 when none is. */
  lastPlace(): number {
    return (this.#connection.row('SELECT max(seq) FROM entries')[0] as number | null) ?? 0;
  }

  /** Entries that are whole, of some places beginning with `from`. */
  list(from: number, last: number): ListedPage {
    const rows = this.#connection.rows(
      `SELECT seq, key, ${READ_COLUMNS} FROM entries WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT 64`,
      from,
      last,
    );
    const entries = rows.flatMap(([, stored, ...row]) => {
      const key = keyFrom(stored);
      const found = key === undefined ? undefined : entryOf(key, row);
      return found?.header === undefined ? [] : [{ ...found, bytes: rowBytes(found.header.key, found.body) }];
    });
    const seen = rows.at(-1)?.[0];
    return { entries, next: seen === undefined ? undefined : (seen as number) + 1 };
  }

  /** What the database takes of the disk, without the room within it that is free and without its log. */
  usedBytes(): number {
    const [pages] = this.#connection.row('PRAGMA page_count');
    const [free] = this.#connection.row('PRAGMA freelist_count');
    return ((pages as number) - (free as number)) * PAGE_BYTES;
  }

  /** From now on, entries of the first half that are overwritten go to the end. */
  keepOrder(): void {
    const [first, last] = this.#connection.row(
      'SELECT (SELECT min(seq) FROM entries), (SELECT max(seq) FROM entries)',
    );
    this.#moveBefore = ((first as number | null) ?? 0) / 2 + ((last as number | null) ?? 0) / 2;
  }

  /** Removes old entries until about so many bytes are free, a small number at most. Returns how many left. */
  evict(bytes: number): number {
    return this.#connection.transact(() => {
      const sample = this.#connection.rows(
        `SELECT seq, written_at, octet_length(key) + octet_length(body) FROM entries ORDER BY seq LIMIT ${SAMPLE}`,
      ) as readonly (readonly [seq: number, writtenAt: number, bytes: number])[];
      const oldest = sample.toSorted((a, b) => a[1] - b[1] || a[0] - b[0]).slice(0, EVICTED_OF_SAMPLE);
      let freed = 0;
      let evicted = 0;
      for (const [seq, , size] of oldest) {
        if (freed >= bytes) break;
        freed += size;
        evicted += this.#connection.run('DELETE FROM entries WHERE seq = ?', seq);
      }
      return evicted;
    });
  }

  /** `undefined` when there is nothing after this place. */
  inspectPart(after: number, now: number): SweptPart | undefined {
    const [last, over, nextOver] = this.#connection.row(
      `SELECT max(seq), total(over_at <= ?), min(CASE WHEN over_at > ? THEN over_at END)
       FROM (SELECT seq, over_at FROM entries WHERE seq > ? ORDER BY seq LIMIT 256)`,
      now,
      now,
      after,
    ) as readonly (number | null)[];
    if (last == null) return undefined;
    return { last, isAnyOver: over !== 0, nextOver: nextOver ?? Infinity };
  }

  /** Removes what is over between two places, and tells how many that were. */
  removeOver(after: number, last: number, now: number): number {
    return this.#connection.run(
      'DELETE FROM entries WHERE seq > ? AND seq <= ? AND over_at <= ?',
      after,
      last,
      now,
    );
  }

  /** Moves the log into the database, so that the room it takes can be used again. */
  checkpoint(): void {
    this.#connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** @param isKept that its file will be opened again. */
  close({ isKept }: { readonly isKept: boolean }): void {
    try {
      if (!isKept) this.#connection.exec('PRAGMA synchronous = OFF');
      this.#connection.close();
    } catch {
      // Closed already, or not worth an error: what was committed is in its files.
    }
  }
}
