import { join } from 'node:path';
import { fs } from '../../built-ins.js';
import { systemClock } from '../../clock.js';
import { InvalidUseError } from '../../errors.js';
import type { CacheFolder } from './cache-folder.js';
import type { FolderContents, ListedEntry } from './engine.js';
import type { EntryDatabase, ListedPage } from './sqlite-database.js';
import { SqliteEngine } from './sqlite-engine.js';
import { SqliteFolder } from './sqlite-folder.js';
import { loadSqlite, SQLITE_NEEDS } from './sqlite-module.js';

/** A folder of the engine `sqlite` as a command sees it: it reads without changing anything, damage included. */
export class SqliteContents implements FolderContents {
  readonly room: string;
  readonly #path: string;
  readonly #database: EntryDatabase | undefined;

  /** @throws when Node has no SQLite, or the database is busy, damaged or of another format. */
  constructor({ path }: CacheFolder) {
    const sqlite = loadSqlite();
    if (sqlite === undefined)
      throw new InvalidUseError(`a folder of the engine 'sqlite' needs ${SQLITE_NEEDS}`);
    const databases = new SqliteFolder(path, sqlite, { durability: 'none', isReadOnly: true });
    const name = databases.current();
    this.#path = path;
    this.#database = name === undefined ? undefined : databases.open(name);
    const size = name === undefined ? 0 : fs.statSync(join(path, name)).size;
    this.room = `in a database of ${size} bytes`;
  }

  async *entries(): AsyncGenerator<ListedEntry, void> {
    const last = this.#database?.lastPlace() ?? 0;
    for (let from: number | undefined = -Infinity; from !== undefined;) {
      const page: ListedPage | undefined = this.#database?.list(from, last);
      yield* page?.entries ?? [];
      from = page?.next;
    }
  }

  count(): number {
    return this.#database?.count() ?? 0;
  }

  async clear(): Promise<void> {
    this.close();
    const engine = new SqliteEngine(this.#path, {
      maxBytes: Infinity,
      durability: 'none',
      clock: systemClock,
    });
    await engine.clear();
    await engine.close();
  }

  close(): void {
    this.#database?.close({ isKept: true });
  }
}
