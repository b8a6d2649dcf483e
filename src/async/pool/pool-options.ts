import {
  checkFunction,
  checkKnownOptions,
  checkPositiveInteger,
  checkText,
  withDefaults,
} from '../../checks.js';
import { systemClock, type Clock } from '../../clock.js';
import { toSeconds, type Duration } from '../../duration.js';
import { InvalidOptionError } from '../../errors.js';
import type { MeterProvider } from '../../telemetry/instruments.js';
import { AdaptiveLimit, type AdaptiveLimitOptions } from '../lease/adaptive-limit.js';
import { checkPriority } from '../lease/priority-queue.js';

/** What the functions of a pool are told. */
export interface PoolCallContext {
  /** Aborted when the call has taken too long, or the pool closes. */
  readonly signal: AbortSignal;
}

/** How resources are made, checked and ended, and how many there are. */
export interface AsyncPoolOptions<T> {
  /** Tells the pool from others in metrics and messages. @default 'default' */
  readonly name?: string;
  /**
   * Makes a resource, or rejects. One that comes after `signal` was aborted is destroyed on arrival. Runs in the async
   * context the pool was made in, as a resource belongs to no request.
   */
  readonly factory: (context: PoolCallContext) => T | PromiseLike<T>;
  /** Destroys a resource; its place is free when it has ended. Default: the resource is forgotten. */
  readonly cleanup?: (resource: T, context: PoolCallContext) => unknown;
  /** Whether a resource still works: `false` or an error means no, and it is replaced. Default: always. */
  readonly validate?: (resource: T, context: PoolCallContext) => unknown;
  /** Resources at the same time, those that are made or destroyed included. @default 10 */
  readonly maxSize?: number;
  /** Resources that are kept also when nobody needs them. @default 0 */
  readonly minSize?: number;
  /** How long one may wait for a resource. @default 30 */
  readonly timeout?: Duration;
  /** Requests that may wait; further ones are refused at once. @default 10000 */
  readonly maxQueued?: number;
  /** What `factory` may take. @default 10 */
  readonly createTimeout?: Duration;
  /** What `validate` may take. @default 5 */
  readonly validateTimeout?: Duration;
  /** What `cleanup` may take; after that the place is free all the same. @default 10 */
  readonly cleanupTimeout?: Duration;
  /**
   * After a failure `factory` rests for a random time up to this, then up to twice as long and so on, up to 10 s; then a
   * single call shows for all who wait whether it works again. @default 0.1
   */
  readonly retryDelay?: Duration;
  /** A resource that was idle for so long is validated before it is given out. @default 5 */
  readonly validateAfterIdle?: Duration;
  /** A resource beyond `minSize` that was idle for so long, up to a tenth less, is destroyed. @default 300 */
  readonly idleTimeout?: Duration;
  /** A resource so old, up to a tenth less, is replaced as soon as it is not in use. Default: never. */
  readonly maxAge?: Duration;
  /**
   * Who holds a resource for longer is named once, with the place where it was acquired. Recording that place costs about
   * 4 us for each acquire. Default: off.
   */
  readonly leaseWarn?: Duration;
  /**
   * Lets the number of resources in use follow what the other side can do, within `maxSize`. Then a queue that stands
   * serves the newest first and refuses who has waited for more than 0.1 s.
   */
  readonly limit?: AdaptiveLimitOptions;
  /**
   * The database the resources are connections to, as OpenTelemetry names it: `'postgresql'`. Then the metrics are
   * `db.client.connection.*` instead of `perf.pool.*`.
   */
  readonly system?: string;
  /** Reports there instead of to the global provider. */
  readonly meterProvider?: MeterProvider;
  /** From 0 to 1: spreads what would happen at the same time. @default Math.random */
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** For one request. */
export interface GetOptions {
  /** How long to wait, instead of what the pool allows. */
  readonly timeout?: Duration;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** A whole number from -100 to 100, the higher the sooner; one step counts like a second of waiting. @default 0 */
  readonly priority?: number;
}

/** What a pool goes by. Times in milliseconds. */
export interface PoolSettings<T> {
  readonly name: string;
  /** For messages: `pool "db"`. */
  readonly what: string;
  readonly factory: AsyncPoolOptions<T>['factory'];
  readonly cleanup: AsyncPoolOptions<T>['cleanup'] | undefined;
  readonly validate: AsyncPoolOptions<T>['validate'] | undefined;
  readonly maxSize: number;
  readonly minSize: number;
  /** How many may be in use. */
  readonly limit: number | AdaptiveLimit;
  readonly timeoutMs: number;
  readonly maxQueued: number;
  readonly createMs: number;
  readonly validateMs: number;
  readonly cleanupMs: number;
  readonly retryDelayMs: number;
  readonly validateAfterIdleMs: number;
  readonly idleMs: number;
  readonly maxAgeMs: number;
  readonly leaseWarnMs: number;
  readonly random: () => number;
  readonly clock: Clock;
}

export interface RequestLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly priority: number;
}

