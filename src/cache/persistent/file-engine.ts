import { dirname } from 'node:path';
import { fs, nodeCrypto } from '../../built-ins.js';
import type { Clock } from '../../clock.js';
import type { Awaitable, TierLock } from '../tier.js';
import type {
  DamagedEntry,
  EncodedEntry,
  EngineCounts,
  EntryHeader,
  FoundEntry,
  ListedEntry,
  PersistentEngine,
} from './engine.js';
import { decodeEntry, encodeEntry } from './entry-file.js';
import { AT_ONCE_BYTES, flushFolder, overwrite, readEntry, writeLong } from './file-access.js';
import { CacheFolder, diskBytes } from './cache-folder.js';
import { takeLoadLock } from './load-lock.js';
import { removeIf, removeQuietly } from './remove.js';
import { Sweeper } from './sweeper.js';
import { codeOf } from '../error-code.js';
import { isAbsent } from './system-error.js';
import { TagSlots } from './tag-slots.js';

export interface FileEngineOptions {
  /** What the files may take of the disk together. */
  readonly maxBytes: number;
  /** `'fsync'`: what was written survives the loss of power. */
  readonly durability: 'none' | 'fsync';
  readonly clock: Clock;
}

/** Clearing may take the folder away between two steps of a write. */
const WRITE_ATTEMPTS = 5;
/** A file may be recycled again while it is read a second time; a third time means damage. */
const READ_ATTEMPTS = 3;

let processName: string | undefined;
let writes = 0;

/**
 * One file an entry. A file is written beside its place; then the old one is moved away and the new one there. A plain
 * move over the old one would be slower by a factor of 2.8 on ext4, which starts to write out at that moment. A reader
 * in between finds nothing, which a cache may answer, and never half an entry.
 */
export class FileEngine implements PersistentEngine {
  readonly counts: EngineCounts = { evictions: 0, expirations: 0, damaged: 0 };
  readonly tagStore: TagSlots;
  readonly #folder: CacheFolder;
  readonly #sweeper: Sweeper;
  readonly #clock: Clock;
  readonly #isFlushed: boolean;
  /** The latest write under way of each file: an earlier one that ends later must not replace it. */
  readonly #underWay = new Map<string, symbol>();
  #spare: string | undefined;

  /** @throws when the folder cannot be made or written to. */
  constructor(folder: string, { maxBytes, durability, clock }: FileEngineOptions) {
    this.#folder = CacheFolder.open(folder, 'files');
    this.#clock = clock;
    this.#isFlushed = durability === 'fsync';
    this.#sweeper = new Sweeper(this.#folder, { maxBytes, clock, counts: this.counts });
    this.tagStore = new TagSlots(this.#folder.tagsFile, { isFlushed: this.#isFlushed });
  }

  read(key: string): Awaitable<FoundEntry | DamagedEntry | undefined> {
    const file = this.#fileOf(key);
    for (let attempt = 1; ; attempt += 1) {
      const found = readEntry(file);
      if (found === undefined || found instanceof Promise) return found;
      // Its file was recycled while it was read: there is another one by now, or none.
      if (found.header?.key === key || attempt === READ_ATTEMPTS) return found;
    }
  }

  write(header: EntryHeader, body: string | Uint8Array): void | Promise<void> {
    const file = this.#fileOf(header.key);
    const entry = encodeEntry(header, body);
    if (this.#isFlushed || entry.length > AT_ONCE_BYTES) return this.#writeLong(file, entry);
    this.#supersede(file);
    const temporary = temporaryFor(file);
    if (!this.#recycle(file, entry)) {
      this.#attempt(file, temporary, () => {
        fs.writeFileSync(temporary, entry, { flag: 'wx' });
        this.#putInPlace(temporary, file, entry);
      });
    }
    return this.#sweeper.makeRoom();
  }

  async writeAll(entries: readonly EncodedEntry[]): Promise<void> {
    for (const { header, body } of entries) await this.write(header, body);
  }

  discard(key: string, stamp: number): void {
    this.#sweeper.changed(-removeIf(this.#fileOf(key), (entry) => decodeEntry(entry).stamp === stamp));
  }

  /** The time of the file says since when: whoever asks first sets it back, for everyone. */
  settle(key: string, now: number): number {
    const file = this.#fileOf(key);
    const writtenAt = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (writtenAt <= now) return writtenAt;
    fs.utimesSync(file, now / 1000, now / 1000);
    return now;
  }

