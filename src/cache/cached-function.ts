import { nodeCrypto } from '../built-ins.js';
import { checkFunction } from '../checks.js';
import type { Duration } from '../duration.js';
import { dualDecorator, type DualDecorator, type WrappedPlace } from '../dual-decorator.js';
import { InvalidUseError } from '../errors.js';
import { noticeOnce } from '../telemetry/notice.js';
import { keyOfArguments } from './cache-key.js';
import { checkLoadOptions, seconds, type LoadOptions, type SetEntryOptions } from './entry-options.js';

/** How results of a function are kept, and under which keys. */
export interface CachedOptions extends Omit<LoadOptions<never>, 'ttl' | 'signal'> {
  /** Lifetime of a result. Default: that of the cache. */
  readonly ttl?: Duration;
  /**
   * Makes the key from the arguments, with the method's `this`. The key is used as it is: choose one no other function
   * makes. Default: a key of function, instance and arguments.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- arguments of any function
  readonly keyFunc?: (this: any, ...args: any[]) => string;
}

/** What is needed of the cache that keeps the results. */
export interface ResultCache {
  getIfPresent(key: string): unknown;
  set(key: string, value: unknown, options?: SetEntryOptions): Promise<void>;
  getOrSet(key: string, load: () => unknown, options?: LoadOptions): Promise<unknown>;
  deleteMany(keys: readonly string[]): Promise<number>;
}

/** What a wrapped function can do beside being called. */
export interface Invalidation<Arguments extends readonly unknown[]> {
  /** Forgets the result for these arguments, of a method for every instance it was called on. */
  invalidate(...args: Arguments): Promise<void>;
}

/** As DualDecorator; around a plain function it shows `invalidate`, which decorated methods have as well. */
export interface CachedDecorator extends DualDecorator {
  <F extends AnyFunction>(value: F, context: ClassMethodDecoratorContext | ClassGetterDecoratorContext): F;
  <This, F extends AnyFunction>(
    value: undefined,
    context: ClassFieldDecoratorContext<This, F>,
  ): (initial: F) => F;
  (target: object, key: string | symbol, descriptor?: PropertyDescriptor): void;
  <F extends AnyFunction>(fn: F): F & Invalidation<Parameters<F>>;
}

type AnyFunction = Parameters<Parameters<typeof dualDecorator>[1]>[0];

/**
 * A decorator, or wrapper, that keeps the results of a function in a cache.
 *
 * An `async` function (and one that was seen to return a promise) asks all tiers, and concurrent calls with one key
 * share one run. A synchronous function is answered from the memory tier. `undefined` and errors are not kept.
 */
export function cachedDecorator(
  cacheNow: () => ResultCache | undefined,
  options: CachedOptions = {},
): CachedDecorator {
  const { keyFunc, ...load } = options;
  checkLoadOptions('cached', load);
  if (load.ttl !== undefined) seconds('ttl', load.ttl);
  if (keyFunc !== undefined) checkFunction('keyFunc', keyFunc);
  const kept = entryOptions(load);

  const decorator = dualDecorator('@cached', (fn, place) => {
    const kind = kindOf(fn);
    if (kind === 'generator')
      throw new InvalidUseError(`@cached: ${place.name} is a generator; its steps cannot be kept`);
    let isAsync = kind === 'async';
    const prefix = keyFunc === undefined ? prefixOf(fn, place) : '';
    const instances = new WeakMap<object, number>();
    let instanceCount = 0;

    /** The first instance has no mark, so that a service made once finds its entries again after a restart. */
    const markOf = (self: unknown): string => {
      if ((typeof self !== 'object' && typeof self !== 'function') || self === null) return '';
      let number = instances.get(self);
      if (number === undefined) instances.set(self, (number = instanceCount++));
      return number === 0 ? '' : `@${number}`;
    };
    const keyOf = (self: unknown, args: unknown[]): string | undefined => {
      if (keyFunc !== undefined) return keyFunc.apply(self, args);
      const text = keyOfArguments(args);
      return text === undefined ? undefined : `${prefix}${markOf(self)}(${text})`;
    };

    const cached = function (this: unknown, ...args: unknown[]): unknown {
      const key = keyOf(this, args);
      if (typeof key !== 'string') {
        noticeOnce(
          `unkeyable ${place.name}`,
          `@cached: arguments of ${place.name} make no key, it is called uncached; give keyFunc`,
        );
        return fn.apply(this, args);
      }
      const cache = cacheNow();
      if (cache === undefined) return fn.apply(this, args);
      if (isAsync) return cache.getOrSet(key, () => fn.apply(this, args) as unknown, load);
      const present = cache.getIfPresent(key);
      if (present !== undefined) return present;
      const result: unknown = fn.apply(this, args);
      if (isThenable(result)) {
        isAsync = true;
        return cache.getOrSet(key, () => result, load);
      }
      void cache.set(key, result, kept);
      return result;
    };
    const invalidate = async (...args: unknown[]): Promise<void> => {
      const text = keyOfArguments(args);
      const keys =
        keyFunc !== undefined
          ? [keyFunc.apply(undefined, args)]
          : text === undefined
            ? []
            : Array.from(
                { length: Math.max(1, instanceCount) },
                (_, i) => `${prefix}${i === 0 ? '' : `@${i}`}(${text})`,
              );
      await cacheNow()?.deleteMany(keys);
    };
    return Object.assign(cached, { invalidate });
  });
  return decorator as CachedDecorator;
}

function entryOptions({ ttl, memoryTtl, grace, jitter, skip, tags }: CachedOptions): SetEntryOptions {
  const given = { ttl, memoryTtl, grace, jitter, skip, tags };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function kindOf(fn: AnyFunction): 'async' | 'generator' | 'plain' {
  const tag = Object.prototype.toString.call(fn);
  if (tag === '[object AsyncFunction]') return 'async';
  return tag.includes('Generator') ? 'generator' : 'plain';
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

const wrappedBefore = new Map<string, number>();

/** Name and a digest of the source tell functions apart; a number tells apart those in which both are the same. */
function prefixOf(fn: AnyFunction, { name, owner }: WrappedPlace): string {
  const source = nodeCrypto()
    .createHash('sha256')
    .update(Function.prototype.toString.call(fn))
    .digest('base64url')
    .slice(0, 8);
  const identity = `${owner === undefined ? '' : `${owner}.`}${name}#${source}`;
  const number = wrappedBefore.get(identity) ?? 0;
  wrappedBefore.set(identity, number + 1);
  return number === 0 ? identity : `${identity}.${number}`;
}
