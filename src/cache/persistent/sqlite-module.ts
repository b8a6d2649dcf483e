/** What we use of `node:sqlite`; the types of the oldest Node we run on do not know it. */
export interface SqliteModule {
  readonly DatabaseSync: new (path: string, options?: { readonly readOnly?: boolean }) => SqliteDatabase;
}

export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export type SqliteValue = string | number | bigint | null | Uint8Array;
export type SqliteRow = readonly SqliteValue[];

export interface SqliteStatement {
  run(...values: readonly SqliteValue[]): { readonly changes: number | bigint };
  get(...values: readonly SqliteValue[]): unknown;
  all(...values: readonly SqliteValue[]): readonly unknown[];
  /** Lists instead of objects, which is faster. From Node 22.16 on. */
  setReturnArrays?(isWanted: boolean): void;
}

export const SQLITE_NEEDS = 'node:sqlite, which Node has from 22.13 on';

/** `undefined` on a Node that has no SQLite. Loaded when asked for, as older lines print a warning then. */
export function loadSqlite(): SqliteModule | undefined {
  return process.getBuiltinModule('node:sqlite') as SqliteModule | undefined;
}
