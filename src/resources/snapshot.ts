/** What machine, container and process used at one moment. A field is `undefined` where the system does not tell. */
export interface ResourceSnapshot {
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** CPU of the machine since the sample before, 0 to 100, all cores together. */
  readonly cpuPercent: number;
  /** CPU of this process since the sample before, 0 to 100 of the cores it may use. */
  readonly processCpuPercent: number;
  /** Cores this process may use: those of the machine it may run on, or the quota of its container if that is less. */
  readonly cpuLimitCores: number;
  /** CPU of the whole container since the sample before, 0 to 100 of `cpuLimitCores`. */
  readonly containerCpuPercent: number | undefined;
  /** Share of the quota's periods since the sample before in which it ran out and everything stood still, 0 to 100. */
  readonly cpuThrottledPercent: number | undefined;
  /** Memory of the machine in use, 0 to 100. */
  readonly memoryPercent: number;
  readonly memoryUsedMb: number;
  readonly memoryAvailableMb: number;
  /** Memory of the container without file contents the kernel can drop at once: its working set. */
  readonly containerMemoryMb: number | undefined;
  /** What the container may use; `undefined` without a limit. */
  readonly containerMemoryLimitMb: number | undefined;
  /** Working set of the container, 0 to 100 of its limit. */
  readonly containerMemoryPercent: number | undefined;
  /** Resident set of this process. */
  readonly processMemoryMb: number;
  /** Garbage that is not collected yet included. */
  readonly heapUsedMb: number;
  /** JavaScript heap in use, 0 to 100 of the limit at which Node ends the process. */
  readonly heapPercent: number;
  /** JavaScript heap in use right after the last major garbage collection; `undefined` before the first. */
  readonly heapLiveMb: number | undefined;
  /** The same, 0 to 100 of the limit of the heap, or of the container's if that is less. */
  readonly heapLivePercent: number | undefined;
  /** Time since the sample before that garbage collections took, 0 to 100. */
  readonly gcPercent: number;
  /** Share of the time since the sample before in which the event loop was busy, 0 to 1. */
  readonly eventLoopUtilization: number;
  /** How late the event loop ran what was due since the sample before, in milliseconds. */
  readonly eventLoopLagP99Ms: number | undefined;
  readonly eventLoopLagMaxMs: number | undefined;
  /** Share of the last ten seconds in which something waited for a CPU, 0 to 100 (pressure stall information). */
  readonly cpuPressurePercent: number | undefined;
  readonly memoryPressurePercent: number | undefined;
  readonly ioPressurePercent: number | undefined;
  /** Read from the machine's disks since the sample before. Linux only. */
  readonly diskIoReadMb: number | undefined;
  readonly diskIoWriteMb: number | undefined;
  /** Of these, by this process. */
  readonly processDiskReadMb: number | undefined;
  readonly processDiskWriteMb: number | undefined;
  /** Sent by the machine's network interfaces since the sample before, loopback left out. Linux only. */
  readonly networkSentMb: number | undefined;
  readonly networkRecvMb: number | undefined;
  /** Open file descriptors of this process, sockets among them, and how many it may have. Linux only. */
  readonly openFiles: number | undefined;
  readonly maxOpenFiles: number | undefined;
  /** Mean number of runnable tasks over 1, 5 and 15 minutes; zeros on Windows. */
  readonly loadAverage: readonly [number, number, number];
}

type NumberField = Exclude<keyof ResourceSnapshot, 'timestamp' | 'loadAverage'>;

const AVERAGED = [
  'cpuPercent',
  'processCpuPercent',
  'cpuLimitCores',
  'containerCpuPercent',
  'cpuThrottledPercent',
  'memoryPercent',
  'memoryUsedMb',
  'memoryAvailableMb',
  'containerMemoryMb',
  'containerMemoryLimitMb',
  'containerMemoryPercent',
  'processMemoryMb',
  'heapUsedMb',
  'heapPercent',
  'heapLiveMb',
  'heapLivePercent',
  'gcPercent',
  'eventLoopUtilization',
  'eventLoopLagP99Ms',
  'eventLoopLagMaxMs',
  'cpuPressurePercent',
  'memoryPressurePercent',
  'ioPressurePercent',
  'diskIoReadMb',
  'diskIoWriteMb',
  'processDiskReadMb',
  'processDiskWriteMb',
  'networkSentMb',
  'networkRecvMb',
  'openFiles',
  'maxOpenFiles',
] as const satisfies readonly NumberField[];

/** Means over a stretch of time, each over the samples that have the field, and how many samples there are. */
export type ResourceAverages = Pick<ResourceSnapshot, NumberField> & {
  readonly samples: number;
};

export function averagesOf(snapshots: readonly ResourceSnapshot[]): ResourceAverages | undefined {
  if (snapshots.length === 0) return undefined;
  const averages = Object.fromEntries(AVERAGED.map((name) => [name, meanOf(snapshots, name)]));
  return { ...averages, samples: snapshots.length } as unknown as ResourceAverages;
}

function meanOf(snapshots: readonly ResourceSnapshot[], name: NumberField): number | undefined {
  let [sum, count] = [0, 0];
  for (const { [name]: value } of snapshots) {
    if (value === undefined) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? undefined : sum / count;
}
