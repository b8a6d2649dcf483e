/** The primary result codes that somebody acts on or wants to read. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  15: 'SQLITE_PROTOCOL',
  18: 'SQLITE_TOOBIG',
  26: 'SQLITE_NOTADB',
};

/** What SQLite could not do, under SQLite's name for it. */
export class SqliteFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SqliteFailure';
    this.code = code;
  }
}

/** An error with a code that tells something; what does not come from SQLite stays as it is. */
export function named(cause: unknown): unknown {
  const { errcode, message } = (cause ?? {}) as { errcode?: unknown; message?: unknown };
  if (typeof errcode !== 'number') return cause;
  // The upper bits tell more precisely what the primary code says.
  const name = NAMES[errcode & 0xff] ?? `SQLITE_${errcode}`;
  return new SqliteFailure(name, String(message), { cause });
}

/** Somebody else holds the lock: it is worth another try. */
export function isBusy(cause: unknown): boolean {
  return hasCode(cause, 'SQLITE_BUSY', 'SQLITE_PROTOCOL');
}

/** There is no room for it. */
export function isFull(cause: unknown): boolean {
  return hasCode(cause, 'SQLITE_FULL', 'ENOSPC');
}

/** The file is no database, is damaged, or lacks the tables it should have. */
export function isDamage(cause: unknown): boolean {
  if (hasCode(cause, 'SQLITE_CORRUPT', 'SQLITE_NOTADB')) return true;
  return hasCode(cause, 'SQLITE_ERROR') && (cause as Error).message.startsWith('no such ');
}

function hasCode(cause: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((cause as { code?: unknown } | undefined)?.code as string);
}
