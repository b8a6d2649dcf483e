import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSqlite, SQLITE_NEEDS } from '../../../src/cache/persistent/sqlite-module.js';
import { skipBecause } from '../../e2e/servers.js';

/** Runs a suite for every engine of the persistent cache; `npm test` says where Node lacks what one needs. */
export function eachEngine(suite: (engine: 'files' | 'sqlite') => void): void {
  for (const engine of ['files', 'sqlite'] as const) {
    describe(`with the engine ${engine}`, () => {
      if (engine === 'sqlite') needsSqlite();
      suite(engine);
    });
  }
}

/** Skips the suite it is called in on a Node without SQLite. */
export function needsSqlite(): void {
  before(function () {
    if (loadSqlite() === undefined) skipBecause(this, `it needs ${SQLITE_NEEDS}`);
  });
}

/** How many entries are in a folder, over or not: by its files, or by asking SQLite itself. */
export function countKept(cacheDir: string): number {
  const names = readdirSync(cacheDir, { recursive: true, encoding: 'utf8' });
  if (!names.includes('current')) return names.filter((name) => /^entries.\w+.\w+/.test(name)).length;
  return askSqlite(cacheDir, 'SELECT count(*) AS kept FROM entries')[0]!['kept'] as number;
}

/** What any other client would see, or do. */
export function askSqlite(cacheDir: string, sql: string): readonly Record<string, unknown>[] {
  const database = new (loadSqlite()!.DatabaseSync)(databaseOf(cacheDir));
  try {
    return database.prepare(sql).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

/** The file of the database in force. */
export function databaseOf(cacheDir: string): string {
  return join(cacheDir, readFileSync(join(cacheDir, 'current'), 'utf8').trim());
}
