import type { Clock } from '../../clock.js';
import { InvalidOptionError } from '../../errors.js';
import type { Awaitable, TierLock } from '../tier.js';
import { CacheFolder } from './cache-folder.js';
import type {
  DamagedEntry,
  EncodedEntry,
  EngineCounts,
  EntryHeader,
  FoundEntry,
  ListedEntry,
  PersistentEngine,
} from './engine.js';
import { takeLoadLock } from './load-lock.js';
import type { EntryDatabase } from './sqlite-database.js';
import { SqliteFolder } from './sqlite-folder.js';
import { loadSqlite, SQLITE_NEEDS } from './sqlite-module.js';
import { BusyQueue } from './sqlite-queue.js';
import { rowBytes, rowOf } from './sqlite-row.js';
import { SqliteStore } from './sqlite-store.js';
import { SqliteSweeper } from './sqlite-sweeper.js';
import { TagSlots } from './tag-slots.js';

export interface SqliteEngineOptions {
  /** What the database may take of the disk, without its log of 4 MiB. */
  readonly maxBytes: number;
  /** `'fsync'`: what was written survives the loss of power; the event loop waits for the disk then. */
  readonly durability: 'none' | 'fsync';
  readonly clock: Clock;
}

/** So many entries are written in one transaction: others wait no longer than for these. */
const BATCH = 200;

/**
 * All entries in one SQLite database. What it is asked it does at once, and makes wait only while another process holds
 * the lock. Tags and the right to load are files beside it, as for the engine with files: neither waits for the lock.
 */
export class SqliteEngine implements PersistentEngine {
  readonly counts: EngineCounts = { evictions: 0, expirations: 0, damaged: 0 };
  readonly tagStore: TagSlots;
  readonly #folder: CacheFolder;
  readonly #store: SqliteStore;
  readonly #sweeper: SqliteSweeper;
  readonly #clock: Clock;
  readonly #reads: BusyQueue;
  readonly #changes: BusyQueue;

  /** @throws when Node has no SQLite, or when the folder cannot be made, written to, or is of another engine. */
  constructor(path: string, { maxBytes, durability, clock }: SqliteEngineOptions) {
    const sqlite = loadSqlite();
    if (sqlite === undefined) {
      const expected = `'files' on Node ${process.version}, as 'sqlite' needs ${SQLITE_NEEDS}`;
      throw new InvalidOptionError('engine', expected, 'sqlite');
    }
    const folder = CacheFolder.open(path, 'sqlite');
    const databases = new SqliteFolder(path, sqlite, { durability });
    const { counts } = this;
    const makeFolder = () => void CacheFolder.open(path, 'sqlite');
    this.#folder = folder;
    this.#store = new SqliteStore(databases, { clock, counts, makeFolder });
    this.#sweeper = new SqliteSweeper({ folder, databases, store: this.#store, maxBytes, clock, counts });
    this.#clock = clock;
    this.#reads = new BusyQueue(clock);
    this.#changes = new BusyQueue(clock);
    this.tagStore = new TagSlots(folder.tagsFile, { isFlushed: durability === 'fsync' });
  }

  read(key: string): Awaitable<FoundEntry | DamagedEntry | undefined> {
    return this.#reads.run(() => this.#store.ask((database) => database.find(key)));
  }

  write(header: EntryHeader, body: string | Uint8Array): void | Promise<void> {
    const row = rowOf(header, body);
    return this.#change(
      () => this.#store.change((database) => database.keep(row)),
      () => this.#sweeper.changed(rowBytes(header.key, body)),
    );
  }

  async writeAll(entries: readonly EncodedEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += BATCH) {
      const batch = entries.slice(from, from + BATCH);
      const rows = batch.map(({ header, body }) => rowOf(header, body));
      const bytes = batch.reduce((sum, { header, body }) => sum + rowBytes(header.key, body), 0);
      await this.#change(
        () => this.#store.change((database) => database.keepAll(rows)),
        () => this.#sweeper.changed(bytes),
      );
    }
  }

  discard(key: string, stamp: number): void {
    try {
      this.#store.ask((database) => database.removeIf(key, stamp));
    } catch {
      // The next reader finds it again.
    }
  }

  /** Without a way to write it down, it counts as written now for this reader alone. */
  settle(key: string, now: number): number {
    try {
      const settled = this.#store.ask((database) => {
        const found = database.find(key);
        if (found?.header === undefined) return now;
        if (found.header.writtenAt <= now) return found.header.writtenAt;
        database.redate(found, now);
        return now;
      });
      return settled ?? now;
    } catch {
      return now;
    }
  }

  remove(key: string): Awaitable<boolean> {
    return this.#changes.run(() => this.#store.ask((database) => database.remove(key)) ?? false);
  }

  clear(): Awaitable<void> {
    return this.#changes.run(() => this.#store.clear());
  }

  async *entries(): AsyncIterable<ListedEntry> {
    const ask = <T>(act: (database: EntryDatabase) => T) => this.#reads.run(() => this.#store.ask(act));
    // What is written from now on is not listed: there might be no end to it.
    const last = (await ask((database) => database.lastPlace())) ?? 0;
    for (let from: number | undefined = -Infinity; from !== undefined;) {
      const start: number = from;
      const page = await ask((database) => database.list(start, last));
      yield* page?.entries ?? [];
      from = page?.next;
    }
  }

  lock(key: string, seconds: number): TierLock | undefined {
    return takeLoadLock(this.#folder, key, seconds, this.#clock);
  }

  async close(): Promise<void> {
    await this.#sweeper.close();
    await this.#store.close();
  }

  #change(act: () => void, andThen: () => void | Promise<void>): void | Promise<void> {
    const waiting = this.#changes.run(act);
    return waiting instanceof Promise ? waiting.then(andThen) : andThen();
  }
}
