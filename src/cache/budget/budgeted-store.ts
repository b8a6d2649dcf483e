import type { EvictReason, OnEvict, PolicyStore } from '../policy/policy-store.js';
import { BudgetedEntries } from './budgeted-entries.js';
import type { MissCost } from './miss-costs.js';

/** What a store needs of the budget it shares. */
export interface BudgetRoom {
  /** Rises as entries leave, so that those used long ago are worth less than those used now. */
  readonly age: number;
  /** Tells that a store holds so many bytes more, or less. */
  account(bytes: number): void;
  /** Makes entries leave until so many bytes fit in; false when they cannot. */
  makeRoom(store: Losing, bytes: number): boolean;
}

/** What a budget needs of the stores that share it. */
export interface Losing {
  readonly size: number;
  readonly bytes: number;
  readonly isPinned: boolean;
  /** The slot of the entry at a place from 0 to `size` - 1, in no order. */
  drawn(place: number): number;
  /** What it is worth to keep the entry in a slot; `Infinity` for one that is gone. */
  worthOf(slot: number): number;
  /** Whether the time of an entry is over: nothing is lost with it. */
  isOver(slot: number): boolean;
  /** The entry leaves. */
  lose(slot: number): void;
}

/** However seldom entries of a cache are used again, new ones get a chance to be. */
const MIN_REUSE = 0.2;
/** The weight of one more entry that leaves: of the last 500 each counts. */
const REUSE_FADING = 0.002;

export interface BudgetedStoreOptions<V> {
  readonly max: number;
  readonly maxBytes: number | undefined;
  readonly isPinned: boolean;
  readonly cost: MissCost;
  readonly onEvict: OnEvict<string, V> | undefined;
  /** Whether the time of an entry is over. */
  readonly isOver: (value: V) => boolean;
}

/**
 * One cache's entries in a budget of bytes that several caches share. Its own bounds make the least recently used
 * leave; the budget makes those leave, of all caches, that are worth least for their size.
 */
export class BudgetedStore<V> implements PolicyStore<V>, Losing {
  readonly isPinned: boolean;
  readonly #room: BudgetRoom;
  readonly #entries = new BudgetedEntries<V>();
  readonly #cost: MissCost;
  readonly #onEvict: OnEvict<string, V> | undefined;
  readonly #isOver: (value: V) => boolean;
  #max: number;
  #maxBytes: number;
  /**
   * The share of entries that were used again before they had to leave: what it is worth to have been used once. In a
   * cache that nobody asks twice new entries are worth little, in one that is asked in a circle as much as old ones.
   */
  #reuse = 1;

  constructor(room: BudgetRoom, options: BudgetedStoreOptions<V>) {
    const { max, maxBytes = Infinity, isPinned, cost, onEvict, isOver } = options;
    this.#room = room;
    this.#max = max;
    this.#maxBytes = maxBytes;
    this.isPinned = isPinned;
    this.#cost = cost;
    this.#onEvict = onEvict;
    this.#isOver = isOver;
  }

  get(key: string): V | undefined {
    const entries = this.#entries;
    const slot = entries.find(key);
    if (slot === undefined) return undefined;
    this.#use(slot);
    return entries.valueAt(slot);
  }

  peek(key: string): V | undefined {
    const slot = this.#entries.find(key);
    return slot === undefined ? undefined : this.#entries.valueAt(slot);
  }

  has(key: string): boolean {
    return this.#entries.find(key) !== undefined;
  }

  set(key: string, value: V, size = 1): void {
    const slot = this.#entries.find(key);
    // An entry that does not grow fits in where it is.
    if (slot !== undefined && size <= this.#entries.sizeAt(slot)) {
      this.#room.account(size - this.#entries.sizeAt(slot));
      this.#entries.replace(slot, value, size);
      this.#use(slot);
      return;
    }
    const uses = slot === undefined ? 0 : this.#entries.usesAt(slot);
    if (slot !== undefined) this.#remove(slot);
    if (size > this.#maxBytes || !this.#makeRoom(size)) {
      this.#onEvict?.(key, value, 'rejected');
      return;
    }
    // Whoever heard of what left meanwhile may have set the same key.
    this.delete(key);
    const added = this.#entries.add(key, value, size, uses);
    this.#room.account(size);
    this.#use(added);
  }

  delete(key: string): boolean {
    const slot = this.#entries.find(key);
    if (slot === undefined) return false;
    this.#remove(slot);
    return true;
  }

  clear(): void {
    this.#room.account(-this.#entries.bytes);
    this.#entries.clear();
  }

  /** Keeps nothing any more. */
  close(): void {
    this.clear();
    this.#maxBytes = 0;
  }

  resize(max: number): void {
    this.#max = max;
    while (this.size > max) this.#evict(this.#entries.oldest!, 'capacity');
  }

  keys(limit = Infinity): string[] {
    return this.#entries.keys(limit);
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.bytes;
  }

  get max(): number {
    return this.#max;
  }

  drawn(place: number): number {
    return this.#entries.drawn(place);
  }

  worthOf(slot: number): number {
    return this.#entries.worthAt(slot);
  }

  isOver(slot: number): boolean {
    return this.#isOver(this.#entries.valueAt(slot));
  }

  lose(slot: number): void {
    if (this.isOver(slot)) return this.#evict(slot, 'expired');
    const wasReused = this.#entries.usesAt(slot) > 1 ? 1 : 0;
    this.#reuse = Math.max(MIN_REUSE, this.#reuse + (wasReused - this.#reuse) * REUSE_FADING);
    this.#evict(slot, 'budget');
  }

  /** First within the bounds of its own, then within the budget. */
  #makeRoom(size: number): boolean {
    while (this.size >= this.#max || this.bytes + size > this.#maxBytes) {
      this.#evict(this.#entries.oldest!, 'capacity');
    }
    return this.#room.makeRoom(this, size);
  }

  #use(slot: number): void {
    this.#entries.use(slot, this.#room.age, this.#cost.weight, this.#reuse);
  }

  #evict(slot: number, reason: EvictReason): void {
    const [key, value] = [this.#entries.keyAt(slot), this.#entries.valueAt(slot)];
    this.#remove(slot);
    this.#onEvict?.(key, value, reason);
  }

  #remove(slot: number): void {
    this.#room.account(-this.#entries.sizeAt(slot));
    this.#entries.remove(slot);
  }
}
