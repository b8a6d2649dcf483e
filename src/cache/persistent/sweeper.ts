import { fs } from '../../built-ins.js';
import type { Cancel, Clock } from '../../clock.js';
import { diskBytes, type CacheFolder } from './cache-folder.js';
import { isOver, type EngineCounts } from './engine.js';
import { decodeEntry, HEAD_BYTES, peekHeader } from './entry-file.js';
import { takeLock, type HeldLock } from './lock-file.js';
import { readStart } from './read-start.js';
import { removeIf } from './remove.js';
import { codeOf } from '../error-code.js';
import { readUsage, writeUsage } from './usage-file.js';
import { Pause } from './pause.js';

export interface SweeperOptions {
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly counts: EngineCounts;
}

const INTERVAL_MS = 10_000;
/** A sweep works for this long, then pauses: it takes at most a fifth of the time of its thread. */
const WORK_MS = 5;
const PAUSE_MS = 20;
/** A process that dies with the lock is noticed; this is for one that hangs. */
const LOCK_SECONDS = 600;
/** A temporary file that old belongs to a write that was killed. */
const LEFT_BEHIND_MS = 3_600_000;
/** Once over the limit, entries leave until it is this full: the next writes need no eviction. */
const EVICT_TO = 0.95;
/** A write waits for room when the folder is this much too full. */
const WAIT_FROM = 1.05;
/** So much of the limit a process may write before it tells the others; a sweep of theirs counts it twice until then. */
const TELL_FROM = 1 / 32;
/** Among so many the oldest are sought: exact for small caches, near enough for large ones. */
const SAMPLE = 512;
const EVICTED_OF_SAMPLE = 0.25;

/**
 * Keeps the folder small: removes entries that are over, and the least recently written ones (by the time of their
 * files) when `maxBytes` is passed. One process at a time does so, in short turns, by a lock file.
 *
 * How much there is: a sweep counts all files; in between every process adds what it writes and shares the sum in a
 * file, so a write never has to count. Where the sum is wrong, after a kill or when somebody meddled, the next sweep
 * puts it right. Only processes that write sweep, after writes and when an entry they know of is due.
 */
export class Sweeper {
  readonly #folder: CacheFolder;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #counts: EngineCounts;
  /** What all processes together had told last. */
  #told = 0;
  /** What this process has changed since. */
  #untold = 0;
  /** The count of all that `#told` rests on. */
  #count = 0;
  #isDirty = false;
  #hasCleared = false;
  #nextDue = Infinity;
  #stop: Cancel | undefined;
  readonly #pause = new Pause(PAUSE_MS);
  #isClosed = false;
  #running: Promise<void> | undefined;
  #shardCursor = Math.floor(Math.random() * 256);

