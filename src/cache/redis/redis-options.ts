import type { Cluster, Redis } from 'ioredis';
import { checkText, withDefaults } from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import { toBytes, toSeconds, type ByteSize, type Duration } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import type { MeterProvider } from '../../telemetry/instruments.js';
import { toSerializer, type SerializerName } from '../serializer/built-in.js';
import type { Serializer } from '../serializer/serializer.js';
import { checkClient, checkUrl, makeClient, type RedisClient } from './redis-client.js';

/** The connection, and how entries are kept in Redis. */
export interface RedisCacheOptions {
  /** Where Redis is: `redis://user:password@host:6379/0`, or `rediss://` for TLS. This or `client` is needed. */
  readonly url?: string;
  /**
   * A connection of ioredis instead, `Redis` or `Cluster`. It is never closed here. Listening for changes sets up client
   * tracking on it, so it must not serve a second RedisCache.
   */
  readonly client?: Redis | Cluster;
  /** Opens every key in Redis. Caches with the same prefix share their entries. @default 'cache:' */
  readonly prefix?: string;
  /** Lifetime of entries that are set without one. Default: they do not expire. */
  readonly defaultTtl?: Duration;
  /** How long a read may take before it counts as failed. @default 0.1 */
  readonly readTimeout?: Duration;
  /** How long a write may take before it counts as failed. @default 1 */
  readonly writeTimeout?: Duration;
  /** How values become bytes. Entries written under another serializer are misses. @default 'json' */
  readonly serializer?: SerializerName | Serializer;
  /** Values from this size on are compressed, which takes this process' time. Default: never. */
  readonly compressAbove?: ByteSize;
  /** Value of the attribute `perf.cache.name`. Default: the name of the cache manager it belongs to. */
  readonly name?: string;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  readonly clock?: Clock;
}

const REDIS_DEFAULTS = {
  prefix: 'cache:',
  readTimeout: 0.1,
  writeTimeout: 1,
  serializer: 'json',
  clock: systemClock,
} as const;

const KNOWN = [
  'url',
  'client',
  'prefix',
  'defaultTtl',
  'readTimeout',
  'writeTimeout',
  'serializer',
  'compressAbove',
  'name',
  'meterProvider',
  'clock',
] as const;

/** The options, checked. Times in seconds. */
interface RedisSettings {
  readonly connect: () => Promise<RedisClient> | RedisClient;
  /** Whether the connection is made here. */
  readonly isOwn: boolean;
  readonly prefix: string;
  readonly defaultTtl: number;
  readonly readTimeout: number;
  readonly writeTimeout: number;
  readonly serializer: Serializer;
  readonly compressAbove: number;
  readonly name: string | undefined;
  readonly meterProvider: MeterProvider | undefined;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} */
export function checkRedisOptions(options: RedisCacheOptions): RedisSettings {
  const given = withDefaults('RedisCache', REDIS_DEFAULTS, options, KNOWN);
  const { url, client, defaultTtl, compressAbove, name, meterProvider, clock } = given;
  if ((url === undefined) === (client === undefined)) {
    const actual = url === undefined ? 'neither' : 'both';
    throw new InvalidOptionError('url or client', 'given, one of the two', actual);
  }
  return {
    connect: client === undefined ? connectorTo(checkUrl(url)) : connectorOf(checkClient(client)),
    isOwn: client === undefined,
    prefix: checkText('prefix', given.prefix),
    defaultTtl:
      defaultTtl === undefined ? Infinity : toSeconds('defaultTtl', defaultTtl, { allowInfinity: true }),
    readTimeout: toSeconds('readTimeout', given.readTimeout),
    writeTimeout: toSeconds('writeTimeout', given.writeTimeout),
    serializer: toSerializer('serializer', given.serializer),
    compressAbove: compressAbove === undefined ? Infinity : toBytes('compressAbove', compressAbove),
    name: name === undefined ? undefined : checkText('name', name),
    meterProvider,
    clock,
  };
}

function connectorTo(url: string) {
  return () => makeClient(url);
}

function connectorOf(client: RedisClient) {
  return () => client;
}
