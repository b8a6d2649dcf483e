import type { SampleSource } from '../../resources/publish.js';
import type { Sample } from '../../resources/sample.js';

/** Memory in use and its limits; `undefined` where nobody tells. */
export interface MemoryReadings {
  /** Garbage included. */
  readonly heapUsedBytes: number | undefined;
  /** At which Node ends the process. */
  readonly heapLimitBytes: number | undefined;
  /** In use right after the last major collection; `undefined` before the first. */
  readonly heapLiveBytes: number | undefined;
  /** Working set of the container. */
  readonly containerUsedBytes: number | undefined;
  readonly containerLimitBytes: number | undefined;
  readonly machineUsedBytes: number | undefined;
  readonly machineBytes: number | undefined;
  /** Share of time in which something in the own container waited for memory. */
  readonly stallShare: number | undefined;
  /** Share of time that garbage collections took. */
  readonly gcShare: number | undefined;
}

/** A resource of memory that can run out. */
export interface MemoryPressure {
  readonly source: 'heap' | 'container' | 'machine';
  /** What is really needed: garbage does not count where it is known. */
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** 0 to 1. */
  readonly share: number;
}

/** Those that are known, the highest first. The machine's counts only where no container has a limit of its own. */
export function pressuresOf(readings: MemoryReadings): MemoryPressure[] {
  const { heapUsedBytes, heapLiveBytes, heapLimitBytes, containerLimitBytes, machineBytes } = readings;
  const heapLimit = least(heapLimitBytes, containerLimitBytes);
  // Between two major collections the heap in use grows by garbage, which says nothing.
  const live = least(heapUsedBytes, heapLiveBytes);
  const isInContainer = containerLimitBytes !== undefined;
  return [
    pressure('heap', live, heapLimit),
    pressure('container', readings.containerUsedBytes, containerLimitBytes),
    pressure('machine', readings.machineUsedBytes, isInContainer ? undefined : machineBytes),
  ]
    .filter((known) => known !== undefined)
    .toSorted((a, b) => b.share - a.share);
}

/** A tracker that was stopped keeps its last sample. */
const MAX_SAMPLE_AGE_MS = 60_000;

/** The last sample, unless it is too old to say how things are now. `now`: milliseconds of the monotonic clock. */
export function freshSample(source: SampleSource | undefined, now: number): Sample | undefined {
  const sample = source?.lastSample;
  return sample !== undefined && now - sample.now < MAX_SAMPLE_AGE_MS ? sample : undefined;
}

/** What the last sample of a resource tracker says. */
export function readingsOf(sample: Sample): MemoryReadings {
  const { heap, container, host, pressures, gcShare } = sample;
  const { memory } = pressures;
  return {
    heapUsedBytes: heap.usedBytes,
    heapLimitBytes: heap.limitBytes,
    heapLiveBytes: heap.liveBytes,
    containerUsedBytes: container?.memory?.workingSetBytes,
    containerLimitBytes: container?.memory?.limitBytes,
    machineUsedBytes: host.memoryUsedBytes,
    machineBytes: host.memoryUsedBytes + host.memoryFreeBytes,
    stallShare: memory?.scope === 'cgroup' ? memory.some.share : undefined,
    gcShare,
  };
}

function pressure(
  source: MemoryPressure['source'],
  usedBytes: number | undefined,
  limitBytes: number | undefined,
): MemoryPressure | undefined {
  if (usedBytes === undefined || limitBytes === undefined || limitBytes <= 0) return undefined;
  return { source, usedBytes, limitBytes, share: usedBytes / limitBytes };
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
