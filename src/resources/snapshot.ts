/** What machine and process used at one moment. A field is `undefined` where the system does not tell. */
export interface ResourceSnapshot {
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** CPU of the machine since the sample before, 0 to 100, all cores together. */
  readonly cpuPercent: number;
  /** CPU of this process since the sample before, 0 to 100 of the cores it may use. */
  readonly processCpuPercent: number;
  /** Memory of the machine in use, 0 to 100. */
  readonly memoryPercent: number;
  readonly memoryUsedMb: number;
  readonly memoryAvailableMb: number;
  /** Resident set of this process. */
  readonly processMemoryMb: number;
  readonly heapUsedMb: number;
  /** JavaScript heap in use, 0 to 100 of the limit at which Node ends the process. */
  readonly heapPercent: number;
  /** Share of the time since the sample before in which the event loop was busy, 0 to 1. */
  readonly eventLoopUtilization: number;
  /** Read from the machine's disks since the sample before. Linux only. */
  readonly diskIoReadMb: number | undefined;
  readonly diskIoWriteMb: number | undefined;
  /** Sent by the machine's network interfaces since the sample before, loopback left out. Linux only. */
  readonly networkSentMb: number | undefined;
  readonly networkRecvMb: number | undefined;
  /** Mean number of runnable tasks over 1, 5 and 15 minutes; zeros on Windows. */
  readonly loadAverage: readonly [number, number, number];
}

type NumberField = {
  [Name in keyof ResourceSnapshot]: ResourceSnapshot[Name] extends number | undefined ? Name : never;
}[keyof ResourceSnapshot];

const AVERAGED = [
  'cpuPercent',
  'processCpuPercent',
  'memoryPercent',
  'memoryUsedMb',
  'memoryAvailableMb',
  'processMemoryMb',
  'heapUsedMb',
  'heapPercent',
  'eventLoopUtilization',
  'diskIoReadMb',
  'diskIoWriteMb',
  'networkSentMb',
  'networkRecvMb',
] as const satisfies readonly NumberField[];

/** Means over a stretch of time, and how many samples they come from. */
export type ResourceAverages = Readonly<Record<(typeof AVERAGED)[number], number>> & {
  readonly samples: number;
};

export function averagesOf(snapshots: readonly ResourceSnapshot[]): ResourceAverages | undefined {
  if (snapshots.length === 0) return undefined;
  const averages = Object.fromEntries(
    AVERAGED.map((name) => [
      name,
      snapshots.reduce((sum, one) => sum + (one[name] ?? 0), 0) / snapshots.length,
    ]),
  );
  return { ...averages, samples: snapshots.length } as unknown as ResourceAverages;
}
