import { checkPositiveInteger, checkText, withDefaults } from '../checks.js';
import { systemClock, type Clock } from '../clock.js';
import { toBytes, toSeconds, type ByteSize, type Duration } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import type { CloneValue } from './cloned-entry.js';
import { EVICTION_POLICIES, type EvictionPolicy } from './policy/eviction-policy.js';

export interface MemoryCacheOptions {
  /** Entries it may hold; the least recently used leave first. More than 0. @default 1000 */
  readonly maxSize?: number;
  /** Bytes its values may hold, by estimate; measuring each value costs time on `set`. Default: no such limit. */
  readonly maxBytes?: ByteSize;
  /** Lifetime of entries that are set without one. Default: they do not expire. */
  readonly defaultTtl?: Duration;
  /**
   * Who leaves when it is full: `'lru'`, the least recently used, or `'tinylfu'`, what is asked for least often, where
   * that gives more hits; it costs about twice as much on a hit and 84 bytes an entry. @default 'lru'
   */
  readonly policy?: EvictionPolicy;
  /**
   * `'victim'`: objects that had to leave can still be found until the garbage collector takes them, in up to four times
   * `maxSize` entries. It uses memory that is not reclaimed yet, and promises nothing. Default: they are gone.
   */
  readonly weak?: 'victim';
  /**
   * `true`: a copy is kept and everybody gets a copy of his own, by structuredClone or by a function of yours, so that
   * nobody can change what is cached. A hit then costs what copying costs. structuredClone makes instances of classes plain
   * objects, and refuses functions. @default false
   */
  readonly clone?: boolean | CloneValue;
  /**
   * Reports lookups, entries and evictions under this name. A cache inside a CacheManager is reported by the manager,
   * named or not.
   */
  readonly name?: string;
  readonly clock?: Clock;
}

/** For one `set`. */
export interface SetOptions {
  /** Lifetime of this entry instead of the default. */
  readonly ttl?: Duration;
}

const MEMORY_DEFAULTS = { maxSize: 1000, policy: 'lru', clone: false, clock: systemClock } as const;
const KNOWN = ['maxSize', 'maxBytes', 'defaultTtl', 'policy', 'weak', 'clone', 'name', 'clock'] as const;
/** The options, checked. */
interface MemorySettings {
  readonly maxSize: number;
  readonly maxBytes: number | undefined;
  /** Seconds. */
  readonly defaultTtl: number;
  readonly policy: EvictionPolicy;
  readonly weak: 'victim' | undefined;
  readonly clone: CloneValue | undefined;
  readonly name: string | undefined;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} */
export function checkMemoryOptions(options: MemoryCacheOptions | undefined): MemorySettings {
  const given = withDefaults('MemoryCache', MEMORY_DEFAULTS, options, KNOWN);
  const { maxSize, maxBytes, defaultTtl, policy, weak, name, clock } = given;
  if (!EVICTION_POLICIES.includes(policy))
    throw new InvalidOptionError('policy', `one of ${EVICTION_POLICIES.join(', ')}`, policy);
  if (weak !== undefined && weak !== 'victim')
    throw new InvalidOptionError('weak', "'victim' or left out", weak);
  const clone = checkClone(given.clone);
  if (weak !== undefined && clone !== undefined)
    throw new InvalidOptionError('weak', 'left out with clone, as nobody holds the copy that is kept', weak);
  return {
    maxSize: checkPositiveInteger('maxSize', maxSize),
    maxBytes: maxBytes === undefined ? undefined : toBytes('maxBytes', maxBytes),
    defaultTtl:
      defaultTtl === undefined ? Infinity : toSeconds('defaultTtl', defaultTtl, { allowInfinity: true }),
    policy,
    weak,
    clone,
    name: name === undefined ? undefined : checkText('name', name),
    clock,
  };
}

function checkClone(clone: unknown): CloneValue | undefined {
  if (clone === false) return undefined;
  if (clone === true) return (value) => structuredClone(value);
  if (typeof clone === 'function') return clone as CloneValue;
  throw new InvalidOptionError('clone', 'true, false or a function', clone);
}
