import * as catalogue from '../telemetry/catalogue.js';
import type { IntervalReadings, Reading } from '../telemetry/reading.js';

/** What one cache did in an interval. */
export interface CacheObservation {
  readonly name: string;
  readonly lookups: number;
  readonly hits: number;
  readonly hitRatio: number;
  /** Entries that left to make room. */
  readonly evictions: number;
  readonly entries: number;
  readonly limit: number;
  /** Seconds the application spent on loading what was missing. */
  readonly loadSeconds: number;
}

/** What one timed operation did in an interval. */
export interface OperationObservation {
  readonly name: string;
  readonly calls: number;
  readonly errors: number;
  readonly seconds: number;
}

/** The readings of one interval in the words of the rules. Shares from 0 to 1; absent where nobody measures them. */
export interface Observation {
  readonly seconds: number;
  readonly memoryShare: number | undefined;
  readonly heapShare: number | undefined;
  readonly cpuShare: number | undefined;
  readonly processCpuShare: number | undefined;
  readonly eventLoopUtilization: number | undefined;
  readonly caches: readonly CacheObservation[];
  /** The most time-consuming first. */
  readonly operations: readonly OperationObservation[];
}

export function observationFrom({ seconds, readings }: IntervalReadings): Observation {
  const byName = new Map<string, Reading[]>();
  for (const reading of readings) {
    const same = byName.get(reading.name);
    if (same === undefined) byName.set(reading.name, [reading]);
    else same.push(reading);
  }
  const of = (definition: { readonly name: string }) => byName.get(definition.name) ?? [];
  const heapUsed = total(of(catalogue.heapUsed));
  const heapLimit = total(of(catalogue.heapLimit));
  const idle = total(of(catalogue.systemCpuUtilization), (attributes) => attributes['cpu.mode'] === 'idle');
  return {
    seconds,
    memoryShare: total(
      of(catalogue.systemMemoryUtilization),
      (attributes) => attributes['system.memory.state'] === 'used',
    ),
    heapShare: heapUsed === undefined || heapLimit === undefined ? undefined : heapUsed / heapLimit,
    cpuShare: idle === undefined ? undefined : 1 - idle,
    processCpuShare: total(of(catalogue.processCpuUtilization)),
    eventLoopUtilization: total(of(catalogue.eventLoopUtilization)),
    caches: cachesFrom(of),
    operations: operationsFrom(of(catalogue.operationDuration)),
  };
}

/** Resources closest to their limit decide: memory by machine or heap, CPU by machine, process or event loop. */
export function pressureOf(observation: Observation): { readonly memory: number; readonly cpu: number } {
  const {
    memoryShare = 0,
    heapShare = 0,
    cpuShare = 0,
    processCpuShare = 0,
    eventLoopUtilization = 0,
  } = observation;
  return {
    memory: Math.max(memoryShare, heapShare),
    cpu: Math.max(cpuShare, processCpuShare, eventLoopUtilization),
  };
}

type ReadingsOf = (definition: { readonly name: string }) => readonly Reading[];

function total(
  readings: readonly Reading[],
  filter: (attributes: Reading['attributes']) => boolean = () => true,
): number | undefined {
  const chosen = readings.filter(({ attributes }) => filter(attributes));
  return chosen.length === 0 ? undefined : chosen.reduce((sum, { value }) => sum + value, 0);
}

function cachesFrom(of: ReadingsOf): CacheObservation[] {
  const lookups = of(catalogue.cacheLookups);
  const names = new Set(lookups.map(({ attributes }) => attributes['perf.cache.name']));
  // Lookups beyond the limit of series belong to no cache in particular.
  names.delete(undefined);
  return [...names].map((name) => {
    const isOwn = (attributes: Reading['attributes']) => attributes['perf.cache.name'] === name;
    const all = total(lookups, isOwn) ?? 0;
    const hits = total(lookups, (at) => isOwn(at) && at['perf.cache.result'] === 'hit') ?? 0;
    const isMemory = (at: Reading['attributes']) => isOwn(at) && at['perf.cache.tier'] === 'memory';
    return {
      name: String(name),
      lookups: all,
      hits,
      hitRatio: all === 0 ? 0 : hits / all,
      evictions:
        total(of(catalogue.cacheEvictions), (at) => isMemory(at) && at['perf.cache.reason'] === 'capacity') ??
        0,
      entries: total(of(catalogue.cacheEntries), isMemory) ?? 0,
      limit: total(of(catalogue.cacheEntriesLimit), isMemory) ?? 0,
      loadSeconds: total(of(catalogue.cacheLoadDuration), isOwn) ?? 0,
    };
  });
}

function operationsFrom(durations: readonly Reading[]): OperationObservation[] {
  const byName = new Map<string, { calls: number; errors: number; seconds: number }>();
  for (const { attributes, value, count = 0 } of durations) {
    if (attributes['perf.operation.name'] === undefined) continue;
    const name = String(attributes['perf.operation.name']);
    const sum = byName.get(name) ?? { calls: 0, errors: 0, seconds: 0 };
    sum.calls += count;
    sum.seconds += value;
    if (attributes['error.type'] !== undefined) sum.errors += count;
    byName.set(name, sum);
  }
  return [...byName]
    .map(([name, { calls, errors, seconds }]) => ({ name, calls, errors, seconds }))
    .toSorted((a, b) => b.seconds - a.seconds);
}
