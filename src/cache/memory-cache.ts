import { checkPositiveInteger } from '../checks.js';
import { coarseNow } from '../clock.js';
import { toSeconds } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import type { BudgetMember } from './budget/budget-member.js';
import { ClonedEntry, type CloneValue } from './cloned-entry.js';
import type { CacheCurve } from './curve/cache-curve.js';
import { MissRatioCurve } from './curve/miss-ratio-curve.js';
import { estimateBytes } from './estimate-bytes.js';
import { checkMemoryOptions, type MemoryCacheOptions, type SetOptions } from './memory-cache-options.js';
import { entryFrom, type EntryToRemember, type MemoryEntry } from './memory-entry.js';
import { makePolicyStore } from './policy/eviction-policy.js';
import type { EvictReason, PolicyStore } from './policy/policy-store.js';
import { WeakVictims } from './policy/weak-victims.js';
import { sampledBytes } from './sampled-bytes.js';
import { reportLookups, reportTier, type LookupCounters } from './tier-metrics.js';
import {
  statsOf,
  type CacheTier,
  type EntryToKeep,
  type TierCounts,
  type TierEntry,
  type TierStats,
} from './tier.js';

export type { CurveOptions, MemoryCacheOptions, SetOptions } from './memory-cache-options.js';

/** Of a memory cache, with what came back from the garbage, if that is asked for. */
export interface MemoryCacheStats extends TierStats {
  /** Hits with an object that had to leave and was still alive. */
  readonly weakHits?: number;
}

