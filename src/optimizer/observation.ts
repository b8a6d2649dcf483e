import * as catalogue from '../telemetry/catalogue.js';
import type { IntervalReadings, Reading } from '../telemetry/reading.js';
import type { MemoryReadings } from './memory/memory-readings.js';

/** What one cache did in an interval. */
export interface CacheObservation {
  readonly name: string;
  readonly lookups: number;
  readonly hits: number;
  readonly hitRatio: number;
  /** Entries that left to make room. */
  readonly evictions: number;
  /** Entries that left because their time was over. */
  readonly expirations: number;
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

/** What garbage collection did in an interval, and what it works with. */
export interface RuntimeReadings {
  /** How long collections stopped JavaScript. */
  readonly collectionSeconds: number;
  /** Of that, minor collections: those of new objects. */
  readonly minorSeconds: number;
  /** Set aside for new objects. */
  readonly newSpaceBytes: number | undefined;
  readonly residentBytes: number | undefined;
}

/** The readings of one interval in the words of the rules. Shares from 0 to 1; absent where nobody measures them. */
export interface Observation {
  readonly seconds: number;
  readonly memory: MemoryReadings;
  readonly runtime: RuntimeReadings;
  readonly cpuShare: number | undefined;
  readonly processCpuShare: number | undefined;
  readonly eventLoopUtilization: number | undefined;
  readonly caches: readonly CacheObservation[];
  /** The most time-consuming first. */
  readonly operations: readonly OperationObservation[];
}

/** Before anything was read. */
export const NOTHING_OBSERVED: Observation = {
  seconds: 0,
  memory: {
    heapUsedBytes: undefined,
    heapLimitBytes: undefined,
    heapLiveBytes: undefined,
    containerUsedBytes: undefined,
    containerLimitBytes: undefined,
    machineUsedBytes: undefined,
    machineBytes: undefined,
    stallShare: undefined,
    gcShare: undefined,
  },
  runtime: { collectionSeconds: 0, minorSeconds: 0, newSpaceBytes: undefined, residentBytes: undefined },
  cpuShare: undefined,
  processCpuShare: undefined,
  eventLoopUtilization: undefined,
  caches: [],
  operations: [],
};

const NEW_SPACE = 'new_space';

/** Waiting for a disk keeps no CPU from anybody. */
export const IDLE_CPU_MODES: ReadonlySet<unknown> = new Set(['idle', 'iowait']);

export function observationFrom({ seconds, readings }: IntervalReadings): Observation {
  const byName = new Map<string, Reading[]>();
  for (const reading of readings) {
    const same = byName.get(reading.name);
    if (same === undefined) byName.set(reading.name, [reading]);
    else same.push(reading);
  }
  const of = (definition: { readonly name: string }) => byName.get(definition.name) ?? [];
  const idle = total(of(catalogue.systemCpuUtilization), ({ 'cpu.mode': mode }) => IDLE_CPU_MODES.has(mode));
  return {
    seconds,
    memory: memoryFrom(of),
    runtime: runtimeFrom(of),
    cpuShare: idle === undefined ? undefined : 1 - idle,
    processCpuShare: total(of(catalogue.processCpuUtilization)),
    eventLoopUtilization: total(of(catalogue.eventLoopUtilization)),
    caches: cachesFrom(of),
    operations: operationsFrom(of(catalogue.operationDuration)),
  };
}

/** The CPU that is closest to its limit decides: the machine's, the process's or the event loop. */
export function cpuPressureOf(
  observation: Pick<Observation, 'cpuShare' | 'processCpuShare' | 'eventLoopUtilization'>,
): number {
  const { cpuShare = 0, processCpuShare = 0, eventLoopUtilization = 0 } = observation;
  return Math.max(cpuShare, processCpuShare, eventLoopUtilization);
}

type ReadingsOf = (definition: { readonly name: string }) => readonly Reading[];

function total(
  readings: readonly Reading[],
  filter: (attributes: Reading['attributes']) => boolean = () => true,
): number | undefined {
  const chosen = readings.filter(({ attributes }) => filter(attributes));
  return chosen.length === 0 ? undefined : chosen.reduce((sum, { value }) => sum + value, 0);
}

function memoryFrom(of: ReadingsOf): MemoryReadings {
  const machine = of(catalogue.systemMemoryUsage);
  return {
    heapUsedBytes: total(of(catalogue.heapUsed)),
    heapLimitBytes: total(of(catalogue.heapLimit)),
    heapLiveBytes: total(of(catalogue.heapLive)),
    containerUsedBytes: total(of(catalogue.containerMemoryWorkingSet)),
    containerLimitBytes: total(of(catalogue.containerMemoryLimit)),
    machineUsedBytes: total(machine, (at) => at['system.memory.state'] === 'used'),
    machineBytes: total(machine),
    stallShare: total(
      of(catalogue.pressureShare),
      (at) =>
        at['perf.pressure.resource'] === 'memory' &&
        at['perf.pressure.kind'] === 'some' &&
        at['perf.pressure.scope'] === 'cgroup',
    ),
    gcShare: total(of(catalogue.gcShare)),
  };
}

function runtimeFrom(of: ReadingsOf): RuntimeReadings {
  const collections = of(catalogue.gcDuration);
  return {
    collectionSeconds: total(collections) ?? 0,
    minorSeconds: total(collections, (at) => at['v8js.gc.type'] === 'minor') ?? 0,
    newSpaceBytes: total(of(catalogue.heapSpaceSize), (at) => at['v8js.heap.space.name'] === NEW_SPACE),
    residentBytes: total(of(catalogue.processMemoryUsage)),
  };
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
    const left = (isExpired: boolean) =>
      total(
        of(catalogue.cacheEvictions),
        (at) => isMemory(at) && (at['perf.cache.reason'] === 'expired') === isExpired,
      ) ?? 0;
    return {
      name: String(name),
      lookups: all,
      hits,
      hitRatio: all === 0 ? 0 : hits / all,
      evictions: left(false),
      expirations: left(true),
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
