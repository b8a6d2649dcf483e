import { join } from 'node:path';
import { fs, nodeCrypto, nodeFsPromises } from '../../built-ins.js';
import { removeQuietly } from './remove.js';
import { EntryDatabase, type EntryDatabaseOptions } from './sqlite-database.js';
import type { SqliteModule } from './sqlite-module.js';
import { codeOf } from '../error-code.js';
import { isAbsent } from './system-error.js';

const NAME = /^entries-[0-9a-f]{12}\.sqlite$/;
const BELONGS_TO_A_DATABASE = /^entries-[0-9a-f]{12}\.sqlite(-wal|-shm)?$/;
/** A database that nobody names that long after it changed last belongs to nobody. */
const LEFT_BEHIND_MS = 60_000;

/**
 * The databases of a folder. A file called `current` names the one in force, so that a new one takes over in a single
 * step. None ever gets the name of another: SQLite finds its log by that name, and would take the log of another for
 * its own.
 */
export class SqliteFolder {
  readonly path: string;
  readonly #sqlite: SqliteModule;
  readonly #options: EntryDatabaseOptions;
  readonly #pointer: string;

  constructor(path: string, sqlite: SqliteModule, options: EntryDatabaseOptions) {
    this.path = path;
    this.#sqlite = sqlite;
    this.#options = options;
    this.#pointer = join(path, 'current');
  }

  /** `undefined` when there is none yet. */
  current(): string | undefined {
    let name: string;
    try {
      name = fs.readFileSync(this.#pointer, 'utf8').trim();
    } catch (cause) {
      if (isAbsent(cause)) return undefined;
      throw cause;
    }
    return NAME.test(name) ? name : undefined;
  }

  /** @throws when it is not there, busy, damaged or of another format. */
  open(name: string): EntryDatabase {
    const file = join(this.path, name);
    // SQLite would make it.
    fs.accessSync(file);
    return new EntryDatabase(this.#sqlite, file, this.#options);
  }

  /** Makes a database that nobody knows yet, and returns its name. */
  make(): string {
    const name = `entries-${nodeCrypto().randomBytes(6).toString('hex')}.sqlite`;
    try {
      EntryDatabase.make(this.#sqlite, join(this.path, name));
      if (this.#options.durability === 'fsync') flush(join(this.path, name));
    } catch (cause) {
      void this.remove(name);
      throw cause;
    }
    return name;
  }

  /** False when somebody was first: theirs is in force then. */
  publishFirst(name: string): boolean {
    return this.#publish(name, (temporary) => {
      try {
        fs.linkSync(temporary, this.#pointer);
        return true;
      } catch (cause) {
        if (codeOf(cause) !== 'EEXIST') throw cause;
        if (this.current() !== undefined) return false;
        // What is there names no database.
        fs.renameSync(temporary, this.#pointer);
        return true;
      } finally {
        removeQuietly(temporary);
      }
    });
  }

  /** Puts a database in the place of the one in force. */
  publish(name: string): void {
    this.#publish(name, (temporary) => fs.renameSync(temporary, this.#pointer));
  }

  /** No database is in force any more. */
  withdraw(): void {
    fs.rmSync(this.#pointer, { force: true });
  }

  /**
   * Removes a database, in a thread: to free what a large file takes may take its time. Who has it open goes on until
   * it looks. What cannot be removed is left to a sweep.
   */
  async remove(name: string): Promise<void> {
    const files = ['', '-wal', '-shm'].map((suffix) => join(this.path, `${name}${suffix}`));
    await Promise.all(
      files.map((file) =>
        nodeFsPromises()
          .rm(file, { force: true })
          .catch(() => {}),
      ),
    );
  }

  /** Removes databases that were made or left by processes that died. */
  removeLeftBehind(): void {
    const current = this.current();
    for (const name of fs.readdirSync(this.path)) {
      if (!BELONGS_TO_A_DATABASE.test(name) || (current !== undefined && name.startsWith(current))) continue;
      const file = join(this.path, name);
      const changedAt = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      if (changedAt !== undefined && Date.now() - changedAt > LEFT_BEHIND_MS) removeQuietly(file);
    }
  }

  #publish<T>(name: string, put: (temporary: string) => T): T {
    const temporary = `${this.#pointer}.${name}.tmp`;
    try {
      fs.writeFileSync(temporary, `${name}\n`);
      const result = put(temporary);
      if (this.#options.durability === 'fsync') flush(this.path);
      return result;
    } catch (cause) {
      removeQuietly(temporary);
      throw cause;
    }
  }
}

function flush(path: string): void {
  const descriptor = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
