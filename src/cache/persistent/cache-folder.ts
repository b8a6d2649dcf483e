import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedEntry } from './engine.js';
import { decodeEntry } from './entry-file.js';
import { isAbsent } from './system-error.js';

/** Backup programs leave out folders with such a file; we know our own by its second line. */
const MARK_FILE = 'CACHEDIR.TAG';
const MARK = 'Signature: 8a477f597d28d172789f06886806bc55\n# A cache of @gary-zero/performance.\n';

const BLOCK_BYTES = 4096;
const TEMPORARY = '.tmp';

/** What a file of this size takes of a usual file system: whole blocks. */
export function diskBytes(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The names within the folder of a cache. */
export class CacheFolder {
  readonly path: string;
  readonly tagsFile: string;
  readonly usageFile: string;
  readonly sweepLockFile: string;
  readonly #entries: string;

  private constructor(path: string) {
    this.path = path;
    this.tagsFile = join(path, 'tags');
    this.usageFile = join(path, 'usage.json');
    this.sweepLockFile = join(path, 'sweep.lock');
    this.#entries = join(path, 'entries');
  }

  /** Makes the folder when it is missing. @throws when it cannot be made or written to. */
  static open(path: string): CacheFolder {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    const mark = join(path, MARK_FILE);
    if (!existsSync(mark)) writeFileSync(mark, MARK);
    return new CacheFolder(path);
  }

  /** `undefined` when there is no folder of a cache. Makes nothing. */
  static async find(path: string): Promise<CacheFolder | undefined> {
    const mark = await readFile(join(path, MARK_FILE), 'utf8').catch(() => '');
    return mark === MARK ? new CacheFolder(path) : undefined;
  }

  entryFile(digest: string): string {
    return `${this.#entries}/${digest.slice(0, 2)}/${digest.slice(2)}`;
  }

  lockFile(digest: string): string {
    return join(this.path, 'locks', digest);
  }

  /** One step, however many entries there are. A write under way finds its folder gone and starts again. */
  setEntriesAside(): void {
    try {
      renameSync(this.#entries, join(this.path, `cleared-${randomUUID()}`));
    } catch (cause) {
      if (!isAbsent(cause)) throw cause;
    }
  }

  /** Removes what clearing set aside. */
  async removeCleared(): Promise<void> {
    const names = await readdir(this.path);
    for (const name of names.filter((each) => each.startsWith('cleared-'))) {
      await rm(join(this.path, name), { recursive: true, force: true });
    }
  }

  shards(): readonly string[] {
    return namesIn(this.#entries).map((name) => join(this.#entries, name));
  }

  /** Files of entries in a shard, and files that a write has not put in place yet. */
  filesIn(shard: string): { readonly entries: readonly string[]; readonly temporary: readonly string[] } {
    const files = namesIn(shard).map((name) => join(shard, name));
    return {
      entries: files.filter((file) => !file.endsWith(TEMPORARY)),
      temporary: files.filter((file) => file.endsWith(TEMPORARY)),
    };
  }

  /** Files that should be entries, whatever is in them. */
  countFiles(): number {
    return this.shards().reduce((sum, shard) => sum + this.filesIn(shard).entries.length, 0);
  }

  lockFiles(): readonly string[] {
    const folder = join(this.path, 'locks');
    return namesIn(folder).map((name) => join(folder, name));
  }

  async *entries(): AsyncIterable<ListedEntry> {
    for (const shard of this.shards()) {
      for (const path of this.filesIn(shard).entries) {
        const file = await readFile(path).catch(() => undefined);
        if (file === undefined) continue;
        const found = decodeEntry(file);
        if (found.header !== undefined) yield { ...found, bytes: diskBytes(file.length) };
      }
    }
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw cause;
  }
}
