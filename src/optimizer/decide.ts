import { pressureOf, type CacheObservation, type Observation } from './observation.js';

export type OptimizedResource = 'memory' | 'cpu' | 'cache';

/** What was decided about a resource, and why. To leave it alone is a decision too. */
export interface Decision {
  readonly resource: OptimizedResource;
  /** `hold`: nothing to do. `advise`: somebody should. `act`: the registered cleanups run. */
  readonly decision: 'hold' | 'advise' | 'act';
  readonly reason: string;
  /** What to do, where there is something. */
  readonly recommendation?: string;
}

/** A decision that was made, when, and what came of it. */
export interface MadeDecision extends Decision {
  /** Seconds since 1970. */
  readonly time: number;
  /** What the cleanups reported, added up; only after `act`. */
  readonly removedEntries?: number;
}

export interface Limits {
  /** Pressure from which memory is acted upon, 0 to 1. */
  readonly memoryThreshold: number;
  /** Pressure from which advice on CPU is given, 0 to 1. */
  readonly cpuThreshold: number;
  /** Whether there is something registered that could free memory. */
  readonly canFreeMemory: boolean;
}

/** Fewer lookups say nothing about a cache. */
const MIN_LOOKUPS = 100;
/** Below this a cache that has no room is worth enlarging. */
const LOW_HIT_RATIO = 0.8;
/** Below this a cache with room to spare does not get the same keys again. */
const USELESS_HIT_RATIO = 0.2;
/** A cache this full evicts for every new entry. */
const FULL = 0.95;

/** Pure: the same observation gives the same decisions. */
export function decide(observation: Observation, limits: Limits): Decision[] {
  return [
    decideMemory(observation, limits),
    decideCpu(observation, limits),
    ...observation.caches.map(decideCache),
  ];
}

export function decideMemory(observation: Observation, { memoryThreshold, canFreeMemory }: Limits): Decision {
  if (observation.memoryShare === undefined && observation.heapShare === undefined)
    return {
      resource: 'memory',
      decision: 'hold',
      reason: 'memory is not measured: no resource tracker runs',
    };
  const { memory } = pressureOf(observation);
  const state = `memory pressure ${percent(memory)} (heap ${percent(observation.heapShare)} of its limit)`;
  if (memory < memoryThreshold) {
    return { resource: 'memory', decision: 'hold', reason: `${state} is under ${percent(memoryThreshold)}` };
  }
  const reason = `${state} has reached ${percent(memoryThreshold)}`;
  if (canFreeMemory) return { resource: 'memory', decision: 'act', reason };
  const recommendation =
    (observation.heapShare ?? 0) >= memoryThreshold
      ? 'Bound the largest caches, register cleanups, or raise --max-old-space-size if the machine has room'
      : 'The machine is short of memory outside this heap: look at other processes, buffers and the memory limit';
  return { resource: 'memory', decision: 'advise', reason, recommendation };
}

export function decideCpu(observation: Observation, { cpuThreshold }: Limits): Decision {
  const { cpuShare, processCpuShare, eventLoopUtilization } = observation;
  if (cpuShare === undefined && processCpuShare === undefined && eventLoopUtilization === undefined)
    return { resource: 'cpu', decision: 'hold', reason: 'CPU is not measured: no resource tracker runs' };
  const { cpu } = pressureOf(observation);
  const loop = `event loop ${percent(eventLoopUtilization)} busy`;
  const state = `CPU pressure ${percent(cpu)} (${loop})`;
  if (cpu < cpuThreshold) {
    return { resource: 'cpu', decision: 'hold', reason: `${state} is under ${percent(cpuThreshold)}` };
  }
  const [busiest] = observation.operations;
  const where = busiest === undefined ? '' : `; "${busiest.name}" takes the most time`;
  const recommendation =
    (eventLoopUtilization ?? 0) >= cpuThreshold
      ? `Move computation to worker threads or cache its results${where}`
      : `Run fewer processes on this machine or give it more cores${where}`;
  return {
    resource: 'cpu',
    decision: 'advise',
    reason: `${state} has reached ${percent(cpuThreshold)}`,
    recommendation,
  };
}

export function decideCache(cache: CacheObservation): Decision {
  const { name, lookups, hitRatio, evictions, entries, limit } = cache;
  const state = `cache "${name}" answered ${percent(hitRatio)} of ${lookups} lookups`;
  if (lookups < MIN_LOOKUPS) {
    return {
      resource: 'cache',
      decision: 'hold',
      reason: `${state}: too few to judge (under ${MIN_LOOKUPS})`,
    };
  }
  if (hitRatio < LOW_HIT_RATIO && evictions > 0 && entries >= FULL * limit) {
    return {
      resource: 'cache',
      decision: 'advise',
      reason: `${state} while evicting ${evictions} entries to make room`,
      recommendation: `Raise maxSize of cache "${name}" (now ${limit}): it is full and misses`,
    };
  }
  if (hitRatio < USELESS_HIT_RATIO) {
    return {
      resource: 'cache',
      decision: 'advise',
      reason: `${state} though it has room`,
      recommendation: `Review keys and ttl of cache "${name}": the same key is rarely asked for twice`,
    };
  }
  return { resource: 'cache', decision: 'hold', reason: `${state}; nothing would help for certain` };
}

function percent(share: number | undefined): string {
  return share === undefined ? 'unknown' : `${(100 * share).toFixed(1)} %`;
}