const VICTIMS_PER_ENTRY = 4;
/** Where nothing bounds the number of entries. */
const MAX_VICTIMS = 10_000;
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
  readonly #countsBytes: boolean;
  readonly #defaultTtl: number;
  readonly #store: PolicyStore<MemoryEntry>;
  readonly #clone: CloneValue | undefined;
  readonly #victims: WeakVictims<MemoryEntry> | undefined;
  readonly #curve: MissRatioCurve | undefined;
  readonly #member: BudgetMember | undefined;
  #counters: LookupCounters | undefined;
  #stopReporting: (() => void) | undefined;
  #hitsOfManager: () => number = () => 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  #budgetEvictions = 0;
  #expirations = 0;

  constructor(options?: MemoryCacheOptions) {
    const settings = checkMemoryOptions(options);
    const { maxSize, maxBytes, budget, samples, defaultTtl, policy, weak, clone, name, clock } = settings;
    this.#now = coarseNow(clock);
    this.#maxBytes = maxBytes;
    this.#countsBytes = maxBytes !== undefined || budget !== undefined;
    this.#defaultTtl = defaultTtl;
    this.#clone = clone;
    const victims = Math.min(VICTIMS_PER_ENTRY * maxSize, maxSize === Infinity ? MAX_VICTIMS : Infinity);
    this.#victims = weak === undefined ? undefined : new WeakVictims(victims);
    const unit = this.#countsBytes ? 'bytes' : 'entries';
    const kept = () => (this.#countsBytes ? this.#store.bytes : this.#store.size);
    this.#curve =
      samples === undefined ? undefined : new MissRatioCurve({ unit, samples, now: this.#now, kept });
    const onEvict = this.#onEvict.bind(this);
    this.#member = budget?.join({
      ...settings,
      name: name ?? 'unnamed',
      curve: this.#curve,
      counts: () => this.counts(),
      onEvict,
      isOver: ({ freshUntil, grace }) => freshUntil + grace <= this.#now(),
    });
    this.#store = this.#member?.store ?? makePolicyStore(policy, { max: maxSize, maxBytes, onEvict });
    if (name === undefined) return;
    this.#counters = reportLookups(name, this.kind);
    this.#stopReporting = reportTier(name, this);
  }

  /** The value, or `undefined` when it is not here or its time is over. */
  get<T = unknown>(key: string): T | undefined {
    const entry = this.find(key);
    if (entry === undefined || entry.freshUntil <= this.#now()) {
      this.countMiss(key);
      this.#counters?.miss.add(1);
      return undefined;
    }
    this.#hits += 1;
    this.#counters?.hit.add(1);
    return this.used(entry).value as T;
  }

  /** Keeps a value. `undefined` means "nothing": it deletes the entry. */
  set(key: string, value: unknown, options?: SetOptions): void {
    checkKey(key);
    const ttl = options?.ttl;
    if (value === undefined) this.delete(key);
    else if (ttl === undefined) this.setEntry(key, { value, grace: 0 });
    else this.setEntry(key, { value, grace: 0, ttl: toSeconds('ttl', ttl, { allowInfinity: true }) });
  }

  /** True when a `get` would find something; counts nothing and leaves the order of use as it is. */
  has(key: string): boolean {
    const entry = this.#store.peek(key);
    return entry !== undefined && entry.freshUntil > this.#now();
  }

  delete(key: string): boolean {
    const wasVictim = this.#victims?.delete(key) === true;
    this.#curve?.forget(key);
    return this.#store.delete(key) || wasVictim;
  }

  clear(): void {
    this.#victims?.clear();
    this.#curve?.clear();
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

  /** What it would hit if it was larger or smaller; `undefined` unless the option `curve` asks for it. */
  get curve(): CacheCurve | undefined {
    return this.#curve;
  }

  /** Leaves the budget it shares and keeps nothing from then on. Without a budget it does nothing. */
  close(): void {
    this.#member?.leave();
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

  /** Keeps an entry of the tier below with all a cache manager knows of it. */
  remember(key: string, entry: EntryToRemember): MemoryEntry {
    const kept = this.entryOf(entry);
    this.#member?.countFill();
    this.#keep(key, kept);
    return kept;
  }

  /** Keeps an entry that was loaded or set just now. */
  put(key: string, entry: MemoryEntry): void {
    if (entry.loadMs > 0) this.#member?.countLoad(entry.loadMs / 1000);
    this.#keep(key, entry);
  }

  /** The entry as it would be kept, from now on. */
  entryOf(entry: EntryToRemember): MemoryEntry {
    const kept = entryFrom(entry, this.#now(), this.#defaultTtl);
    return this.#clone === undefined ? kept : new ClonedEntry(kept, this.#clone);
  }

  getEntry(key: string): TierEntry | undefined {
    const entry = this.find(key);
    if (entry === undefined) {
      this.countMiss(key);
      return undefined;
    }
    this.#hits += 1;
    this.used(entry);
    const { value, freshUntil, grace } = entry;
    return { value, ttl: (freshUntil - this.#now()) / 1000, grace: grace / 1000 };
  }

  setEntry(key: string, entry: EntryToKeep): void {
    this.put(key, this.entryOf(entry));
  }

  counts(): TierCounts {
    return {
      hits: this.#hits + this.#hitsOfManager(),
      misses: this.#misses,
      size: this.#store.size,
      maxSize: this.#store.max,
      ...(this.#maxBytes !== undefined && { maxBytes: this.#maxBytes }),
      evictions: this.#evictions,
      ...(this.#member !== undefined && { budgetEvictions: this.#budgetEvictions }),
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
  leaveReporting(manager: string, hitsOfManager: () => number): void {
    if (this.#member !== undefined) this.#member.name = manager;
    this.#stopReporting?.();
    this.#counters = undefined;
    this.#hitsOfManager = hitsOfManager;
  }

  /** What the cache manager did not find here, for the cache's own counts. */
  countMiss(key: string): void {
    this.#misses += 1;
    if (this.#curve === undefined) return;
    // Still here, so it is over or was invalidated: a larger cache had not had it either.
    if (this.#store.has(key)) this.#curve.lost(key);
    else this.#curve.miss(key);
  }

  /** Takes note that an entry answers a lookup, for the curve. */
  used(entry: MemoryEntry): MemoryEntry {
    this.#curve?.hit(entry.keyHash);
    return entry;
  }

  #keep(key: string, entry: MemoryEntry): void {
    this.#victims?.delete(key);
    const size = this.#sizeOf(key, entry);
    if (this.#curve !== undefined) entry.keyHash = this.#curve.write(key, size, entry.freshUntil);
    this.#store.set(key, entry, size);
  }

  #onEvict(key: string, entry: MemoryEntry, reason: EvictReason): void {
    if (reason === 'expired') {
      this.#expirations += 1;
      return;
    }
    this.#evictions += 1;
    if (reason === 'budget') this.#budgetEvictions += 1;
    // The entry without its value: that one is held weakly.
    this.#victims?.keep(key, entry.value, { ...entry, value: undefined, promise: undefined });
  }

  #revive(key: string, victims: WeakVictims<MemoryEntry>): MemoryEntry | undefined {
    const victim = victims.take(key);
    if (victim === undefined) return undefined;
    const entry = { ...victim.rest, value: victim.value };
    // The curve is not told: it knows the entry, and that it had left.
    this.#store.set(key, entry, this.#sizeOf(key, entry));
    return entry;
  }

  #bytes(sampleSize: number): number {
    return this.#countsBytes ? this.#store.bytes : sampledBytes(this.#store, sampleSize);
  }

  #sizeOf(key: string, entry: MemoryEntry): number {
    return this.#countsBytes ? estimateBytes(entry.value) + estimateBytes(key) : 1;
  }
}

export function checkKey(key: unknown): string {
  if (typeof key !== 'string') throw new InvalidOptionError('cache key', 'a text', key);
  return key;
}
