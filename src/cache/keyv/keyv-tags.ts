import { nodeCrypto } from '../../built-ins.js';
import type { TagStore } from '../tier.js';
import type { KeyvLink } from './keyv-link.js';
import type { KeyvRepairs } from './keyv-repairs.js';

/**
 * Versions of tags, one small key each, without expiry. A version is a random text, not a counter: to write it again
 * after a failure does no harm, and a tag that the store lost cannot come back to a version it had before.
 */
export class KeyvTags implements TagStore {
  readonly #link: KeyvLink;
  readonly #repairs: KeyvRepairs;
  readonly #prefix: string;

  constructor(link: KeyvLink, repairs: KeyvRepairs, prefix: string) {
    this.#link = link;
    this.#repairs = repairs;
    this.#prefix = prefix;
  }

  async readVersions(tags: readonly string[]): Promise<readonly string[]> {
    if (tags.length === 0) return [];
    const keys = tags.map((tag) => this.#prefix + tag);
    const found = await this.#link.read('tags', (port) => port.read(keys));
    return keys.map((key, i) => this.#repairs.textOf(key) ?? versionIn(found[i]));
  }

  async invalidate(tags: readonly string[]): Promise<readonly string[]> {
    const writes = tags.map((tag) => ({
      key: this.#prefix + tag,
      text: nodeCrypto().randomBytes(12).toString('base64url'),
      ttlMs: undefined,
    }));
    try {
      await this.#link.write('tags', (port) => port.write(writes));
      for (const { key } of writes) this.#repairs.forget(key);
    } catch (error) {
      for (const { key, text } of writes) this.#repairs.remember(key, text);
      throw error;
    }
    return writes.map(({ text }) => text);
  }
}

/** Something else than a text is no version any entry could carry. */
function versionIn(found: unknown): string {
  if (found === undefined || found === null) return '';
  return typeof found === 'string' ? found : 'unreadable';
}
