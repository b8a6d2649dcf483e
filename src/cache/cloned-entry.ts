import { UnserializableError } from './serializer/serializer.js';
import type { MemoryEntry, Outcome } from './memory-entry.js';
import type { TagMarks } from './tags.js';

export type CloneValue = (value: unknown) => unknown;

/** An entry whose value nobody can change: a copy is kept, and everybody gets a copy of his own. */
export class ClonedEntry implements MemoryEntry {
  readonly outcome: Outcome;
  readonly freshUntil: number;
  readonly grace: number;
  readonly lifetime: number;
  readonly loadMs: number;
  readonly tags: TagMarks | undefined;
  retryAt: number;
  keyHash: number;
  readonly #kept: unknown;
  readonly #clone: CloneValue;

  /** @throws {UnserializableError} when the value cannot be copied. */
  constructor(entry: MemoryEntry, clone: CloneValue) {
    this.outcome = entry.outcome;
    this.freshUntil = entry.freshUntil;
    this.grace = entry.grace;
    this.lifetime = entry.lifetime;
    this.loadMs = entry.loadMs;
    this.tags = entry.tags;
    this.retryAt = entry.retryAt;
    this.keyHash = entry.keyHash;
    this.#clone = clone;
    // Errors that are kept go to whoever asks as they are.
    this.#kept = entry.outcome === 'value' ? copyOf(entry.value, clone) : entry.value;
  }

  get value(): unknown {
    return this.outcome === 'value' ? this.#clone(this.#kept) : this.#kept;
  }

  /** A promise that all share would share its value too. */
  get promise(): undefined {
    return undefined;
  }

  set promise(_shared: Promise<unknown> | undefined) {
    // Made anew for each.
  }
}

function copyOf(value: unknown, clone: CloneValue): unknown {
  try {
    return clone(value);
  } catch (cause) {
    throw new UnserializableError('the clone of the memory cache', '', (cause as Error).message, { cause });
  }
}
