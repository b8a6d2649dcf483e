import { createHash, randomUUID } from 'node:crypto';
import { constants, accessSync, mkdirSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { checkText, withDefaults } from '../checks.js';
import { systemClock, type Clock } from '../clock.js';
import { toSeconds, type Duration } from '../duration.js';
import { InvalidOptionError, TierError } from '../errors.js';
import { checkKey, type SetOptions } from './memory-cache.js';
import {
  statsOf,
  type CacheTier,
  type EntryToKeep,
  type TierCounts,
  type TierEntry,
  type TierStats,
} from './tier.js';

export interface PersistentCacheOptions {
  /** Folder that belongs to this cache alone; made when missing. @default '.cache' */
  readonly cacheDir?: string;
  /** Lifetime of entries that are set without one. Default: they do not expire. */
  readonly defaultTtl?: Duration;
  readonly clock?: Clock;
}

interface Header {
  readonly format: number;
  readonly key: string;
  /** Milliseconds since 1970; absent: does not expire. */
  readonly expiresAt?: number;
  readonly checksum: string;
}

const PERSISTENT_DEFAULTS = { cacheDir: '.cache', clock: systemClock } as const;
/** Changes with the layout of a file; files of another format are misses. */
const FORMAT = 1;

/**
 * Keeps values as JSON files in a folder, one a key, where they survive the process. A file is written beside its place
 * and moved there, so a reader sees the old entry or the new one, never half of one; a checksum and the key inside
 * tell a damaged or foreign file, which counts as a miss.
 */
export class PersistentCache implements CacheTier {
  readonly kind = 'persistent';
  readonly traits = { answersAtOnce: false, canFail: true, isShared: true } as const;
  readonly cacheDir: string;
  readonly #clock: Clock;
  readonly #defaultTtl: number;
  #hits = 0;
  #misses = 0;
  #expirations = 0;

  /** @throws {InvalidOptionError} when the folder cannot be made or written to. */
  constructor(options?: PersistentCacheOptions) {
    const known = ['cacheDir', 'defaultTtl', 'clock'] as const;
    const { cacheDir, defaultTtl, clock } = withDefaults(
      'PersistentCache',
      PERSISTENT_DEFAULTS,
      options,
      known,
    );
    this.cacheDir = resolve(checkText('cacheDir', cacheDir));
    this.#clock = clock;
    this.#defaultTtl =
      defaultTtl === undefined ? Infinity : toSeconds('defaultTtl', defaultTtl, { allowInfinity: true });
    try {
      mkdirSync(this.cacheDir, { recursive: true });
      accessSync(this.cacheDir, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
      throw new InvalidOptionError(
        'cacheDir',
        `a folder that can be made and written to (${code})`,
        this.cacheDir,
      );
    }
  }

  async get<T = unknown>(key: string): Promise<T | undefined> {
    return (await this.getEntry(key))?.value as T | undefined;
  }

  /** Keeps a value. @throws {TierError} when JSON cannot carry it or the disk refuses it. */
  async set(key: string, value: unknown, options?: SetOptions): Promise<void> {
    const ttl =
      options?.ttl === undefined ? undefined : toSeconds('ttl', options.ttl, { allowInfinity: true });
    if (value === undefined) await this.delete(key);
    else await this.setEntry(key, { value, grace: 0, ...(ttl !== undefined && { ttl }) });
  }

  async getEntry(key: string): Promise<TierEntry | undefined> {
    const file = this.#fileOf(key);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (cause) {
      this.#misses += 1;
      if (isAbsent(cause)) return undefined;
      throw new TierError('persistent', `reading failed (${codeOf(cause)})`, { cause });
    }
    const found = this.#decode(key, text);
    if (found === undefined || found.ttl <= 0) {
      this.#misses += 1;
      if (found !== undefined) this.#expirations += 1;
      await this.#removeUnlessReplaced(file, text);
      return undefined;
    }
    this.#hits += 1;
    return found;
  }

  async setEntry(key: string, { value, ttl = this.#defaultTtl }: EntryToKeep): Promise<void> {
    const file = this.#fileOf(key);
    const text = this.#encode(key, value, ttl);
    const temporary = `${file}.${process.pid}.${randomUUID()}.tmp`;
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(temporary, text, { flag: 'wx' });
      await rename(temporary, file);
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => {});
      throw new TierError('persistent', `writing failed (${codeOf(cause)})`, { cause });
    }
  }

  async has(key: string): Promise<boolean> {
    try {
      const found = this.#decode(key, await readFile(this.#fileOf(key), 'utf8'));
      return found !== undefined && found.ttl > 0;
    } catch {
      return false;
    }
  }

  async delete(key: string): Promise<boolean> {
    const file = this.#fileOf(key);
    try {
      await rm(file);
      return true;
    } catch (cause) {
      if (isAbsent(cause)) return false;
      throw new TierError('persistent', `deleting failed (${codeOf(cause)})`, { cause });
    }
  }

  /** Removes all entries. */
  async clear(): Promise<void> {
    try {
      await rm(this.#entriesDir(), { recursive: true, force: true });
    } catch (cause) {
      throw new TierError('persistent', `clearing failed (${codeOf(cause)})`, { cause });
    }
  }

  counts(): TierCounts {
    return {
      hits: this.#hits,
      misses: this.#misses,
      size: undefined,
      maxSize: Infinity,
      evictions: 0,
      expirations: this.#expirations,
    };
  }

  stats(): TierStats {
    return statsOf(this.counts(), 0);
  }

  #encode(key: string, value: unknown, ttl: number): string {
    let body: string | undefined;
    try {
      body = JSON.stringify(value);
    } catch (cause) {
      throw new TierError('persistent', 'the value cannot be written as JSON', { cause });
    }
    if (body === undefined) throw new TierError('persistent', 'the value cannot be written as JSON');
    const expires = Number.isFinite(ttl) ? { expiresAt: this.#clock.wallNow() + ttl * 1000 } : {};
    const header: Header = { format: FORMAT, key, ...expires, checksum: checksumOf(body) };
    return `${JSON.stringify(header)}\n${body}\n`;
  }

  #decode(key: string, text: string): TierEntry | undefined {
    const end = text.indexOf('\n');
    if (end < 0) return undefined;
    try {
      const header = JSON.parse(text.slice(0, end)) as Header;
      const body = text.slice(end + 1, -1);
      if (header.format !== FORMAT || header.key !== key || header.checksum !== checksumOf(body))
        return undefined;
      const ttl =
        header.expiresAt === undefined ? Infinity : (header.expiresAt - this.#clock.wallNow()) / 1000;
      return { value: JSON.parse(body), ttl, grace: 0 };
    } catch {
      return undefined;
    }
  }

  /** Another process may have put a good entry there in the meantime. */
  async #removeUnlessReplaced(file: string, text: string): Promise<void> {
    const now = await readFile(file, 'utf8').catch(() => undefined);
    if (now === text) await rm(file, { force: true }).catch(() => {});
  }

  #entriesDir(): string {
    return join(this.cacheDir, 'entries');
  }

  /** A digest, so that any text is a key and no key is a path. */
  #fileOf(key: string): string {
    const digest = createHash('sha256').update(checkKey(key)).digest('hex');
    return join(this.#entriesDir(), digest.slice(0, 2), `${digest.slice(2)}.json`);
  }
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown';
}

function isAbsent(cause: unknown): boolean {
  return codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
}
