import type { Clock } from '../../clock.js';
import type { RemoteMetrics } from '../remote-metrics.js';
import type { RedisClient } from './redis-client.js';

export interface RedisLinkOptions {
  readonly connect: () => Promise<RedisClient> | RedisClient;
  readonly isOwn: boolean;
  /** Seconds a read may take; also what a probe may take. */
  readonly readTimeout: number;
  readonly writeTimeout: number;
  readonly clock: Clock;
  readonly metrics: RemoteMetrics;
}
