import type { Awaitable, TagStore, TagVersions, TierLock } from '../tier.js';

/** What is kept beside the value of an entry. */
export interface EntryHeader {
  readonly key: string;
  /** Name of the serializer that wrote the value. */
  readonly serializer: string;
  /** Milliseconds since 1970 by the clock of who wrote it. */
  readonly writtenAt: number;
  /** Seconds; absent: does not expire. */
  readonly ttl?: number;
  /** Seconds; absent: none. */
  readonly grace?: number;
  readonly tags?: TagVersions;
  readonly loadSeconds?: number;
}

export interface FoundEntry {
  readonly header: EntryHeader;
  /** Text only where the serializer gave text. */
  readonly body: Buffer | string;
  /** The body holds only until the next call of the engine. */
  readonly isBorrowed: boolean;
  /** Tells this entry from another one that took its place. */
  readonly stamp: number;
}

/** Something is there, but it is damaged, foreign or of another format. */
export interface DamagedEntry {
  readonly header: undefined;
  readonly stamp: number;
}

/** What the engine did on its own account. */
export interface EngineCounts {
  evictions: number;
  expirations: number;
  /** Databases that were damaged, foreign or of another format, and made way for an empty one. */
  damaged: number;
}

/** An entry as it is listed: for people, and for what goes through all of them. */
export interface ListedEntry {
  readonly header: EntryHeader;
  readonly body: Buffer | string;
  /** What it takes of the disk. */
  readonly bytes: number;
}

/** An entry to be written. */
export interface EncodedEntry {
  readonly header: EntryHeader;
  readonly body: string | Uint8Array;
}

/**
 * Where the entries are. Finds and keeps bytes; what they mean is decided above. Every method may throw or reject with
 * an error of the system, and leaves the old entry or the new one, never half of one.
 */
export interface PersistentEngine {
  readonly counts: EngineCounts;
  read(key: string): Awaitable<FoundEntry | DamagedEntry | undefined>;
  write(header: EntryHeader, body: string | Uint8Array): Awaitable<void>;
  writeAll(entries: readonly EncodedEntry[]): Promise<void>;
  /** Removes what was found, unless something else has taken its place. */
  discard(key: string, stamp: number): void;
  /**
   * For an entry whose `writtenAt` lies in the future, because the clock went back: since when it counts as written,
   * now at the latest, and the same for everyone who asks later.
   */
  settle(key: string, now: number): number;
  remove(key: string): Awaitable<boolean>;
  clear(): Awaitable<void>;
  entries(): AsyncIterable<ListedEntry>;
  readonly tagStore: TagStore;
  lock(key: string, seconds: number): TierLock | undefined;
  close(): Promise<void>;
}

/** What is in a folder, for those who look at it from outside. */
export interface FolderContents {
  entries(): AsyncIterable<ListedEntry>;
  /** How many entries there should be, whatever is in them. */
  count(): number;
  clear(): Promise<void>;
  /** In what the bytes of the entries are, in words. */
  readonly room: string;
  close(): void;
}

/** Whether an entry is over, grace included; entries from the future are not. */
export function isOver({ writtenAt, ttl, grace = 0 }: EntryHeader, now: number): boolean {
  return ttl !== undefined && now - writtenAt >= (ttl + grace) * 1000;
}
