import { join } from 'node:path';
import { fs, nodeCrypto, nodeFsPromises } from '../../built-ins.js';
import { InvalidOptionError } from '../../errors.js';
import type { FolderContents, ListedEntry } from './engine.js';
import { decodeEntry } from './entry-file.js';
import { isAbsent } from './system-error.js';

/** What keeps the entries of a folder. */
export type EngineName = 'files' | 'sqlite';

/** Backup programs leave out folders with such a file; we know our own, and their engine, by its second line. */
const MARK_FILE = 'CACHEDIR.TAG';
const SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55\n';
const MARKS = {
  files: `${SIGNATURE}# A cache of @gary-zero/performance.\n`,
  sqlite: `${SIGNATURE}# A cache of @gary-zero/performance, engine sqlite.\n`,
} as const;

const BLOCK_BYTES = 4096;
const TEMPORARY = '.tmp';

/** What a file of this size takes of a usual file system: whole blocks. */
export function diskBytes(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The names within the folder of a cache. */
export class CacheFolder implements FolderContents {
  readonly room = 'in blocks of 4 KiB';
  readonly path: string;
  readonly engine: EngineName;
  readonly tagsFile: string;
  readonly usageFile: string;
  readonly sweepLockFile: string;
  readonly #entries: string;

  private constructor(path: string, engine: EngineName) {
    this.path = path;
    this.engine = engine;
    this.tagsFile = join(path, 'tags');
    this.usageFile = join(path, 'usage.json');
    this.sweepLockFile = join(path, 'sweep.lock');
    this.#entries = join(path, 'entries');
  }

  /**
   * Makes the folder when it is missing. The engine that is first keeps it: entries that one engine removed must not
   * come back with the other. @throws when it cannot be made or written to, or is of another engine.
   */
  static open(path: string, engine: EngineName): CacheFolder {
    fs.mkdirSync(path, { recursive: true });
    fs.accessSync(path, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
    const file = join(path, MARK_FILE);
    if (!fs.existsSync(file)) fs.writeFileSync(file, MARKS[engine]);
    const owner = ownerOf(fs.readFileSync(file, 'utf8')) ?? engine;
    if (owner === engine) return new CacheFolder(path, engine);
    const expected = `a folder of its own, as the engine '${owner}' keeps this one`;
    throw new InvalidOptionError('cacheDir', expected, path);
  }

  /** `undefined` when there is no folder of a cache. Makes nothing. */
  static async find(path: string): Promise<CacheFolder | undefined> {
    const mark = await nodeFsPromises()
      .readFile(join(path, MARK_FILE), 'utf8')
      .catch(() => '');
    const engine = ownerOf(mark);
    return engine === undefined ? undefined : new CacheFolder(path, engine);
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
      fs.renameSync(this.#entries, join(this.path, `cleared-${nodeCrypto().randomUUID()}`));
    } catch (cause) {
      if (!isAbsent(cause)) throw cause;
    }
  }

  async clear(): Promise<void> {
    this.setEntriesAside();
    await this.removeCleared();
  }

  /** Nothing stays open. */
  close(): void {}

  /** Removes what clearing set aside. */
  async removeCleared(): Promise<void> {
    const names = await nodeFsPromises().readdir(this.path);
    for (const name of names.filter((each) => each.startsWith('cleared-'))) {
      await nodeFsPromises().rm(join(this.path, name), { recursive: true, force: true });
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

  count(): number {
    return this.shards().reduce((sum, shard) => sum + this.filesIn(shard).entries.length, 0);
  }

  lockFiles(): readonly string[] {
    const folder = join(this.path, 'locks');
    return namesIn(folder).map((name) => join(folder, name));
  }

  async *entries(): AsyncIterable<ListedEntry> {
    for (const shard of this.shards()) {
      for (const path of this.filesIn(shard).entries) {
        const file = await nodeFsPromises()
          .readFile(path)
          .catch(() => undefined);
        if (file === undefined) continue;
        const found = decodeEntry(file);
        if (found.header !== undefined) yield { ...found, bytes: diskBytes(file.length) };
      }
    }
  }
}

function ownerOf(mark: string): EngineName | undefined {
  return (['files', 'sqlite'] as const).find((engine) => MARKS[engine] === mark);
}

function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw cause;
  }
}
