// Several caches, one budget of bytes: who has to leave when it is full?
//
// Signal. What an entry is worth: its uses, times what a miss of its cache costs, divided by its size, on top of an age
// that rises to the worth of whatever leaves (GreedyDual-Size-Frequency: Cherkasova, HP Labs 1998). The age makes an
// entry that is not used any more worth less than new ones, sooner or later. What a miss costs is learnt from how long
// missing values take to load; until that is known all caches count alike. What the first use counts is learnt too:
// the share of a cache's entries that were used again.
//
// Decision. Some entries are drawn at random from all caches, in proportion to how many each has. Of these, and of the
// worst ones that were drawn before, the one that is worth least leaves. Keeping all entries in order would cost more
// on each hit than drawing costs on an eviction.
//
// There is no controller that moves bytes between caches, so nothing to tune and nothing to undo: a cache that becomes
// expensive or popular wins bytes with every entry it sets. Bounds: a cache below its floor and a pinned cache lose
// nothing, and costs count within a factor of 100 only.
//
// When it is blind. Loads are timed by cache managers; caches used without one count alike. It does not know that a
// popular entry ends soon. A scan through a cache with costly misses pushes entries of others out for a while.

import { checkRatio, checkText, withDefaults } from '../../checks.js';
import { systemClock, type Cancel, type Clock } from '../../clock.js';
import { toBytes, type ByteSize } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import * as catalogue from '../../telemetry/catalogue.js';
import { instrumentsOf, type MeterProvider } from '../../telemetry/instruments.js';
import type { AdjustableBudget, BudgetShare } from './adjustable-budget.js';
import { BudgetMember, type JoiningCache } from './budget-member.js';
import type { BudgetRoom, Losing } from './budgeted-store.js';
import { EvictionCandidates } from './eviction-candidates.js';
import { MissCosts } from './miss-costs.js';

/** Bytes that several caches share. */
export interface CacheBudgetOptions {
  /** Bytes all caches together may hold, by estimate. */
  readonly maxBytes: ByteSize;
  /** Value of the attribute `perf.cache.budget.name`. @default 'default' */
  readonly name?: string;
  /** Share of the budget below which a cache loses nothing to others, from 0 to 1. @default 0.01 */
  readonly floor?: number;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
  /** Numbers from 0 to 1, 1 left out; given only to see the same twice. @default Math.random */
  readonly random?: () => number;
}

const BUDGET_DEFAULTS = { name: 'default', floor: 0.01, clock: systemClock, random: Math.random } as const;
const KNOWN = ['maxBytes', 'name', 'floor', 'meterProvider', 'clock', 'random'] as const;
/** Entries drawn for each one that leaves: with more of them who leaves is worth less, and finding it costs more. */
const DRAWN = 16;
/** Pinned caches may have half of the budget, floors add up to no more than a quarter: the rest is shared by worth. */
const MAX_PINNED = 0.5;
const MAX_FLOORS = 0.25;
/** Entries that leave in one turn of the event loop when the budget shrinks: one or two milliseconds. */
const SLICE = 500;
const SLICE_INTERVAL_MS = 1;

/**
 * One bound of bytes for several caches: `new MemoryCache({ name, budget })`. Who needs the room gets it, by what its
 * misses cost and how often it is asked, instead of a share that somebody has to guess for each.
 */
export class CacheBudget implements AdjustableBudget, BudgetRoom {
  readonly name: string;
  readonly #members: BudgetMember[] = [];
  readonly #costs = new MissCosts();
  readonly #candidates = new EvictionCandidates();
  readonly #floor: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  #maxBytes: number;
  #bytes = 0;
  #age = 0;
  #stopShrinking: Cancel | undefined;