const DEFAULTS = {
  name: 'default',
  maxSize: 10,
  minSize: 0,
  timeout: 30,
  maxQueued: 10_000,
  createTimeout: 10,
  validateTimeout: 5,
  cleanupTimeout: 10,
  retryDelay: 0.1,
  validateAfterIdle: 5,
  idleTimeout: 300,
  maxAge: Infinity,
  leaseWarn: Infinity,
  random: Math.random,
  clock: systemClock,
} as const;
const KNOWN = [
  'name',
  'factory',
  'cleanup',
  'validate',
  'maxSize',
  'minSize',
  'timeout',
  'maxQueued',
  'createTimeout',
  'validateTimeout',
  'cleanupTimeout',
  'retryDelay',
  'validateAfterIdle',
  'idleTimeout',
  'maxAge',
  'leaseWarn',
  'limit',
  'system',
  'meterProvider',
  'random',
  'clock',
] as const;
const GET_OPTIONS = ['timeout', 'signal', 'priority'] as const;

/** @throws {InvalidOptionError} */
export function checkPoolOptions<T>(options: AsyncPoolOptions<T>): PoolSettings<T> {
  const given = withDefaults('AsyncPool', DEFAULTS, options, KNOWN);
  const { factory, cleanup, validate, minSize } = given;
  const name = checkText('name', given.name);
  if (cleanup !== undefined) checkFunction('cleanup', cleanup);
  if (validate !== undefined) checkFunction('validate', validate);
  if (given.system !== undefined) checkText('system', given.system);
  const maxSize = checkPositiveInteger('maxSize', given.maxSize);
  if (minSize !== 0) checkPositiveInteger('minSize', minSize);
  if (minSize > maxSize)
    throw new InvalidOptionError('minSize', `at most maxSize, which is ${maxSize}`, minSize);
  const ms = (option: 'timeout' | 'createTimeout' | 'validateTimeout' | 'cleanupTimeout') =>
    timerMs(option, given[option]);
  const ageMs = (option: 'idleTimeout' | 'maxAge' | 'leaseWarn') =>
    toSeconds(option, given[option], { allowInfinity: true }) * 1000;
  return {
    name,
    what: `pool "${name}"`,
    factory: checkFunction('factory', factory),
    cleanup,
    validate,
    maxSize,
    minSize,
    limit: given.limit === undefined ? maxSize : adaptiveLimit(given.limit, maxSize),
    timeoutMs: ms('timeout'),
    maxQueued: checkPositiveInteger('maxQueued', given.maxQueued),
    createMs: ms('createTimeout'),
    validateMs: ms('validateTimeout'),
    cleanupMs: ms('cleanupTimeout'),
    retryDelayMs: toSeconds('retryDelay', given.retryDelay) * 1000,
    validateAfterIdleMs: validateAfterIdleOf(given.validateAfterIdle),
    idleMs: ageMs('idleTimeout'),
    maxAgeMs: ageMs('maxAge'),
    leaseWarnMs: ageMs('leaseWarn'),
    random: checkFunction('random', given.random),
    clock: given.clock,
  };
}

/** @throws {InvalidOptionError} */
export function checkGetOptions(options: GetOptions, usual: RequestLimits): RequestLimits {
  checkKnownOptions('get', options, GET_OPTIONS);
  const { timeout, signal, priority = 0 } = options;
  return {
    timeoutMs: timeout === undefined ? usual.timeoutMs : timerMs('timeout', timeout),
    signal,
    priority: checkPriority(priority),
  };
}

/** Milliseconds for a timer; `Infinity` for none. */
export function timerMs(option: string, value: Duration): number {
  return toSeconds(option, value, { allowInfinity: true }) * 1000;
}

/** 0 is a good answer here: each time. */
function validateAfterIdleOf(value: unknown): number {
  return value === 0 ? 0 : toSeconds('validateAfterIdle', value, { allowInfinity: true }) * 1000;
}

function adaptiveLimit(options: AdaptiveLimitOptions, maxSize: number): AdaptiveLimit {
  if (options.max !== undefined && options.max > maxSize)
    throw new InvalidOptionError('limit.max', `at most maxSize, which is ${maxSize}`, options.max);
  return new AdaptiveLimit('limit', { min: Math.min(4, maxSize), max: maxSize, ...options });
}
