import type { Redis } from 'ioredis';
import { checkPositiveInteger, checkText, withDefaults } from '../../../checks.js';
import { toSeconds, type Duration } from '../../../duration.js';
import { InvalidOptionError } from '../../../errors.js';
import type { MeterProvider } from '../../../telemetry/instruments.js';

/** The queue in Redis, and what this process does of it. */
export interface DurableTaskManagerOptions {
  /** Where Redis is: `redis://user:password@host:6379/0`, or `rediss://` for TLS. This or `client` is needed. */
  readonly url?: string;
  /** A connection of ioredis instead, for Sentinel and the like: others are made like it. It is neither used nor closed. */
  readonly client?: Redis;
  /** Of the queue in Redis: managers of one name share their tasks. Value of `perf.task.queue`. @default 'default' */
  readonly name?: string;
  /** Opens every key in Redis. With the one of bullmq its dashboards find the queue. @default 'bull' */
  readonly prefix?: string;
  /** How many tasks run at the same time in this process; 0 where it only submits. @default 10 */
  readonly limit?: number;
  /** How long a task may wait for its place. Default: for ever. */
  readonly queueTimeout?: Duration;
  /** Succeeded tasks whose result is kept, at most, and as many of all others that have ended. @default 10000 */
  readonly maxKept?: number;
  /** How long they are kept. @default '10m' */
  readonly keepFor?: Duration;
  /**
   * How long nothing may be heard of a process before its tasks are begun elsewhere, which happens within twice that time.
   * A process whose event loop is blocked for longer goes on with tasks that others have begun again. @default '30s'
   */
  readonly lockDuration?: Duration;
  /** How long Redis may take to answer before a call is rejected. @default '5s' */
  readonly timeout?: Duration;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
}

const DEFAULTS = {
  name: 'default',
  prefix: 'bull',
  limit: 10,
  queueTimeout: Infinity,
  maxKept: 10_000,
  keepFor: 600,
  lockDuration: 30,
  timeout: 5,
} as const;
const KNOWN = [
  'url',
  'client',
  'name',
  'prefix',
  'limit',
  'queueTimeout',
  'maxKept',
  'keepFor',
  'lockDuration',
  'timeout',
  'meterProvider',
] as const;

/** The options, checked. Times in seconds. */
export interface DurableSettings {
  readonly url: string | undefined;
  readonly client: Redis | undefined;
  readonly name: string;
  readonly prefix: string;
  readonly limit: number;
  readonly queueTimeout: number;
  readonly maxKept: number;
  readonly keepFor: number;
  readonly lockDuration: number;
  readonly timeout: number;
  readonly meterProvider: MeterProvider | undefined;
}

/** @throws {InvalidOptionError} */
export function checkDurableOptions(options: DurableTaskManagerOptions): DurableSettings {
  const given = withDefaults('DurableTaskManager', DEFAULTS, options, KNOWN);
  const { url, client, meterProvider } = given;
  if ((url === undefined) === (client === undefined)) {
    const actual = url === undefined ? 'neither' : 'both';
    throw new InvalidOptionError('url or client', 'given, one of the two', actual);
  }
  return {
    url: url === undefined ? undefined : checkUrl(url),
    client: client === undefined ? undefined : checkClient(client),
    name: checkPart('name', given.name),
    prefix: checkText('prefix', given.prefix),
    limit: checkLimit(given.limit),
    queueTimeout: toSeconds('queueTimeout', given.queueTimeout, { allowInfinity: true }),
    maxKept: checkPositiveInteger('maxKept', given.maxKept),
    keepFor: toSeconds('keepFor', given.keepFor),
    lockDuration: toSeconds('lockDuration', given.lockDuration),
    timeout: toSeconds('timeout', given.timeout),
    meterProvider,
  };
}

function checkLimit(value: unknown): number {
  return value === 0 ? 0 : checkPositiveInteger('limit', value);
}

/** bullmq puts colons between the parts of its keys. */
function checkPart(option: string, value: unknown): string {
  const text = checkText(option, value);
  if (text.includes(':')) throw new InvalidOptionError(option, 'a text without colons', value);
  return text;
}

/** @throws {InvalidOptionError} that does not show the URL: it may hold a password. */
function checkUrl(url: unknown): string {
  const expected = 'a URL that begins with redis:// or rediss://';
  if (typeof url !== 'string') throw new InvalidOptionError('url', expected, url);
  if (/^rediss?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new InvalidOptionError('url', expected, '(not shown)');
}

/** @throws {InvalidOptionError} */
function checkClient(client: unknown): Redis {
  const given = (client ?? {}) as Record<string, unknown> & { options?: { keyPrefix?: unknown } };
  const isClient = ['duplicate', 'disconnect', 'on'].every((method) => typeof given[method] === 'function');
  if (!isClient || given['isCluster'] === true)
    throw new InvalidOptionError('client', 'a Redis of ioredis, and no Cluster', client);
  if (typeof given.options?.keyPrefix === 'string' && given.options.keyPrefix !== '')
    throw new InvalidOptionError('client', 'without keyPrefix: the option prefix is for that', client);
  return client as Redis;
}