  /** @throws {InvalidOptionError} */
  constructor(options: CacheBudgetOptions) {
    const given = withDefaults('CacheBudget', BUDGET_DEFAULTS, options, KNOWN);
    this.name = checkText('name', given.name);
    this.#maxBytes = toBytes('maxBytes', given.maxBytes);
    this.#floor = checkRatio('floor', given.floor);
    this.#clock = given.clock;
    this.#random = given.random;
    this.#report(given.meterProvider);
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  get minBytes(): number {
    return Math.max(1, Math.ceil(this.#pinnedBytes() / MAX_PINNED));
  }

  get bytes(): number {
    return this.#bytes;
  }

  get shares(): readonly BudgetShare[] {
    return this.#members;
  }

  setMaxBytes(maxBytes: ByteSize): number {
    this.#maxBytes = Math.max(toBytes('maxBytes', maxBytes), this.minBytes);
    this.#shrink();
    return this.#maxBytes;
  }

  /** For a cache that is made with this budget. @throws {InvalidOptionError} when pinned caches leave too little. */
  join(cache: JoiningCache): BudgetMember {
    const free = this.#maxBytes * MAX_PINNED - this.#pinnedBytes();
    if (cache.isPinned && cache.maxBytes! > free) {
      const expected = `${Math.floor(free)} at most, as pinned caches may have half of the budget together`;
      throw new InvalidOptionError('maxBytes', expected, cache.maxBytes);
    }
    const member = new BudgetMember(this, this.#costs, cache);
    this.#members.push(member);
    return member;
  }

  /** For a member that keeps nothing any more. */
  leave(member: BudgetMember): void {
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
  }

  get age(): number {
    return this.#age;
  }

  account(bytes: number): void {
    this.#bytes += bytes;
  }

  makeRoom(store: Losing, bytes: number): boolean {
    if (bytes > this.#maxBytes) return false;
    // While it shrinks, what comes in only has to be no more than what leaves.
    const limit = Math.max(this.#maxBytes, this.#bytes);
    while (this.#bytes + bytes > limit) {
      if (this.#loseOne()) continue;
      // All others are below their floors: it has to be one of its own.
      if (store.isPinned || store.size === 0) return false;
      store.lose(store.drawn(Math.floor(this.#random() * store.size)));
    }
    return true;
  }

  /** False when no cache may lose anything. */
  #loseOne(): boolean {
    const floor = this.#maxBytes * Math.min(this.#floor, MAX_FLOORS / this.#members.length);
    const mayLose = (store: Losing): boolean => !store.isPinned && store.bytes > floor;
    let entries = 0;
    for (const { store } of this.#members) if (mayLose(store)) entries += store.size;
    if (entries === 0) return false;
    for (;;) {
      for (let i = 0; i < DRAWN; i++) {
        if (this.#draw(Math.floor(this.#random() * entries), mayLose)) return true;
      }
      const found = this.#candidates.take(mayLose);
      // All that was remembered was used since, and kept what was drawn now from being noted: now there is room for it.
      if (found === undefined) continue;
      this.#age = Math.max(this.#age, found.store.worthOf(found.slot));
      found.store.lose(found.slot);
      return true;
    }
  }

  /**
   * Looks at an entry by its number among those of the caches that may lose one; which one of its cache that is, is
   * chance. True when its time was over and it left at once: that is asked of entries of little worth only, as each
   * look at an entry itself costs as much as the rest.
   */
  #draw(number: number, mayLose: (store: Losing) => boolean): boolean {
    let left = number;
    for (const { store } of this.#members) {
      if (!mayLose(store)) continue;
      if (left >= store.size) {
        left -= store.size;
        continue;
      }
      const slot = store.drawn(left);
      if (!this.#candidates.add(store, slot) || !store.isOver(slot)) return false;
      store.lose(slot);
      return true;
    }
    return false;
  }

  #shrink(): void {
    for (let i = 0; i < SLICE && this.#bytes > this.#maxBytes; i++) if (!this.#loseOne()) break;
    if (this.#bytes > this.#maxBytes) {
      this.#stopShrinking ??= this.#clock.every(SLICE_INTERVAL_MS, () => this.#shrink());
    } else {
      this.#stopShrinking?.();
      this.#stopShrinking = undefined;
    }
  }

  #pinnedBytes(): number {
    return this.#members.reduce((sum, { pinnedBytes }) => sum + pinnedBytes, 0);
  }

  #report(meterProvider: MeterProvider | undefined): void {
    const instruments = instrumentsOf(meterProvider);
    const where = { 'perf.cache.budget.name': this.name };
    instruments.observe(catalogue.cacheBudgetLimit, this, ({ maxBytes }, report) => report(maxBytes, where));
    instruments.observe(catalogue.cacheBudgetUsage, this, ({ shares }, report) => {
      for (const { name, bytes } of shares) report(bytes, { ...where, 'perf.cache.name': name });
    });
  }
}
