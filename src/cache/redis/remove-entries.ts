import type { RedisLink } from './redis-link.js';
import type { RemoteOperation } from '../remote-metrics.js';
import { scanEntries } from './scan-entries.js';

/**
 * Removes every key that begins with `prefix`, on all masters. Takes time by the number of keys in the database; Redis
 * never stands still, the memory is freed by its background thread.
 */
export async function removeEntries(
  link: RedisLink,
  operation: RemoteOperation,
  prefix: string,
): Promise<void> {
  for await (const { node, keys } of scanEntries(link, operation, prefix)) {
    // One by one in a pipeline: on Cluster the keys of a node are of many slots.
    await link.write(operation, async () => {
      const pipeline = node.pipeline();
      for (const key of keys) pipeline.unlink(key);
      const failed = (await pipeline.exec())?.find(([error]) => error !== null);
      if (failed !== undefined) throw failed[0];
    });
  }
}
