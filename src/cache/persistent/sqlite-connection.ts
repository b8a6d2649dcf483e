import { named } from './sqlite-error.js';
import type { SqliteModule, SqliteRow, SqliteStatement } from './sqlite-module.js';

/** SQLite itself waits so long for another process, and the event loop with it. */
export const BLOCKED_MS = 5;

/** An open database file: statements are prepared once, rows are lists, and errors have SQLite's names. */
export class SqliteConnection {
  readonly #database: InstanceType<SqliteModule['DatabaseSync']>;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(sqlite: SqliteModule, file: string, options: { readonly readOnly?: boolean } = {}) {
    this.#database = attempt(() => new sqlite.DatabaseSync(file, options));
    this.exec(`PRAGMA busy_timeout = ${BLOCKED_MS}`);
  }

  exec(sql: string): void {
    attempt(() => this.#database.exec(sql));
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SqliteRow): number {
    return attempt(() => this.#prepare(sql).run(...values).changes as number);
  }

  /** The first row, empty when there is none. */
  row(sql: string, ...values: SqliteRow): SqliteRow {
    return attempt(() => valuesOf(this.#prepare(sql).get(...values)));
  }

  rows(sql: string, ...values: SqliteRow): readonly SqliteRow[] {
    return attempt(() =>
      this.#prepare(sql)
        .all(...values)
        .map(valuesOf),
    );
  }

  /** All of `act` or nothing. Waits for the lock before it begins. */
  transact<T>(act: () => T): T {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = act();
      this.exec('COMMIT');
      return result;
    } catch (cause) {
      try {
        this.exec('ROLLBACK');
      } catch {
        // SQLite has rolled back by itself, as it does when the disk is full.
      }
      throw cause;
    }
  }

  close(): void {
    attempt(() => this.#database.close());
  }

  #prepare(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReturnArrays?.(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw named(cause);
  }
}

function valuesOf(row: unknown): SqliteRow {
  return Array.isArray(row) ? (row as SqliteRow) : Object.values((row ?? {}) as Record<string, never>);
}
