import { checkPositiveInteger } from '../checks.js';
import { coarseNow } from '../clock.js';
import { toSeconds } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { ClonedEntry, type CloneValue } from './cloned-entry.js';
import { estimateBytes } from './estimate-bytes.js';
import { checkMemoryOptions, type MemoryCacheOptions, type SetOptions } from './memory-cache-options.js';
import type { MemoryEntry, Outcome } from './memory-entry.js';
import { makePolicyStore } from './policy/eviction-policy.js';
import type { PolicyStore } from './policy/policy-store.js';
import { WeakVictims } from './policy/weak-victims.js';
import type { TagMarks } from './tags.js';
import { reportLookups, reportTier, type LookupCounters } from './tier-metrics.js';
import {
  statsOf,
  type CacheTier,
  type EntryToKeep,
  type TierCounts,
  type TierEntry,
  type TierStats,
} from './tier.js';

export type { MemoryCacheOptions, SetOptions } from './memory-cache-options.js';

/** An entry as the cache manager has it kept. Times in seconds. */
export interface EntryToRemember extends EntryToKeep {
  readonly marks?: TagMarks | undefined;
  readonly outcome?: Outcome | undefined;
}

/** Of a memory cache, with what came back from the garbage, if that is asked for. */
export interface MemoryCacheStats extends TierStats {
  /** Hits with an object that had to leave and was still alive. */
  readonly weakHits?: number;
}

const VICTIMS_PER_ENTRY = 4;
/** Looked at for `stats()`, some microseconds each, and for a collection. */
const SAMPLED_ENTRIES = 100;
const REPORTED_ENTRIES = 10;

/**
 * Keeps values in this process, at most `maxSize` of them. Values are kept by reference: change one and
 * the cached one has changed. Calls answer at once; JavaScript runs them one after another, so nothing needs a lock.
 */
export class MemoryCache implements CacheTier {
  readonly kind = 'memory';
  readonly traits = { answersAtOnce: true, canFail: false, isShared: false } as const;
  readonly #now: () => number;
  readonly #maxBytes: number | undefined;
  readonly #defaultTtl: number;
  readonly #store: PolicyStore<MemoryEntry>;
  readonly #clone: CloneValue | undefined;
  readonly #victims: WeakVictims<MemoryEntry> | undefined;
  #counters: LookupCounters | undefined;
  #stopReporting: (() => void) | undefined;
  #hitsOfManager: () => number = () => 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  #expirations = 0;

