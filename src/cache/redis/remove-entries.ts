import type { Redis } from 'ioredis';
import { isCluster } from './redis-client.js';
import type { RedisLink } from './redis-link.js';
import type { RedisOperation } from './redis-metrics.js';

/** Keys that one SCAN looks at; each takes Redis well below a millisecond, and others are served in between. */
const SCAN_COUNT = 1000;

/**
 * Removes every key that begins with `prefix`, on all masters. Takes time by the number of keys in the database; Redis
 * never stands still, the memory is freed by its background thread.
 */
export async function removeEntries(
  link: RedisLink,
  operation: RedisOperation,
  prefix: string,
): Promise<void> {
  const pattern = `${prefix.replaceAll(/[\\*?[\]^]/g, String.raw`\$&`)}*`;
  const nodes = await link.write(operation, async (client) =>
    isCluster(client) ? client.nodes('master') : [client],
  );
  for (const node of nodes) await removeFrom(node, link, operation, pattern);
}

async function removeFrom(
  node: Redis,
  link: RedisLink,
  operation: RedisOperation,
  pattern: string,
): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await link.write(operation, () =>
      node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT),
    );
    // One by one in a pipeline: on Cluster the keys of a node are of many slots.
    if (keys.length > 0) {
      await link.write(operation, async () => {
        const pipeline = node.pipeline();
        for (const key of keys) pipeline.unlink(key);
        await pipeline.exec();
      });
    }
    cursor = next;
  } while (cursor !== '0');
}
