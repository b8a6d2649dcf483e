import type { Clock } from '../../clock.js';
import type { EngineCounts } from './engine.js';
import type { EntryDatabase } from './sqlite-database.js';
import { isBusy, isDamage, isFull } from './sqlite-error.js';
import type { SqliteFolder } from './sqlite-folder.js';
import { isAbsent } from './system-error.js';

/** How long a process may go on with a database that was deleted or found damaged by somebody else. */
const LOOK_MS = 100;
/** Others may clear again and again, and each time the database in force is another one. */
const ATTEMPTS = 10;

/** Another database came in force meanwhile. */
class Moved extends Error {}

export interface SqliteStoreOptions {
  readonly clock: Clock;
  readonly counts: EngineCounts;
  /** Makes the folder when it was deleted. */
  readonly makeFolder: () => void;
}

/**
 * Keeps the database in force open, and changes to another one when there is one: after somebody cleared (the old one
 * says so itself, at once), deleted the folder, or found damage. A damaged database is replaced by an empty one.
 */
export class SqliteStore {
  readonly #folder: SqliteFolder;
  readonly #clock: Clock;
  readonly #counts: EngineCounts;
  readonly #makeFolder: () => void;
  #database: EntryDatabase | undefined;
  #lookedAt = 0;
  readonly #removals = new Set<Promise<void>>();

  constructor(folder: SqliteFolder, { clock, counts, makeFolder }: SqliteStoreOptions) {
    this.#folder = folder;
    this.#clock = clock;
    this.#counts = counts;
    this.#makeFolder = makeFolder;
  }

  /** Makes a database when there is none. */
  change<T>(act: (database: EntryDatabase) => T): T {
    return this.#withDatabase(() => act(this.#open() ?? this.#makeFirst()));
  }

  /** `undefined` when there is no database. */
  ask<T>(act: (database: EntryDatabase) => T): T | undefined {
    return this.#withDatabase(() => {
      const database = this.#open();
      return database === undefined ? undefined : act(database);
    });
  }

  /** Puts an empty database in force, in one step for all processes. */
  clear(): void {
    this.ask((database) => {
      try {
        database.retire(() => {
          if (this.#folder.current() !== database.name) throw new Moved();
          this.#folder.publish(this.#folder.make());
        });
      } catch (cause) {
        if (!isFull(cause)) throw cause;
        if (this.#folder.current() === database.name) this.#folder.withdraw();
      }
      this.#leave(database);
      this.#remove(database.name);
    });
  }

  /** Looks whether another database is in force, and lets the old one go. */
  look(): void {
    if (this.#database !== undefined && this.#folder.current() !== this.#database.name)
      this.#leave(this.#database);
    this.#lookedAt = this.#clock.now();
  }

  async close(): Promise<void> {
    this.#database?.close({ isKept: true });
    this.#database = undefined;
    await Promise.all(this.#removals);
  }

  #withDatabase<T>(act: () => T): T {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return act();
      } catch (cause) {
        if (attempt === ATTEMPTS || isBusy(cause) || !this.#recover(cause, attempt)) throw cause;
      }
    }
  }

  #open(): EntryDatabase | undefined {
    if (this.#database !== undefined && this.#clock.now() - this.#lookedAt >= LOOK_MS) this.look();
    if (this.#database !== undefined) return this.#database;
    const name = this.#folder.current();
    if (name === undefined) return undefined;
    try {
      this.#database = this.#folder.open(name);
    } catch (cause) {
      if (!isDamage(cause) && !isAbsent(cause)) throw cause;
      this.#replace(name);
    }
    // Cleared while it was opened, it may have been opened without its log, in which that is written.
    this.look();
    return this.#database;
  }

  #makeFirst(): EntryDatabase {
    this.#makeFolder();
    const name = this.#folder.make();
    if (!this.#folder.publishFirst(name)) this.#remove(name);
    const database = this.#open();
    if (database === undefined) throw new Moved('the folder changes faster than it can be opened');
    return database;
  }

  /** Whether it is worth another try. */
  #recover(cause: unknown, attempt: number): boolean {
    const database = this.#database;
    if (database === undefined) return cause instanceof Moved;
    if (isFull(cause)) return attempt === 1 && this.#makeRoom(database);
    this.look();
    if (this.#database === undefined) return true;
    if (!isDamage(cause)) return false;
    this.#leave(database);
    this.#replace(database.name);
    return true;
  }

  /** The log may be what fills the disk. */
  #makeRoom(database: EntryDatabase): boolean {
    try {
      database.checkpoint();
      return true;
    } catch {
      return false;
    }
  }

  /** Somebody may have been first. */
  #replace(name: string): void {
    const next = this.#folder.make();
    if (this.#folder.current() !== name) {
      this.#remove(next);
      return;
    }
    this.#folder.publish(next);
    this.#remove(name);
    this.#counts.damaged += 1;
    this.#database = this.#folder.open(next);
  }

  #remove(name: string): void {
    const removal = this.#folder.remove(name).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  #leave(database: EntryDatabase): void {
    database.close({ isKept: false });
    this.#database = undefined;
  }
}
