import { checkKnownOptions, checkRatio } from '../checks.js';
import { toSeconds, type Duration } from '../duration.js';
import { InvalidOptionError } from '../errors.js';

/** Which tiers a call leaves out, for reading and for writing. */
export type SkippedTier = 'memory' | 'secondary';

/** How long entries live and what they depend on. For a whole cache as defaults, for one call as exceptions. */
export interface EntryOptions {
  /** How long an entry counts as fresh. Default: the tier's own default. */
  readonly ttl?: Duration;
  /** Freshness in the memory tier where it shall be shorter: afterwards the tier below is asked again. */
  readonly memoryTtl?: Duration;
  /**
   * How long after its freshness an entry may still be served by `getOrSet`: at once while one refresh runs, and when
   * refreshing fails. Default: not at all.
   */
  readonly grace?: Duration;
  /** Share of the lifetime, 0 to 1, by which it is shortened at random, so that entries do not all end together. @default 0 */
  readonly jitter?: number;
  /** Tiers this call leaves out. */
  readonly skip?: SkippedTier | readonly SkippedTier[];
}

/** For `set`: options of the entry and its tags. */
export interface SetEntryOptions extends EntryOptions {
  /** The entry is gone when one of these is invalidated. */
  readonly tags?: readonly string[];
}

/** For `getOrSet`. */
export interface LoadOptions<T = unknown> extends Omit<EntryOptions, 'ttl'> {
  /** How long the loaded value counts as fresh; may depend on the value. */
  readonly ttl?: Duration | ((value: T) => Duration);
  /** The entry is gone when one of these is invalidated, also while it is being loaded. */
  readonly tags?: readonly string[];
  /** With something stale to serve: how long to wait for the refresh before serving it. Default: not at all. */
  readonly softTimeout?: Duration;
  /** How long to wait for a value before giving up with a TimeoutError; the load goes on and is kept. Default: for ever. */
  readonly hardTimeout?: Duration;
  /**
   * When to refresh an entry that is still fresh, in the background: after this share of its lifetime (0 to 1), or
   * `'probabilistic'`: the more likely the nearer its end and the longer loading takes, so that processes do not all
   * refresh at once (XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention",
   * VLDB 2015). Default: never.
   */
  readonly refreshAhead?: number | 'probabilistic';
  /** How long a loaded `null` or `undefined` is kept. Default: `null` like any value, `undefined` not at all. */
  readonly negativeTtl?: Duration;
  /** How long an error of the loader is kept, in this process, and given to whoever asks. Default: not at all. */
  readonly errorTtl?: Duration;
  /** True: nothing is kept of what is loaded. @default false */
  readonly readOnly?: boolean;
  /** Ends the wait of this caller. When nobody waits any more, the load's own signal is aborted. */
  readonly signal?: AbortSignal;
}

/** Defaults of a cache for its calls. */
export interface CacheDefaults extends EntryOptions {
  readonly softTimeout?: Duration;
  readonly hardTimeout?: Duration;
  readonly refreshAhead?: number | 'probabilistic';
  readonly negativeTtl?: Duration;
}

/** Lifetimes in seconds, checked. */
export interface Lifetime {
  readonly ttl: number | undefined;
  readonly memoryTtl: number | undefined;
  readonly grace: number;
}

const ENTRY_OPTIONS = ['ttl', 'memoryTtl', 'grace', 'jitter', 'skip'] as const;
const SET_OPTIONS: readonly string[] = [...ENTRY_OPTIONS, 'tags'];
const LOAD_OPTIONS: readonly string[] = [
  ...SET_OPTIONS,
  'softTimeout',
  'hardTimeout',
  'refreshAhead',
  'negativeTtl',
  'errorTtl',
  'readOnly',
  'signal',
];

export function checkSetOptions(options: SetEntryOptions): void {
  checkKnownOptions('set', options, SET_OPTIONS);
  checkEntryOptions(options);
}

/** @param owner whose options they are, for messages. */
export function checkLoadOptions(owner: string, options: LoadOptions<never> | undefined): void {
  if (options === undefined) return;
  checkKnownOptions(owner, options, LOAD_OPTIONS);
  checkEntryOptions(options);
  checkLoading(options);
}

/** @throws {InvalidOptionError} */
export function checkDefaults(options: CacheDefaults): CacheDefaults {
  lifetimeOf(options, {});
  checkEntryOptions(options);
  checkLoading(options);
  return options;
}

/** Seconds of an entry's life: what the call says, else what the cache says, shortened by jitter. */
export function lifetimeOf(
  options: EntryOptions,
  defaults: CacheDefaults,
  random: () => number = Math.random,
): Lifetime {
  const given = options.ttl ?? defaults.ttl;
  const jitter = options.jitter ?? defaults.jitter ?? 0;
  const shorten = jitter === 0 ? 1 : 1 - jitter * random();
  const ttl = given === undefined ? undefined : seconds('ttl', given) * shorten;
  const memory = options.memoryTtl ?? defaults.memoryTtl;
  const memoryTtl =
    memory === undefined ? ttl : Math.min(ttl ?? Infinity, seconds('memoryTtl', memory) * shorten);
  const grace = options.grace ?? defaults.grace;
  return { ttl, memoryTtl, grace: grace === undefined || grace === 0 ? 0 : seconds('grace', grace) };
}

export function isSkipped(options: Pick<EntryOptions, 'skip'> | undefined, tier: SkippedTier): boolean {
  const skip = options?.skip;
  return skip !== undefined && (skip === tier || (Array.isArray(skip) && skip.includes(tier)));
}

/** Seconds for which the memory tier may keep what was found below; `undefined` for no limit of its own. */
export function memoryTtlOf(
  options: Pick<EntryOptions, 'memoryTtl'>,
  defaults: CacheDefaults,
): number | undefined {
  const given = options.memoryTtl ?? defaults.memoryTtl;
  return given === undefined ? undefined : seconds('memoryTtl', given);
}

export function seconds(option: string, value: Duration): number {
  return toSeconds(option, value, { allowInfinity: true });
}

function checkEntryOptions(options: Omit<SetEntryOptions, 'ttl'>): void {
  if (options.jitter !== undefined) checkRatio('jitter', options.jitter);
  const { skip } = options;
  if (options.tags !== undefined) checkTags(options.tags);
  if (skip === undefined) return;
  for (const tier of [skip].flat()) {
    if (tier !== 'memory' && tier !== 'secondary') {
      throw new InvalidOptionError('skip', "'memory', 'secondary' or a list of them", tier);
    }
  }
}

function checkLoading(options: Omit<CacheDefaults, keyof EntryOptions>): void {
  const { refreshAhead, softTimeout, hardTimeout, negativeTtl } = options;
  if (refreshAhead !== undefined && refreshAhead !== 'probabilistic')
    checkRatio('refreshAhead', refreshAhead);
  if (softTimeout !== undefined && softTimeout !== 0) seconds('softTimeout', softTimeout);
  if (hardTimeout !== undefined) seconds('hardTimeout', hardTimeout);
  if (negativeTtl !== undefined) seconds('negativeTtl', negativeTtl);
}

/** @throws {InvalidOptionError} for what is no list of texts. */
export function checkTags(tags: unknown): readonly string[] {
  if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== 'string' || tag === '')) {
    throw new InvalidOptionError('tags', 'a list of texts that are not empty', tags);
  }
  return tags as string[];
}
