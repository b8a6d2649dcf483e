import type { Cancel } from '../../src/clock.js';
import type { TagStore, TierChange, TierEntry, TierLock } from '../../src/cache/tier.js';
import { FakeTier } from './failing-tier.js';

/** A tier several managers share, as processes would: with versions of tags, locks and messages about changes. */
export class SharedTier extends FakeTier {
  readonly versions = new Map<string, string>();
  readonly locks = new Set<string>();
  readonly #listeners = new Set<(change: TierChange) => void>();
  #count = 0;

  readonly tagStore: TagStore = {
    readVersions: async (tags) => {
      await this.enter(`versions ${tags.join(' ')}`);
      return tags.map((tag) => this.versions.get(tag) ?? '');
    },
    invalidate: async (tags) => {
      await this.enter(`invalidate ${tags.join(' ')}`);
      for (const tag of tags) this.versions.set(tag, String(++this.#count));
      return tags.map((tag) => this.versions.get(tag)!);
    },
  };

  async getEntries(keys: readonly string[]): Promise<ReadonlyMap<string, TierEntry>> {
    await this.enter(`getEntries ${keys.join(' ')}`);
    const found = keys.flatMap((key) => {
      const entry = this.entries.get(key);
      return entry === undefined ? [] : [[key, entry] as const];
    });
    return new Map(found);
  }

  async lock(key: string): Promise<TierLock | undefined> {
    await this.enter(`lock ${key}`);
    if (this.locks.has(key)) return undefined;
    this.locks.add(key);
    return { release: () => void this.locks.delete(key) };
  }

  onChange(listener: (change: TierChange) => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Somebody else changed something. */
  tell(change: TierChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