  constructor(folder: CacheFolder, { maxBytes, clock, counts }: SweeperOptions) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#counts = counts;
  }

  /** Something was written or removed; costs next to nothing. */
  changed(bytes: number): void {
    this.#untold += bytes;
    this.#isDirty = true;
    if (this.#stop === undefined && !this.#isClosed) {
      const { bytes: told, count } = readUsage(this.#folder.usageFile);
      [this.#told, this.#count] = [told, count];
      this.#stop = this.#clock.every(INTERVAL_MS, () => this.#tick());
    }
  }

  /** Entries were set aside: nothing is left. */
  cleared(): void {
    this.changed(0);
    this.#hasCleared = true;
    this.#untold = -this.#told;
  }

  /** A promise only when the folder is so full that writing on would pass its limit further. */
  makeRoom(): void | Promise<void> {
    const bytes = this.#told + this.#untold;
    if (bytes <= this.#maxBytes) {
      if (this.#untold > this.#maxBytes * TELL_FROM) void this.#run(async () => this.#tell());
      return undefined;
    }
    const evicting = this.#run(() => this.#evict());
    return bytes > this.#maxBytes * WAIT_FROM ? evicting : undefined;
  }

  /** Tells others what changed and ends. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop?.();
    this.#pause.end();
    await this.#running;
    if (this.#untold !== 0 || this.#hasCleared) {
      await this.#run(async () => {
        if (this.#hasCleared) await this.#folder.removeCleared();
        this.#tell();
      });
    }
  }

  #tick(): void {
    if (!this.#isDirty && this.#clock.wallNow() < this.#nextDue) return;
    void this.#run(async () => {
      this.#isDirty = false;
      await this.#sweep();
      if (this.#told > this.#maxBytes) await this.#evict();
    });
  }

  /** One thing at a time, in this process and among all. What fails is left to the next time: nobody waits for it. */
  #run(work: () => Promise<void>): Promise<void> {
    this.#running ??= this.#withLock(work).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #withLock(work: () => Promise<void>): Promise<void> {
    let lock: HeldLock | undefined;
    try {
      lock = this.#takeLock();
      if (lock !== undefined) await work();
    } catch {
      // The folder was taken away or cannot be written to; readers and writers report that.
      this.#isDirty = true;
    } finally {
      lock?.release();
    }
  }

  /** A disk too full for a lock needs sweeping most; to remove a file twice does no harm. */
  #takeLock(): HeldLock | undefined {
    try {
      return takeLock(this.#folder.sweepLockFile, LOCK_SECONDS, this.#clock);
    } catch (cause) {
      if (codeOf(cause) !== 'ENOSPC') throw cause;
      return { release: () => {} };
    }
  }

  /** Goes through all files: removes what is over or left behind, and counts the rest. */
  async #sweep(): Promise<void> {
    this.#hasCleared = false;
    await this.#folder.removeCleared();
    let total = 0;
    this.#nextDue = Infinity;
    this.#count = readUsage(this.#folder.usageFile).count;
    const startedWith = this.#untold;
    let turn = this.#clock.now();
    for (const shard of this.#folder.shards()) {
      const { entries, temporary } = this.#folder.filesIn(shard);
      for (const file of temporary) this.#removeLeftBehind(file);
      for (const file of entries) {
        total += this.#inspect(file);
        if (this.#clock.now() - turn < WORK_MS) continue;
        if (this.#isClosed) return;
        await this.#pause.take();
        turn = this.#clock.now();
      }
    }
    for (const file of this.#folder.lockFiles()) this.#removeLeftBehind(file);
    // What was written meanwhile is partly counted; the limit is better met too early than too late.
    this.#untold -= startedWith;
    this.#told = total;
    this.#count += 1;
    writeUsage(this.#folder.usageFile, { bytes: total, count: this.#count });
  }

  /** The bytes of an entry that stays. */
  #inspect(file: string): number {
    const now = this.#clock.wallNow();
    const head = readStart(file, HEAD_BYTES);
    if (head === undefined) return 0;
    const header = peekHeader(head.bytes);
    // Readers decide about entries from the future, and about headers that are longer than usual.
    if (header === undefined || (header !== 'longer' && isOver(header, now))) {
      const isStill = (entry: Buffer) => {
        const { header: still } = decodeEntry(entry);
        return still === undefined || isOver(still, now);
      };
      const isRemoved = removeIf(file, isStill) > 0;
      if (isRemoved && header !== undefined) this.#counts.expirations += 1;
      return isRemoved ? 0 : diskBytes(head.size);
    }
    if (header !== 'longer' && header.ttl !== undefined) {
      const over = header.writtenAt + (header.ttl + (header.grace ?? 0)) * 1000;
      this.#nextDue = Math.min(this.#nextDue, over);
    }
    return diskBytes(head.size);
  }

  #removeLeftBehind(file: string): void {
    const changedAt = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (changedAt !== undefined && Date.now() - changedAt > LEFT_BEHIND_MS) fs.rmSync(file, { force: true });
  }

  async #evict(): Promise<void> {
    this.#tell();
    const target = this.#maxBytes * EVICT_TO;
    let turn = this.#clock.now();
    while (this.#told + this.#untold > target && !this.#isClosed) {
      const removed = this.#evictOldestOf(this.#sample());
      // Nothing there: the sum was wrong.
      if (removed === 0) {
        this.#told = -this.#untold;
        break;
      }
      if (this.#clock.now() - turn < WORK_MS) continue;
      await immediate();
      turn = this.#clock.now();
    }
    this.#tell();
  }

  /** Whole shards, until there are enough files; keys are spread over them at random. */
  #sample(): readonly FileAge[] {
    const shards = this.#folder.shards();
    const sample: FileAge[] = [];
    for (let seen = 0; seen < shards.length && sample.length < SAMPLE; seen += 1) {
      this.#shardCursor = (this.#shardCursor + 1) % shards.length;
      for (const file of this.#folder.filesIn(shards[this.#shardCursor]!).entries) {
        const stat = fs.statSync(file, { throwIfNoEntry: false });
        if (stat !== undefined) sample.push({ file, writtenAt: stat.mtimeMs, bytes: diskBytes(stat.size) });
      }
    }
    return sample;
  }

  #evictOldestOf(sample: readonly FileAge[]): number {
    const target = this.#maxBytes * EVICT_TO;
    const oldest = sample.toSorted((a, b) => a.writtenAt - b.writtenAt);
    let removed = 0;
    for (const { file, bytes } of oldest.slice(0, Math.ceil(sample.length * EVICTED_OF_SAMPLE))) {
      if (this.#told + this.#untold <= target) break;
      fs.rmSync(file, { force: true });
      this.#untold -= bytes;
      this.#counts.evictions += 1;
      removed += 1;
    }
    return removed;
  }

  /** Adds what this process changed to the sum of all. */
  #tell(): void {
    const { bytes, count } = readUsage(this.#folder.usageFile);
    // Somebody has counted since, and what this process had not told was among it.
    if (count !== this.#count) this.#untold = 0;
    this.#told = Math.max(0, bytes + this.#untold);
    this.#untold = 0;
    this.#count = count;
    writeUsage(this.#folder.usageFile, { bytes: this.#told, count });
  }
}

interface FileAge {
  readonly file: string;
  readonly writtenAt: number;
  readonly bytes: number;
}

function immediate(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
