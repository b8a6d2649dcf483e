import { nodeCrypto } from '../built-ins.js';
import type { TagStore, TagVersions } from './tier.js';

/** A tag as this process knows it. It lives as long as an entry or a load refers to it. */
export interface Tag {
  readonly name: string;
  /** The version in force as far as known; `undefined` when it has to be asked for. */
  version: string | undefined;
}

/** The tags of an entry, each with the version it was loaded under. */
export interface TagMarks {
  readonly tags: readonly Tag[];
  readonly versions: readonly string[];
  /** Of the last look that found all of them in force; while no tag changed since, nobody looks again. */
  foundCurrentAt: number;
}

const NEVER = -1;

/** Calls a tier's store of versions; `undefined` when it failed. */
export type AskTagStore = <R>(call: (store: TagStore) => R | Promise<R>) => Promise<R | undefined>;

/**
 * Tags by version: an entry is current while each of its tags still has the version it was loaded under, so to
 * invalidate a tag is to give it a new version, whatever the number of entries. Versions are only compared for being
 * equal; no clock of any machine takes part.
 *
 * Without a store versions are counted here. Tags nobody refers to any more are forgotten: no entry could be wrong.
 */
export class Tags {
  readonly #ask: AskTagStore | undefined;
  readonly #known = new Map<string, WeakRef<Tag>>();
  readonly #forget = new FinalizationRegistry<string>((name) => {
    if (this.#known.get(name)?.deref() === undefined) this.#known.delete(name);
  });
  /** Two processes must not give a tag the same version while neither can ask. */
  readonly #ownName = nodeCrypto().randomBytes(9).toString('base64url');
  #count = 0;
  /** Counts the changes of all tags. */
  #changes = 0;

  constructor(ask: AskTagStore | undefined) {
    this.#ask = ask;
  }

  /** Whether nothing the entry depends on was invalidated since it was loaded, as far as known. Costs about 1 ns. */
  isCurrent(marks: TagMarks): boolean {
    return marks.foundCurrentAt === this.#changes || this.#look(marks);
  }

  /** Marks for a value that is about to be loaded: what is invalidated from now on counts against it. */
  async mark(names: readonly string[]): Promise<TagMarks | undefined> {
    if (names.length === 0) return undefined;
    const tags = [...new Set(names)].map((name) => this.#tag(name));
    await this.#learn(tags.filter(({ version }) => version === undefined));
    return { tags, versions: tags.map((tag) => tag.version!), foundCurrentAt: NEVER };
  }

  /** Marks of an entry found in a tier; `undefined` when one of its tags was invalidated since. */
  async verify(found: TagVersions): Promise<TagMarks | undefined> {
    const tags = Object.keys(found).map((name) => this.#tag(name));
    // Another process may have invalidated them since we last asked.
    await this.#learn(tags);
    const marks = { tags, versions: tags.map(({ name }) => found[name]!), foundCurrentAt: NEVER };
    return this.isCurrent(marks) ? marks : undefined;
  }

  /** Gives the tags new versions, here at once and in the store for everybody else. False when the store failed. */
  async invalidate(names: readonly string[]): Promise<boolean> {
    const unique = [...new Set(names)];
    for (const name of unique) this.#change(this.#tag(name), this.#newVersion());
    if (this.#ask === undefined) return true;
    const versions = await this.#ask((store) => store.invalidate(unique));
    if (versions === undefined) return false;
    unique.forEach((name, i) => this.#change(this.#tag(name), versions[i]));
    return true;
  }

  /** Somebody else invalidated them: entries that carry them are not current until they were asked for again. */
  suspect(names: Iterable<string> = this.#known.keys()): void {
    for (const name of names) {
      const tag = this.#known.get(name)?.deref();
      if (tag !== undefined) this.#change(tag, undefined);
    }
  }

  static versionsOf({ tags, versions }: TagMarks): TagVersions {
    return Object.fromEntries(tags.map(({ name }, i) => [name, versions[i]!]));
  }

  #look(marks: TagMarks): boolean {
    const { tags, versions } = marks;
    for (let i = 0; i < tags.length; i++) if (tags[i]!.version !== versions[i]) return false;
    marks.foundCurrentAt = this.#changes;
    return true;
  }

  #change(tag: Tag, version: string | undefined): void {
    if (tag.version === version) return;
    tag.version = version;
    this.#changes += 1;
  }

  #tag(name: string): Tag {
    const known = this.#known.get(name)?.deref();
    if (known !== undefined) return known;
    const tag: Tag = { name, version: this.#ask === undefined ? '' : undefined };
    this.#known.set(name, new WeakRef(tag));
    this.#forget.register(tag, name);
    return tag;
  }

  async #learn(tags: readonly Tag[]): Promise<void> {
    if (tags.length === 0 || this.#ask === undefined) return;
    const versions = await this.#ask((store) => store.readVersions(tags.map(({ name }) => name)));
    tags.forEach((tag, i) => {
      // A store that cannot be asked proves nothing: what depends on it is not served, and not found current later.
      this.#change(tag, versions?.[i] ?? this.#newVersion());
    });
  }

  #newVersion(): string {
    return `${this.#ownName} ${++this.#count}`;
  }
}
