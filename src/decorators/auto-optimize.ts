import { AdaptiveLimit, type AdaptiveLimitOptions } from '../async/lease/adaptive-limit.js';
import { checkPriority } from '../async/lease/priority-queue.js';
import { cachedDecorator, type CachedOptions } from '../cache/cached-function.js';
import { checkKnownOptions, checkPositiveInteger, checkRatio } from '../checks.js';
import { dualDecorator, type DualDecorator } from '../dual-decorator.js';
import type { ShedRequest } from '../optimizer/cpu/load-shedder.js';
import type { ResourceOptimizer } from '../optimizer/resource-optimizer.js';
import { timedFunction } from '../telemetry/timer.js';
import { activeMonitor, activeOptimizer } from './active.js';
import { FunctionParts, type FunctionPlan } from './function-parts.js';
import { refuseGenerator } from './promise-function.js';

/** When a function makes the optimizer look, and what else it gets. */
export interface AutoOptimizeOptions {
  /**
   * Memory pressure, 0 to 1, at which the optimizer looks at once instead of with its next pass, if this function runs.
   * Default: that of the optimizer.
   */
  readonly memoryThreshold?: number;
  /** The same for CPU and event loop. */
  readonly cpuThreshold?: number;
  /**
   * Keeps its results in a cache of its own, within the budget all such functions share; options are those of `@cached`.
   * @default false
   */
  readonly cache?: boolean | CachedOptions;
  /**
   * How many runs happen at the same time: a number, or options for a limit that adapts, as with `true`. The function
   * returns a promise from then on. Default: no limit.
   */
  readonly concurrency?: boolean | number | AdaptiveLimitOptions;
  /**
   * Whether runs are refused with an OverloadedError while the process has more to do than it can, by their priority.
   * What the cache has is answered all the same. @default false
   */
  readonly shed?: boolean | ShedRequest;
}

const KNOWN = ['memoryThreshold', 'cpuThreshold', 'cache', 'concurrency', 'shed'] as const;

/**
 * Registers a function or method with the optimizer: its runs are timed and in the report, and when one ends while memory
 * or CPU are over their thresholds, the optimizer looks at once (at most twice a minute). It gets a cache, a lane and
 * shedding where asked to; nothing else about its calls changes. Which optimizer that is, is decided at each call.
 *
 * ```ts
 * const render = autoOptimize({ cpuThreshold: 0.8, cache: { ttl: '1m' } })(async (page: string) => page);
 * ```
 *
 * @throws {InvalidOptionError}
 */
export function autoOptimize(options: AutoOptimizeOptions = {}): DualDecorator {
  // Bad options are told where they are written, also when nothing is decorated yet.
  const { cachedOptions, ...asked } = checkOptions(options);
  return dualDecorator('@autoOptimize', (fn, { name, owner }) => {
    refuseGenerator('@autoOptimize', fn, name);
    const plan = { ...asked, name: owner === undefined ? name : `${owner}.${name}` };
    const partsNow = partsOf(plan);
    const timed = timedFunction(fn, () => partsNow()?.recorder);
    const admitted = function (this: unknown, ...args: unknown[]): unknown {
      partsNow()?.admit();
      return timed.apply(this, args);
    };
    const queued = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      const lane = partsNow()?.lane;
      const run = (): unknown => admitted.apply(this, args);
      return lane === undefined ? run() : lane.run(run);
    };
    const isPromised = plan.limit !== undefined || (isAsync(fn) && plan.shed !== undefined);
    const run = isPromised || (isAsync(fn) && plan.isCached) ? queued : admitted;
    const answer = plan.isCached ? cachedDecorator(() => partsNow()?.cache, cachedOptions)(run) : run;
    return function optimized(this: unknown, ...args: unknown[]): unknown {
      partsNow()?.countCall();
      return answer.apply(this, args);
    };
  });
}

function checkOptions(options: AutoOptimizeOptions): Omit<FunctionPlan, 'name'> & {
  readonly cachedOptions: CachedOptions;
} {
  checkKnownOptions('autoOptimize', options, KNOWN);
  const { memoryThreshold, cpuThreshold, cache = false } = options;
  const cachedOptions = typeof cache === 'boolean' ? {} : cache;
  cachedDecorator(() => undefined, cachedOptions);
  return {
    limits: {
      ...(memoryThreshold !== undefined && {
        memoryThreshold: checkRatio('memoryThreshold', memoryThreshold),
      }),
      ...(cpuThreshold !== undefined && { cpuThreshold: checkRatio('cpuThreshold', cpuThreshold) }),
    },
    isCached: cache !== false,
    limit: limitOf(options.concurrency),
    shed: shedOf(options.shed),
    cachedOptions,
  };
}

function limitOf(concurrency: AutoOptimizeOptions['concurrency']): FunctionPlan['limit'] {
  if (concurrency === undefined || concurrency === false) return undefined;
  if (typeof concurrency === 'number') return checkPositiveInteger('concurrency', concurrency);
  const limit = concurrency === true ? {} : concurrency;
  // Only to check them.
  void new AdaptiveLimit('concurrency', limit);
  return limit;
}

function shedOf(shed: AutoOptimizeOptions['shed']): ShedRequest | undefined {
  if (shed === undefined || shed === false) return undefined;
  if (shed === true) return {};
  checkKnownOptions('shed', shed, ['priority']);
  if (shed.priority !== undefined) checkPriority(shed.priority);
  return shed;
}

/** What the function has of the optimizer in force; made anew when that is another one. */
function partsOf(plan: FunctionPlan): () => FunctionParts | undefined {
  let optimizer: ResourceOptimizer | undefined;
  let parts: FunctionParts | undefined;
  return () => {
    const active = activeOptimizer();
    if (active !== optimizer) {
      optimizer = active;
      parts = active === undefined ? undefined : new FunctionParts(plan, active, activeMonitor());
    }
    return parts;
  };
}

function isAsync(fn: unknown): boolean {
  return Object.prototype.toString.call(fn) === '[object AsyncFunction]';
}
