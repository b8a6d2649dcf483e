import { checkBoolean, checkKnownOptions, checkPositiveInteger, checkText, withDefaults } from '../checks.js';
import { systemClock, type Clock } from '../clock.js';
import { toBytes, toSeconds, type ByteSize, type Duration } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { CacheBudget } from './budget/cache-budget.js';
import type { CloneValue } from './cloned-entry.js';
import { EVICTION_POLICIES, type EvictionPolicy } from './policy/eviction-policy.js';

/** Bounds of a cache in memory, and what leaves it first. */
export interface MemoryCacheOptions {
  /**
   * Entries it may hold; the least recently used leave first. More than 0. With a `budget` it is bounded by that, so
   * the default is no such limit. @default 1000
   */
  readonly maxSize?: number;
  /** Bytes its values may hold, by estimate; measuring each value costs time on `set`. Default: no such limit. */
  readonly maxBytes?: ByteSize;
  /**
   * A budget of bytes it shares with other caches: while that is full, the entries leave that are worth least for their
   * size, whichever cache they are in. `maxSize` and `maxBytes` hold besides. It takes the place of `policy`.
   */
  readonly budget?: CacheBudget;
  /** `true`: within the budget it loses nothing to other caches. Needs a `maxBytes` of its own. @default false */
  readonly pinned?: boolean;
  /**
   * `true`: draws a curve of how often it would hit if it was larger or smaller, see `MemoryCache.curve`, from 2,048
   * sampled keys or as many as you say. It takes 90 bytes for each; hits of keys that are not sampled cost some
   * nanoseconds more, misses and writes what hashing the key costs. @default false
   */
  readonly curve?: boolean | CurveOptions;
  /** Lifetime of entries that are set without one. Default: they do not expire. */
  readonly defaultTtl?: Duration;
  /**
   * Who leaves when it is full: `'lru'`, the least recently used, or `'tinylfu'`, what is asked for least often, where
   * that gives more hits; it costs about twice as much on a hit and 84 bytes an entry. @default 'lru'
   */
  readonly policy?: EvictionPolicy;
  /**
   * `'victim'`: objects that had to leave can still be found until the garbage collector takes them, in up to four times
   * `maxSize` entries, or 10,000 without that. It uses memory that is not reclaimed yet, and promises nothing. Default: they are gone.
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

/** How closely a cache follows what it would hit at other sizes. */
export interface CurveOptions {
  /** Keys that are followed. More of them make it more exact, and a cache with fewer keys has an exact one. */
  readonly samples: number;
}

/** For one `set`. */
export interface SetOptions {
  /** Lifetime of this entry instead of the default. */
  readonly ttl?: Duration;
}

const MEMORY_DEFAULTS = {
  policy: 'lru',
  clone: false,
  pinned: false,
  curve: false,
  clock: systemClock,
} as const;
const DEFAULT_MAX_SIZE = 1000;
const DEFAULT_SAMPLES = 2048;
const KNOWN = [
  'maxSize',
  'maxBytes',
  'budget',
  'pinned',
  'curve',
  'defaultTtl',
  'policy',
  'weak',
  'clone',
  'name',
  'clock',
] as const;
/** The options, checked. */
interface MemorySettings {
  readonly maxSize: number;
  readonly maxBytes: number | undefined;
  readonly budget: CacheBudget | undefined;
  readonly isPinned: boolean;
  /** Keys a curve shall follow; `undefined` without a curve. */
  readonly samples: number | undefined;
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
  const { maxSize, maxBytes, budget, pinned, curve, defaultTtl, policy, weak, name, clock } = given;
  if (!EVICTION_POLICIES.includes(policy))
    throw new InvalidOptionError('policy', `one of ${EVICTION_POLICIES.join(', ')}`, policy);
  if (weak !== undefined && weak !== 'victim')
    throw new InvalidOptionError('weak', "'victim' or left out", weak);
  const clone = checkClone(given.clone);
  if (weak !== undefined && clone !== undefined)
    throw new InvalidOptionError('weak', 'left out with clone, as nobody holds the copy that is kept', weak);
  const isPinned = checkBoolean('pinned', pinned);
  checkBudget(budget, { isPinned, maxBytes, policy: options?.policy });
  const defaultSize = budget === undefined ? DEFAULT_MAX_SIZE : Infinity;
  return {
    maxSize: maxSize === undefined ? defaultSize : checkPositiveInteger('maxSize', maxSize),
    maxBytes: maxBytes === undefined ? undefined : toBytes('maxBytes', maxBytes),
    budget,
    isPinned,
    samples: samplesOf(curve),
    defaultTtl:
      defaultTtl === undefined ? Infinity : toSeconds('defaultTtl', defaultTtl, { allowInfinity: true }),
    policy,
    weak,
    clone,
    name: name === undefined ? undefined : checkText('name', name),
    clock,
  };
}

function checkBudget(
  budget: unknown,
  { isPinned, maxBytes, policy }: { isPinned: boolean; maxBytes: unknown; policy: unknown },
): void {
  if (budget === undefined) {
    if (isPinned) throw new InvalidOptionError('pinned', 'left out without a budget', isPinned);
    return;
  }
  if (!(budget instanceof CacheBudget)) throw new InvalidOptionError('budget', 'a CacheBudget', budget);
  if (policy !== undefined)
    throw new InvalidOptionError('policy', 'left out with a budget, which decides who leaves', policy);
  if (isPinned && maxBytes === undefined)
    throw new InvalidOptionError('maxBytes', 'given with pinned, as nothing else bounds the cache', maxBytes);
}

function samplesOf(curve: boolean | CurveOptions): number | undefined {
  if (curve === false) return undefined;
  if (curve === true) return DEFAULT_SAMPLES;
  checkKnownOptions('curve', curve, ['samples']);
  return checkPositiveInteger('curve.samples', curve.samples);
}

function checkClone(clone: unknown): CloneValue | undefined {
  if (clone === false) return undefined;
  if (clone === true) return (value) => structuredClone(value);
  if (typeof clone === 'function') return clone as CloneValue;
  throw new InvalidOptionError('clone', 'true, false or a function', clone);
}
