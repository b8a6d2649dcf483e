import { nodeCrypto } from '../../built-ins.js';
import type { TierLock } from '../tier.js';
import type { RedisLink } from './redis-link.js';

/** Only its owner opens a lock: it may have ended by itself and belong to somebody else by now. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** The lock of a key, or `undefined` while somebody else has it. @throws when Redis cannot say. */
export async function lockKey(link: RedisLink, key: string, seconds: number): Promise<TierLock | undefined> {
  const token = nodeCrypto().randomBytes(16).toString('base64url');
  const lifeMs = Math.max(1, Math.round(seconds * 1000));
  const release = async () => {
    // A lock that cannot be released ends by itself.
    await link.write('lock', (client) => client.eval(RELEASE, 1, key, token)).catch(() => {});
  };
  const answer = await link.read('lock', async (client) => client.set(key, token, 'PX', lifeMs, 'NX'));
  return answer === 'OK' ? { release } : undefined;
}
