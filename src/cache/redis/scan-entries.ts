import type { Redis } from 'ioredis';
import { isCluster } from './redis-client.js';
import type { RedisLink } from './redis-link.js';
import type { RemoteOperation } from '../remote-metrics.js';

/** Keys that one SCAN looks at; each takes Redis well below a millisecond, and others are served in between. */
const SCAN_COUNT = 1000;

export interface ScannedKeys {
  readonly node: Redis;
  /** May hold a key twice, as SCAN may. */
  readonly keys: readonly string[];
}

/** The keys that begin with `prefix`, on all masters, some at a time. Takes time by the number of keys in the database. */
export async function* scanEntries(
  link: RedisLink,
  operation: RemoteOperation,
  prefix: string,
): AsyncGenerator<ScannedKeys, void> {
  const pattern = `${prefix.replaceAll(/[\\*?[\]^]/g, String.raw`\$&`)}*`;
  const nodes = await link.write(operation, async (client) =>
    isCluster(client) ? client.nodes('master') : [client],
  );
  for (const node of nodes) {
    let cursor = '0';
    do {
      const [next, keys] = await link.write(operation, () =>
        node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT),
      );
      if (keys.length > 0) yield { node, keys };
      cursor = next;
    } while (cursor !== '0');
  }
}
