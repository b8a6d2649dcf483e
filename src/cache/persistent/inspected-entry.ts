import type { EntryHeader } from './engine.js';

/** An entry as `inspect` shows it. */
export interface InspectedEntry {
  readonly key: string;
  readonly serializer: string;
  /** `undefined` when it was written by another serializer, or is nothing this one can read. */
  readonly value: unknown;
  readonly writtenAt: Date;
  /** When its freshness ends; `undefined`: never. */
  readonly expiresAt: Date | undefined;
  readonly grace: number;
  readonly tags: readonly string[];
  /** What it takes of the disk. */
  readonly bytes: number;
}

export function inspected(header: EntryHeader, bytes: number, value: unknown): InspectedEntry {
  const { key, serializer, writtenAt, ttl, grace = 0, tags = {} } = header;
  return {
    key,
    serializer,
    value,
    writtenAt: new Date(writtenAt),
    expiresAt: ttl === undefined ? undefined : new Date(writtenAt + ttl * 1000),
    grace,
    tags: Object.keys(tags),
    bytes,
  };
}
