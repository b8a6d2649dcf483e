import type { EncodedEntry } from './envelope.js';

/** What was to be written under a key of Redis. */
export type Intent =
  | { readonly kind: 'set'; readonly entry: EncodedEntry }
  | { readonly kind: 'delete' }
  | { readonly kind: 'tag'; readonly version: string };

export interface PendingWrite {
  /** The key as Redis has it, prefix included. */
  readonly key: string;
  readonly intent: Intent;
  /** When the application wrote it, by the monotonic clock. */
  readonly at: number;
}

export interface PendingLimits {
  readonly maxWrites: number;
  /** Bytes of values that are remembered; of further writes only that the old value is wrong. */
  readonly maxBytes: number;
}

const LIMITS: PendingLimits = { maxWrites: 20_000, maxBytes: 32 * 1024 ** 2 };

/**
 * Writes that are under way, and those that failed: until a failed one is made good, what Redis has under its key is
 * wrong, and nobody may read it.
 *
 * The newest write of a key counts: whatever becomes of the one before, its outcome is of no interest any more. When
 * more have failed than can be remembered, every key counts as wrong until all entries were removed.
 */
export class PendingWrites {
  readonly #limits: PendingLimits;
  readonly #newest = new Map<string, PendingWrite>();
  readonly #failed = new Map<string, PendingWrite>();
  #bytes = 0;
  #isEverythingWrong = false;

  constructor(limits: PendingLimits = LIMITS) {
    this.#limits = limits;
  }

  /** Failed writes to be made good. */
  get count(): number {
    return this.#failed.size;
  }

  /** Bytes of values that are remembered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether all entries must be removed, whatever their keys. */
  get isEverythingWrong(): boolean {
    return this.#isEverythingWrong;
  }

  get isEmpty(): boolean {
    return this.#failed.size === 0 && !this.#isEverythingWrong;
  }

  begin(key: string, intent: Intent, at: number): PendingWrite {
    const write = { key, intent, at };
    this.#newest.set(key, write);
    return write;
  }

  succeeded(write: PendingWrite): void {
    if (this.#newest.get(write.key) !== write) return;
    this.#newest.delete(write.key);
    this.#forget(write.key);
  }

  failed(write: PendingWrite): void {
    if (this.#newest.get(write.key) !== write) return;
    this.#forget(write.key);
    if (this.#failed.size >= this.#limits.maxWrites) {
      this.#newest.delete(write.key);
      return this.suspectEverything();
    }
    const bytes = bytesOf(write.intent);
    const isTooMuch = this.#bytes + bytes > this.#limits.maxBytes;
    const kept: PendingWrite = isTooMuch ? { ...write, intent: { kind: 'delete' } } : write;
    if (isTooMuch) this.#newest.set(write.key, kept);
    this.#bytes += bytesOf(kept.intent);
    this.#failed.set(write.key, kept);
  }

  /** Redis does not take the value; that the old one goes is enough. */
  settleForDelete(write: PendingWrite): void {
    if (this.#failed.get(write.key) !== write || write.intent.kind !== 'set') return;
    const instead: PendingWrite = { ...write, intent: { kind: 'delete' } };
    this.#newest.set(write.key, instead);
    this.#forget(write.key);
    this.#failed.set(write.key, instead);
  }

  /** All entries are to go. Failed writes are part of it, tags excepted: they are no entries. */
  suspectEverything(): void {
    this.#isEverythingWrong = true;
    for (const write of this.#failed.values()) {
      if (write.intent.kind === 'tag') continue;
      this.#forget(write.key);
      if (this.#newest.get(write.key) === write) this.#newest.delete(write.key);
    }
  }

  everythingRemoved(): void {
    this.#isEverythingWrong = false;
  }

  /** The failed write that hides what Redis has under the key. */
  failedFor(key: string): PendingWrite | undefined {
    return this.#failed.size === 0 ? undefined : this.#failed.get(key);
  }

  /** Some failed writes, the oldest first; without those that a newer write under way may make needless. */
  take(count: number): PendingWrite[] {
    const taken: PendingWrite[] = [];
    for (const write of this.#failed.values()) {
      if (taken.length === count) break;
      if (this.#newest.get(write.key) === write) taken.push(write);
    }
    return taken;
  }

  #forget(key: string): void {
    const known = this.#failed.get(key);
    if (known === undefined) return;
    this.#bytes -= bytesOf(known.intent);
    this.#failed.delete(key);
  }
}

function bytesOf(intent: Intent): number {
  return intent.kind === 'set' ? intent.entry.bytes : 0;
}
