import {
  statsOf,
  type CacheTier,
  type EntryToKeep,
  type TierCounts,
  type TierEntry,
  type TierStats,
} from '../../src/cache/tier.js';

/** A tier that keeps entries in a Map, and fails or waits when told to. */
export class FakeTier implements CacheTier {
  readonly kind = 'custom';
  readonly traits = { answersAtOnce: false, canFail: true, isShared: true } as const;
  readonly entries = new Map<string, TierEntry>();
  readonly calls: string[] = [];
  isBroken = false;
  /** While set, every call waits for it. */
  gate: Promise<void> | undefined;

  async getEntry(key: string): Promise<TierEntry | undefined> {
    const entry = this.entries.get(key);
    await this.enter(`get ${key}`);
    return entry;
  }

  async setEntry(key: string, entry: EntryToKeep): Promise<void> {
    await this.enter(`set ${key}`);
    this.entries.set(key, { ...entry, ttl: entry.ttl ?? Infinity });
  }

  async delete(key: string): Promise<boolean> {
    await this.enter(`delete ${key}`);
    return this.entries.delete(key);
  }

  async clear(): Promise<void> {
    await this.enter('clear');
    this.entries.clear();
  }

  counts(): TierCounts {
    return { hits: 0, misses: 0, size: this.entries.size, maxSize: Infinity, evictions: 0, expirations: 0 };
  }

  stats(): TierStats {
    return statsOf(this.counts(), 0);
  }

  protected async enter(call: string): Promise<void> {
    this.calls.push(call);
    await this.gate;
    if (this.isBroken) throw new Error(`tier is broken: ${call}`);
  }
}
