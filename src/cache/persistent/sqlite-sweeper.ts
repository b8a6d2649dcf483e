import { fs } from '../../built-ins.js';
import type { Cancel, Clock } from '../../clock.js';
import type { CacheFolder } from './cache-folder.js';
import type { EngineCounts } from './engine.js';
import { takeLock, type HeldLock } from './lock-file.js';
import type { SqliteFolder } from './sqlite-folder.js';
import type { SqliteStore } from './sqlite-store.js';
import { Pause } from './pause.js';

export interface SqliteSweeperOptions {
  readonly folder: CacheFolder;
  readonly databases: SqliteFolder;
  readonly store: SqliteStore;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly counts: EngineCounts;
}

const INTERVAL_MS = 10_000;
/** A sweep works for this long, then pauses: it takes at most a fifth of the time of its thread. */
const WORK_MS = 5;
const PAUSE_MS = 20;
/** After a sweep comes a rest of so many times what it took: many entries are looked at less often. */
const REST = 20;
/** A process that dies with the lock is noticed; this is for one that hangs. */
const LOCK_SECONDS = 600;
/** A lock that old belongs to a process that was killed. */
const LEFT_BEHIND_MS = 3_600_000;
/** A process looks how full the database is whenever it has written so much of the limit. */
const LOOK_FROM = 1 / 64;
/** Once over the limit, entries leave until it is this full. */
const EVICT_TO = 0.95;
/** A write waits for room when the database is this much too full. */
const WAIT_FROM = 1.05;

/**
 * Keeps the database small: removes entries that are over, and old ones when it takes more than `maxBytes`. What it
 * takes, SQLite knows at any time, and for all processes alike. So each evicts when its own writes pass the limit;
 * what is over is sought by one at a time, as that means to look at all entries. An index of their ends would make
 * every write slower by a third.
 */
export class SqliteSweeper {
  readonly #given: SqliteSweeperOptions;
  /** Bytes written since the last look at the size; the first write always looks. */
  #unseen = Infinity;
  #isDirty = false;
  #nextDue = Infinity;
  #restsUntil = -Infinity;
  #stop: Cancel | undefined;
  #isClosed = false;
  readonly #pause = new Pause(PAUSE_MS);
  #sweeping: Promise<void> | undefined;
  #evicting: Promise<void> | undefined;

  constructor(given: SqliteSweeperOptions) {
    this.#given = given;
  }

  /** Something was written or removed. A promise only when writing on would pass the limit further. */
  changed(bytes: number): void | Promise<void> {
    const { clock, maxBytes } = this.#given;
    this.#isDirty = true;
    if (this.#stop === undefined && !this.#isClosed)
      this.#stop = clock.every(INTERVAL_MS, () => this.#tick());
    if (maxBytes === Infinity) return undefined;
    this.#unseen += bytes;
    return this.#unseen < maxBytes * LOOK_FROM ? undefined : this.#makeRoom();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop?.();
    this.#pause.end();
    await Promise.all([this.#sweeping, this.#evicting]);
  }

  #makeRoom(): void | Promise<void> {
    const { maxBytes } = this.#given;
    this.#unseen = 0;
    const used = this.#usedBytes();
    if (used <= maxBytes) return undefined;
    this.#evicting ??= this.#evict().finally(() => (this.#evicting = undefined));
    return used > maxBytes * WAIT_FROM ? this.#evicting : undefined;
  }

  /** 0 when that cannot be found out now: the write it follows has succeeded. */
  #usedBytes(): number {
    try {
      return (
        this.#given.store.ask((database) => {
          database.keepOrder();
          return database.usedBytes();
        }) ?? 0
      );
    } catch {
      return 0;
    }
  }

  /** What fails is left to the next write. */
  async #evict(): Promise<void> {
    const { store, maxBytes, clock, counts } = this.#given;
    let turn = clock.now();
    try {
      while (!this.#isClosed) {
        const evicted = store.ask((database) => {
          const excess = database.usedBytes() - maxBytes * EVICT_TO;
          return excess > 0 ? database.evict(excess) : 0;
        });
        if (evicted === undefined || evicted === 0) return;
        counts.evictions += evicted;
        if (clock.now() - turn < WORK_MS) continue;
        await immediate();
        turn = clock.now();
      }
    } catch {
      this.#unseen = Infinity;
    }
  }

  #tick(): void {
    const { clock } = this.#given;
    const isDue = this.#isDirty || clock.wallNow() >= this.#nextDue;
    if (!isDue || clock.now() < this.#restsUntil) return;
    this.#sweeping ??= this.#sweepAlone().finally(() => (this.#sweeping = undefined));
  }

  async #sweepAlone(): Promise<void> {
    const { folder, clock } = this.#given;
    let lock: HeldLock | undefined;
    try {
      lock = takeLock(folder.sweepLockFile, LOCK_SECONDS, clock);
      if (lock === undefined) return;
      this.#isDirty = false;
      await this.#sweep();
    } catch {
      // The disk is full or the database locked; readers and writers report that.
      this.#isDirty = true;
    } finally {
      lock?.release();
    }
  }

  async #sweep(): Promise<void> {
    const { folder, databases, clock } = this.#given;
    this.#nextDue = Infinity;
    let worked = 0;
    let turn = clock.now();
    for (let after: number | undefined = -Infinity; after !== undefined && !this.#isClosed;) {
      after = this.#sweepPart(after);
      const took = clock.now() - turn;
      if (took < WORK_MS) continue;
      worked += took;
      await this.#pause.take();
      turn = clock.now();
    }
    databases.removeLeftBehind();
    for (const file of folder.lockFiles()) removeLeftBehind(file);
    this.#restsUntil = clock.now() + worked * REST;
  }

  /** Where the next part begins. */
  #sweepPart(after: number): number | undefined {
    const { store, clock, counts } = this.#given;
    return store.ask((database) => {
      const now = clock.wallNow();
      const part = database.inspectPart(after, now);
      if (part === undefined) return undefined;
      if (part.isAnyOver) counts.expirations += database.removeOver(after, part.last, now);
      this.#nextDue = Math.min(this.#nextDue, part.nextOver);
      return part.last;
    });
  }
}

function removeLeftBehind(file: string): void {
  const changedAt = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (changedAt !== undefined && Date.now() - changedAt > LEFT_BEHIND_MS) fs.rmSync(file, { force: true });
}

function immediate(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
