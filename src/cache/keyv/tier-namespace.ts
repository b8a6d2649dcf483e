import { InvalidUseError } from '../../errors.js';
import type { CacheTier, EntryToKeep, TierEntry } from '../tier.js';

/** Lists the keys of a cache; entries that are over may be among them. */
export type ListKeys = () => Iterable<string> | AsyncIterable<string>;

/** A part of a cache with keys of its own, which can be cleared alone. */
export interface KeyvNamespace {
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>>;
  /** `ttl`: seconds; `undefined` for as long as the cache keeps entries by default. */
  setMany(entries: readonly KeyvNamespaceEntry[]): Promise<void>;
  /** How many of them were there. */
  deleteMany(keys: readonly string[]): Promise<number>;
  clear(): Promise<void>;
}

export interface KeyvNamespaceEntry {
  readonly key: string;
  readonly value: unknown;
  readonly ttl: number | undefined;
}

/**
 * A namespace of a bare tier. Where the tier keeps versions of tags, every entry carries the namespace as a tag, and to
 * clear it is one write. Elsewhere its keys are listed and deleted.
 */
export class TierNamespace implements KeyvNamespace {
  readonly #tier: CacheTier;
  readonly #prefix: string;
  readonly #tag: string;
  readonly #listKeys: ListKeys | undefined;

  constructor(tier: CacheTier, prefix: string, listKeys: ListKeys | undefined) {
    this.#tier = tier;
    this.#prefix = prefix;
    this.#tag = `keyv namespace ${prefix}`;
    this.#listKeys = listKeys;
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const own = keys.map((key) => this.#prefix + key);
    const [found, version] = await Promise.all([this.#read(own), this.#version()]);
    const values = new Map<string, unknown>();
    keys.forEach((key, i) => {
      const entry = found.get(own[i]!);
      if (entry === undefined || entry.ttl <= 0) return;
      if (version === undefined || entry.tags?.[this.#tag] === version) values.set(key, entry.value);
    });
    return values;
  }

  async setMany(entries: readonly KeyvNamespaceEntry[]): Promise<void> {
    const version = await this.#version();
    const tags = version === undefined ? undefined : { [this.#tag]: version };
    const own = new Map(
      entries.map(({ key, value, ttl }): [string, EntryToKeep] => [
        this.#prefix + key,
        { value, grace: 0, ttl, tags },
      ]),
    );
    if (this.#tier.setEntries !== undefined) await this.#tier.setEntries(own);
    else await Promise.all([...own].map(async ([key, entry]) => this.#tier.setEntry(key, entry)));
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    // What a clear left behind is deleted too, but does not count.
    const { size } = await this.getMany(keys);
    await this.#deleteOwn(keys.map((key) => this.#prefix + key));
    return size;
  }

  async clear(): Promise<void> {
    if (this.#tier.tagStore !== undefined) {
      await this.#tier.tagStore.invalidate([this.#tag]);
      return;
    }
    if (this.#listKeys === undefined) {
      throw new InvalidUseError(
        'a namespace of this tier cannot be cleared: it keeps no versions of tags and cannot list its keys',
      );
    }
    const own: string[] = [];
    for await (const key of this.#listKeys()) if (key.startsWith(this.#prefix)) own.push(key);
    await this.#deleteOwn(own);
  }

  async #read(own: readonly string[]): Promise<ReadonlyMap<string, TierEntry>> {
    if (this.#tier.getEntries !== undefined && own.length > 1) return this.#tier.getEntries(own);
    const entries = await Promise.all(own.map(async (key) => [key, await this.#tier.getEntry(key)] as const));
    return new Map(entries.flatMap(([key, entry]) => (entry === undefined ? [] : [[key, entry] as const])));
  }

  /** The version in force; `undefined` for a tier without versions. */
  async #version(): Promise<string | undefined> {
    const versions = await this.#tier.tagStore?.readVersions([this.#tag]);
    return versions?.[0];
  }

  async #deleteOwn(own: readonly string[]): Promise<void> {
    if (this.#tier.deleteMany !== undefined) await this.#tier.deleteMany(own);
    else await Promise.all(own.map(async (key) => this.#tier.delete(key)));
  }
}
