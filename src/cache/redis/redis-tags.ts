import { nodeCrypto } from '../../built-ins.js';
import type { TagStore } from '../tier.js';
import type { Intent, PendingWrites } from './pending-writes.js';
import { ReadBatches } from './read-batch.js';
import type { RedisLink } from './redis-link.js';
import type { RedisWrites } from './redis-writes.js';

/**
 * Versions of tags, one small key each. A version is a random text, not a counter: to repeat an invalidation whose
 * answer was lost does no harm, and a tag that Redis evicted cannot come back to a version it had before.
 */
export class RedisTags implements TagStore {
  readonly #prefix: string;
  readonly #reads: ReadBatches;
  readonly #writes: RedisWrites;
  readonly #pending: PendingWrites;

  constructor(link: RedisLink, writes: RedisWrites, prefix: string) {
    this.#prefix = prefix;
    this.#reads = new ReadBatches(link, 'tags');
    this.#writes = writes;
    this.#pending = writes.pending;
  }

  async readVersions(tags: readonly string[]): Promise<readonly string[]> {
    const keys = tags.map((tag) => this.#prefix + tag);
    const replies = await this.#reads.readMany(keys);
    return keys.map((key, i) => {
      const intent = this.#pending.failedFor(key)?.intent;
      return intent?.kind === 'tag' ? intent.version : (replies[i]?.toString() ?? '');
    });
  }

  async invalidate(tags: readonly string[]): Promise<readonly string[]> {
    const intents = new Map<string, Intent>();
    const versions = tags.map((tag) => {
      const version = nodeCrypto().randomBytes(12).toString('base64url');
      intents.set(this.#prefix + tag, { kind: 'tag', version });
      return version;
    });
    await this.#writes.write('tags', intents);
    return versions;
  }
}
