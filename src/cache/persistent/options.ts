import { resolve } from 'node:path';
import { checkText, withDefaults } from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import { toBytes, toSeconds, type ByteSize, type Duration } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import { toSerializer, type SerializerName } from '../serializer/built-in.js';
import type { Serializer } from '../serializer/serializer.js';
import type { EngineName } from './cache-folder.js';
import type { PersistentEngine } from './engine.js';
import { FileEngine } from './file-engine.js';
import { SqliteEngine } from './sqlite-engine.js';
import { codeOf } from '../error-code.js';

/** Where entries are kept, in which form and how many. */
export interface PersistentCacheOptions {
  /** Folder that belongs to this cache alone; made when missing. @default '.cache' */
  readonly cacheDir?: string;
  /**
   * How values are written: `'json'` as text, `'structured'` (also called `'pickle'`) with Map, Set, Date, errors,
   * cycles and registered classes, `'msgpack'` with the package msgpackr, or one of your own. Entries of another
   * serializer are misses. @default 'json'
   */
  readonly serializer?: SerializerName | Serializer;
  /**
   * What entries may take of the disk, counted in blocks of 4 KiB; the least recently written leave first, in the
   * background, by about a twentieth more than needed. Passed by a few percent at times. Default: no limit.
   */
  readonly maxBytes?: ByteSize;
  /**
   * What keeps the entries. `'files'`: one file each, on any Node. `'sqlite'`: all in one database, for very many small
   * ones; needs Node 22.13. A folder stays with the engine that made it. @default 'files'
   */
  readonly engine?: EngineName;
  /** Lifetime of entries that are set without one. Default: they do not expire. */
  readonly defaultTtl?: Duration;
  /**
   * `'fsync'`: what was set survives a loss of power, for some milliseconds a write. A process that is killed loses
   * nothing either way. @default 'none'
   */
  readonly durability?: 'none' | 'fsync';
  readonly clock?: Clock;
}

const PERSISTENT_DEFAULTS = {
  cacheDir: '.cache',
  serializer: 'json',
  engine: 'files',
  durability: 'none',
  clock: systemClock,
} as const;

const ENGINES = { files: FileEngine, sqlite: SqliteEngine } as const;
const KNOWN = ['cacheDir', 'serializer', 'maxBytes', 'engine', 'defaultTtl', 'durability', 'clock'] as const;

interface OpenedPersistent {
  readonly cacheDir: string;
  readonly serializer: Serializer;
  readonly engine: PersistentEngine;
  /** Seconds. */
  readonly defaultTtl: number;
  readonly clock: Clock;
}

/** Checks the options and opens the folder. @throws {InvalidOptionError} */
export function openPersistent(options: PersistentCacheOptions | undefined): OpenedPersistent {
  const given = withDefaults('PersistentCache', PERSISTENT_DEFAULTS, options, KNOWN);
  const cacheDir = resolve(checkText('cacheDir', given.cacheDir));
  const serializer = toSerializer('serializer', given.serializer);
  const maxBytes = given.maxBytes === undefined ? Infinity : toBytes('maxBytes', given.maxBytes);
  const defaultTtl =
    given.defaultTtl === undefined
      ? Infinity
      : toSeconds('defaultTtl', given.defaultTtl, { allowInfinity: true });
  const { durability, clock } = given;
  if (durability !== 'none' && durability !== 'fsync') {
    throw new InvalidOptionError('durability', "'none' or 'fsync'", durability);
  }
  if (given.engine !== 'files' && given.engine !== 'sqlite') {
    throw new InvalidOptionError('engine', "'files' or 'sqlite'", given.engine);
  }
  try {
    const engine = new ENGINES[given.engine](cacheDir, { maxBytes, durability, clock });
    return { cacheDir, serializer, engine, defaultTtl, clock };
  } catch (cause) {
    if (cause instanceof InvalidOptionError) throw cause;
    const expected = `a folder that can be made and written to (${codeOf(cause)})`;
    throw new InvalidOptionError('cacheDir', expected, cacheDir);
  }
}