  constructor(options?: MemoryCacheOptions) {
    const { maxSize, maxBytes, defaultTtl, policy, weak, clone, name, clock } = checkMemoryOptions(options);
    this.#now = coarseNow(clock);
    this.#maxBytes = maxBytes;
    this.#defaultTtl = defaultTtl;
    this.#clone = clone;
    this.#victims = weak === undefined ? undefined : new WeakVictims(VICTIMS_PER_ENTRY * maxSize);
    this.#store = makePolicyStore(policy, {
      max: maxSize,
      maxBytes,
      onEvict: (key, entry) => this.#onEvict(key, entry),
    });
    if (name === undefined) return;
    this.#counters = reportLookups(name, this.kind);
    this.#stopReporting = reportTier(name, this);
  }

  /** The value, or `undefined` when it is not here or its time is over. */
  get<T = unknown>(key: string): T | undefined {
    const entry = this.find(key);
    if (entry === undefined || entry.freshUntil <= this.#now()) {
      this.#misses += 1;
      this.#counters?.miss.add(1);
      return undefined;
    }
    this.#hits += 1;
    this.#counters?.hit.add(1);
    return entry.value as T;
  }

  /** Keeps a value. `undefined` means "nothing": it deletes the entry. */
  set(key: string, value: unknown, options?: SetOptions): void {
    checkKey(key);
    const ttl = options?.ttl;
    if (value === undefined) this.delete(key);
    else if (ttl === undefined) this.remember(key, { value, grace: 0 });
    else this.remember(key, { value, grace: 0, ttl: toSeconds('ttl', ttl, { allowInfinity: true }) });
  }

  /** True when a `get` would find something; counts nothing and leaves the order of use as it is. */
  has(key: string): boolean {
    const entry = this.#store.peek(key);
    return entry !== undefined && entry.freshUntil > this.#now();
  }

  delete(key: string): boolean {
    const wasVictim = this.#victims?.delete(key) === true;
    return this.#store.delete(key) || wasVictim;
  }

  clear(): void {
    this.#victims?.clear();
    this.#store.clear();
  }

  /** Keys of the entries whose time is not over, the most recently used first. */
  keys(): string[] {
    const now = this.#now();
    return this.#store.keys().filter((key) => this.#store.peek(key)!.freshUntil > now);
  }

  get size(): number {
    return this.#store.size;
  }

  get maxSize(): number {
    return this.#store.max;
  }

  /** Changes how many entries it may hold; the least recently used leave when it shrinks. Takes time by its size. */
  resize(maxSize: number): void {
    this.#store.resize(checkPositiveInteger('maxSize', maxSize));
  }

  /** The entry, whether its time is over or not, counted nowhere: for whoever looks at its times himself. */
  lookUp(key: string): MemoryEntry | undefined {
    const entry = this.#store.get(key);
    return entry === undefined && this.#victims !== undefined ? this.#revive(key, this.#victims) : entry;
  }

  /** The entry as long as it is kept, stale or not, counted nowhere: for the cache manager. */
  find(key: string): MemoryEntry | undefined {
    const entry = this.lookUp(key);
    if (entry === undefined || entry.freshUntil + entry.grace > this.#now()) return entry;
    this.#expirations += 1;
    this.#store.delete(key);
    return undefined;
  }

  /** Keeps an entry with all a cache manager knows of it. */
  remember(key: string, entry: EntryToRemember): MemoryEntry {
    const kept = this.entryOf(entry);
    this.put(key, kept);
    return kept;
  }

  put(key: string, entry: MemoryEntry): void {
    this.#victims?.delete(key);
    if (this.#maxBytes === undefined) this.#store.set(key, entry);
    else this.#store.set(key, entry, estimateBytes(entry.value) + estimateBytes(key));
  }

  /** The entry as it would be kept, from now on. */
  entryOf(entry: EntryToRemember): MemoryEntry {
    const { value, ttl = this.#defaultTtl, grace, loadSeconds = 0, marks, outcome = 'value' } = entry;
    const kept = {
      value,
      outcome,
      freshUntil: ttl === Infinity ? Infinity : this.#now() + ttl * 1000,
      grace: grace * 1000,
      lifetime: ttl * 1000,
      loadMs: loadSeconds * 1000,
      tags: marks,
      promise: undefined,
      retryAt: 0,
    };
    return this.#clone === undefined ? kept : new ClonedEntry(kept, this.#clone);
  }

  getEntry(key: string): TierEntry | undefined {
    const entry = this.find(key);
    if (entry === undefined) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
    const { value, freshUntil, grace } = entry;
    return { value, ttl: (freshUntil - this.#now()) / 1000, grace: grace / 1000 };
  }

  setEntry(key: string, entry: EntryToKeep): void {
    this.remember(key, entry);
  }

  counts(): TierCounts {
    return {
      hits: this.#hits + this.#hitsOfManager(),
      misses: this.#misses,
      size: this.#store.size,
      maxSize: this.#store.max,
      ...(this.#maxBytes !== undefined && { maxBytes: this.#maxBytes }),
      evictions: this.#evictions,
      expirations: this.#expirations,
    };
  }

  stats(): MemoryCacheStats {
    const stats = statsOf(this.counts(), this.#bytes(SAMPLED_ENTRIES));
    return this.#victims === undefined ? stats : { ...stats, weakHits: this.#victims.hits };
  }

  /** From a small sample, unless there is a limit of bytes: this is asked at each collection. */
  usage(): number {
    return this.#bytes(REPORTED_ENTRIES);
  }

  /** Leaves reporting to the cache manager it now belongs to, which counts its hits itself: one counter less a hit. */
  leaveReporting(hitsOfManager: () => number): void {
    this.#stopReporting?.();
    this.#counters = undefined;
    this.#hitsOfManager = hitsOfManager;
  }

  /** What the cache manager did not find here, for the cache's own counts. */
  countMiss(): void {
    this.#misses += 1;
  }

  #onEvict(key: string, entry: MemoryEntry): void {
    this.#evictions += 1;
    // The entry without its value: that one is held weakly.
    this.#victims?.keep(key, entry.value, { ...entry, value: undefined, promise: undefined });
  }

  #revive(key: string, victims: WeakVictims<MemoryEntry>): MemoryEntry | undefined {
    const victim = victims.take(key);
    if (victim === undefined) return undefined;
    const entry = { ...victim.rest, value: victim.value };
    this.put(key, entry);
    return entry;
  }

  /** From a sample: looking at every value would take as long as there are values. */
  #bytes(sampleSize: number): number {
    if (this.#maxBytes !== undefined) return this.#store.bytes;
    let [bytes, sampled] = [0, 0];
    for (const key of this.#store.keys(sampleSize)) {
      bytes += estimateBytes(key) + estimateBytes(this.#store.peek(key)!.value);
      sampled += 1;
    }
    return sampled === 0 ? 0 : Math.round((bytes / sampled) * this.#store.size);
  }
}

export function checkKey(key: unknown): string {
  if (typeof key !== 'string') throw new InvalidOptionError('cache key', 'a text', key);
  return key;
}
