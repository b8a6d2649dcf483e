import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { InvalidOptionError } from '../../errors.js';
import { readingConnector } from './reading-connector.js';

export type RedisClient = Redis | Cluster;

/** The longest pause between two tries to connect: also the longest a Redis that is back waits for us. */
const MAX_RECONNECT_MS = 250;

/** Nothing may wait in ioredis itself: a call that cannot be sent now fails now, and what failed is not sent again. */
const OWN_OPTIONS = {
  lazyConnect: true,
  protocol: 2,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 2000,
  // A server that hangs does not close its side of a connection that is to be made again.
  disconnectTimeout: 100,
  // A server that was started again answers when it has loaded its file; without this ioredis looks once a second.
  maxLoadingRetryTime: 100,
  retryStrategy: (tries) => Math.min(25 * 2 ** tries, MAX_RECONNECT_MS) * (0.8 + 0.2 * Math.random()),
} as const satisfies RedisOptions;

/** A client of our own. ioredis is loaded here, for those that use Redis only. */
export async function makeClient(url: string): Promise<Redis> {
  const { Redis: RedisOfIoredis, AbstractConnector } = await import('ioredis');
  return new RedisOfIoredis(url, { ...OWN_OPTIONS, Connector: readingConnector(AbstractConnector) });
}

/** A second connection to where a client is connected, for messages: they and commands cannot share one. */
export function makeListener(client: RedisClient): RedisClient {
  if (!isCluster(client)) return client.duplicate({ ...OWN_OPTIONS, autoResubscribe: false });
  return client.duplicate([], {
    lazyConnect: true,
    enableOfflineQueue: false,
    redisOptions: { protocol: 2 },
  });
}

export function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

/** @throws {InvalidOptionError} that does not show the URL: it may hold a password. */
export function checkUrl(url: unknown): string {
  const expected = 'a URL that begins with redis:// or rediss://';
  if (typeof url !== 'string') throw new InvalidOptionError('url', expected, url);
  if (/^rediss?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new InvalidOptionError('url', expected, '(not shown)');
}

const CLIENT_METHODS = ['getBuffer', 'mgetBuffer', 'pipeline', 'duplicate', 'on', 'off'] as const;

/** @throws {InvalidOptionError} for something that is no client of ioredis, or one that changes keys by itself. */
export function checkClient(client: unknown): RedisClient {
  const given = (client ?? {}) as Record<string, unknown> & { options?: { keyPrefix?: unknown } };
  if (!CLIENT_METHODS.every((method) => typeof given[method] === 'function')) {
    throw new InvalidOptionError('client', 'a Redis or Cluster of ioredis', client);
  }
  if (typeof given.options?.keyPrefix === 'string' && given.options.keyPrefix !== '') {
    throw new InvalidOptionError('client', 'without keyPrefix: the option prefix is for that', client);
  }
  return client as RedisClient;
}
