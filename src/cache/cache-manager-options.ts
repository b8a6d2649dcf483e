import type { Clock } from '../clock.js';
import type { Duration } from '../duration.js';
import type { MeterProvider } from '../telemetry/instruments.js';
import type { CacheDefaults } from './entry-options.js';
import type { MemoryCache } from './memory-cache.js';
import type { CacheTier } from './tier.js';

/** Tiers of a cache, and defaults for what is kept in it. */
export interface CacheManagerOptions extends Omit<CacheDefaults, 'ttl'> {
  /** The tier in this process. Default: a MemoryCache with its defaults. */
  readonly primary?: MemoryCache;
  /** A tier behind it that is larger, shared or outlives the process. Default: none. */
  readonly secondary?: CacheTier;
  /** Lifetime of entries that are set without one. Default: each tier's own. */
  readonly defaultTtl?: Duration;
  /**
   * Lets one process load a missing key while the others wait for its result, where the secondary tier can lock: for at
   * most this long, and never when locking fails. Default: every process loads for itself.
   */
  readonly lockLoads?: Duration;
  /** Value of the attribute `perf.cache.name`. @default 'default' */
  readonly name?: string;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

export const CACHE_MANAGER_OPTIONS = [
  'primary',
  'secondary',
  'defaultTtl',
  'memoryTtl',
  'grace',
  'jitter',
  'skip',
  'softTimeout',
  'hardTimeout',
  'refreshAhead',
  'negativeTtl',
  'lockLoads',
  'name',
  'meterProvider',
  'clock',
] as const;
