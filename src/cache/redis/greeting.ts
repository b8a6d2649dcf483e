import { isCluster, type RedisClient } from './redis-client.js';

/** What a server says about itself and the connection. */
export interface Greeting {
  /** Whether it can tell of changes to keys (CLIENT TRACKING). */
  readonly canTrack: boolean;
  /** The connection it tells about what this one tracks; below 1: none. */
  readonly tracksFor: number;
}

/** Asks what the server can do. Redis 6 is the first that knows GETREDIR, and the first that can track. */
export async function greet(client: RedisClient): Promise<Greeting> {
  if (isCluster(client)) return { canTrack: false, tracksFor: -1 };
  const tracksFor = await client.call('CLIENT', 'GETREDIR').catch(() => undefined);
  return { canTrack: tracksFor !== undefined, tracksFor: Number(tracksFor ?? -1) };
}