  remove(key: string): boolean {
    const file = this.#fileOf(key);
    this.#supersede(file);
    const before = fs.statSync(file, { throwIfNoEntry: false });
    if (before === undefined) return false;
    try {
      fs.unlinkSync(file);
    } catch (cause) {
      if (isAbsent(cause)) return false;
      throw cause;
    }
    this.#sweeper.changed(-diskBytes(before.size));
    return true;
  }

  clear(): void {
    this.#underWay.clear();
    this.#spare = undefined;
    this.#folder.setEntriesAside();
    this.#sweeper.cleared();
  }

  entries(): AsyncIterable<ListedEntry> {
    return this.#folder.entries();
  }

  lock(key: string, seconds: number): TierLock | undefined {
    return takeLoadLock(this.#folder, key, seconds, this.#clock);
  }

  close(): Promise<void> {
    this.#dropSpare();
    return this.#sweeper.close();
  }

  async #writeLong(file: string, entry: string | Buffer): Promise<void> {
    const own = Symbol('write');
    this.#underWay.set(file, own);
    const temporary = temporaryFor(file);
    try {
      await this.#attemptLong(file, temporary, entry, own);
    } finally {
      if (this.#underWay.get(file) === own) this.#underWay.delete(file);
    }
    await this.#sweeper.makeRoom();
  }

  async #attemptLong(file: string, temporary: string, entry: string | Buffer, own: symbol): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await writeLong(temporary, entry, this.#isFlushed);
        if (this.#underWay.get(file) === own) this.#putInPlace(temporary, file, entry);
        else fs.rmSync(temporary, { force: true });
        if (this.#isFlushed) await flushFolder(dirname(file));
        return;
      } catch (cause) {
        this.#recover(cause, file, temporary, attempt);
      }
    }
  }

  #attempt(file: string, temporary: string, act: () => void): void {
    for (let attempt = 1; ; attempt += 1) {
      try {
        act();
        return;
      } catch (cause) {
        this.#recover(cause, file, temporary, attempt);
      }
    }
  }

  /** Makes the folder that is missing; anything else goes to the caller, without a file left behind. */
  #recover(cause: unknown, file: string, temporary: string, attempt: number): void {
    removeQuietly(temporary);
    if (codeOf(cause) !== 'ENOENT' || attempt === WRITE_ATTEMPTS) throw cause;
    fs.mkdirSync(dirname(file), { recursive: true });
  }

  /**
   * Writes into the file that the last overwrite replaced. Making a new file is the slowest step by far: ext4 searches
   * for an inode that was not freed in the last seconds, 20 times as long as all the rest takes. Who still reads the
   * recycled file gets bytes whose checksum or key is wrong, and looks again. False: there was none, or it failed.
   */
  #recycle(file: string, entry: string | Buffer): boolean {
    const spare = this.#spare;
    if (spare === undefined) return false;
    this.#spare = undefined;
    try {
      if (overwrite(spare, entry)) {
        this.#putInPlace(spare, file, entry);
        return true;
      }
    } catch {
      // Clearing or a sweep took it away, or the disk refuses; a new file will do or tell.
    }
    removeQuietly(spare);
    return false;
  }

  #putInPlace(temporary: string, file: string, entry: string | Buffer): void {
    const before = fs.statSync(file, { throwIfNoEntry: false });
    if (before !== undefined) this.#setAside(file, before.size);
    fs.renameSync(temporary, file);
    const bytes = diskBytes(Buffer.byteLength(entry));
    this.#sweeper.changed(bytes - (before === undefined ? 0 : diskBytes(before.size)));
  }

  /** Long files are read in several steps, so they are not recycled. */
  #setAside(file: string, size: number): void {
    try {
      if (this.#spare !== undefined || this.#isFlushed || size > AT_ONCE_BYTES) {
        fs.unlinkSync(file);
        return;
      }
      const path = temporaryFor(file);
      fs.renameSync(file, path);
      this.#spare = path;
    } catch (cause) {
      if (!isAbsent(cause)) throw cause;
    }
  }

  #dropSpare(): void {
    if (this.#spare !== undefined) removeQuietly(this.#spare);
    this.#spare = undefined;
  }

  #supersede(file: string): void {
    if (this.#underWay.size > 0) this.#underWay.delete(file);
  }

  /** A digest, so that any text is a key and no key is a path. */
  #fileOf(key: string): string {
    return this.#folder.entryFile(nodeCrypto().hash('sha256', key));
  }
}

function temporaryFor(file: string): string {
  writes += 1;
  processName ??= `${process.pid}-${nodeCrypto().randomBytes(6).toString('hex')}`;
  return `${file}.${processName}-${writes}.tmp`;
}
