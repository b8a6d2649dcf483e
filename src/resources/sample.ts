import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import type { ContainerReading } from './container.js';
import type { HostSample } from './host-observers.js';
import type { DiskTotals, NetworkTotals } from './linux-io.js';
import type { LagReading } from './loop-lag.js';
import type { CpuMode, CpuSeconds } from './machine-cpu.js';
import type { OpenFilesReading } from './open-files.js';
import type { Pressures } from './pressure.js';
import type { ResourceSnapshot } from './snapshot.js';

/** What only grows, read at one moment: the next sample is told against it. */
export interface Totals {
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
  readonly machineCpuSeconds: CpuSeconds;
  readonly processCpuSeconds: Readonly<Record<'user' | 'system', number>>;
  readonly container: ContainerReading | undefined;
  readonly disks: DiskTotals | undefined;
  readonly processDisks: DiskTotals | undefined;
  readonly network: NetworkTotals | undefined;
  readonly gcSeconds: number;
  readonly loop: EventLoopUtilization;
}

/** Of this process since it started. */
export interface ProcessCounts {
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
}

export interface HeapReading {
  readonly usedBytes: number;
  /** At which Node ends the process. */
  readonly limitBytes: number;
  /** In use right after the last major collection; `undefined` before the first. */
  readonly liveBytes: number | undefined;
  readonly spaces: readonly {
    readonly name: string;
    readonly usedBytes: number;
    readonly sizeBytes: number;
  }[];
}

/** What is as it is at the moment of the sample. */
export interface Present {
  readonly timestamp: number;
  readonly host: HostSample;
  /** Of the machine, that this process may run on. */
  readonly cores: number;
  readonly pressures: Pressures;
  readonly openFiles: OpenFilesReading | undefined;
  readonly counts: ProcessCounts;
  readonly heap: HeapReading;
  readonly lag: LagReading | undefined;
  readonly loadAverage: readonly [number, number, number];
}

/** One sample: the snapshot for people, and behind it totals and shares for instruments and rules. Shares from 0 to 1. */
export interface Sample extends Totals, Present {
  readonly snapshot: ResourceSnapshot;
  /** Since the sample before, for the first one since the process started. */
  readonly seconds: number;
  readonly cpuShares: Readonly<Partial<Record<CpuMode, number>>>;
  /** Of `cpuLimitCores`. */
  readonly processCpuShares: Readonly<Record<'user' | 'system', number>>;
  readonly cpuLimitCores: number;
  /** Cores the container kept busy on average since the sample before. */
  readonly containerCpuCores: number | undefined;
  readonly throttledShare: number | undefined;
  readonly gcShare: number;
  readonly loopUtilization: number;
}

const MB = 1024 * 1024;

/** The first sample has none before it: its CPU shares count from the start of machine and process. */
export function sampleFrom(before: Totals | undefined, totals: Totals, present: Present): Sample {
  const seconds = before === undefined ? process.uptime() : (totals.now - before.now) / 1000;
  const quota = totals.container?.cpu?.limitCores ?? Infinity;
  const cpuLimitCores = Math.min(quota, present.cores);
  const used = difference(totals.container?.cpu?.usedSeconds, before?.container?.cpu?.usedSeconds);
  const periods = difference(totals.container?.cpu?.periods, before?.container?.cpu?.periods);
  const throttled = difference(
    totals.container?.cpu?.throttledPeriods,
    before?.container?.cpu?.throttledPeriods,
  );
  const figures: Omit<Sample, 'snapshot'> = {
    ...totals,
    ...present,
    seconds,
    cpuShares: machineShares(before?.machineCpuSeconds ?? {}, totals.machineCpuSeconds),
    processCpuShares: processShares(before, totals, seconds * cpuLimitCores),
    cpuLimitCores,
    containerCpuCores: used === undefined || seconds <= 0 ? undefined : used / seconds,
    throttledShare: throttled === undefined || periods === undefined ? undefined : share(throttled, periods),
    gcShare: share(totals.gcSeconds - (before?.gcSeconds ?? 0), seconds),
    loopUtilization:
      (before === undefined ? totals.loop : performance.eventLoopUtilization(totals.loop, before.loop))
        .utilization || 0,
  };
  return Object.assign(figures, { snapshot: snapshotFrom(before, figures) });
}

function snapshotFrom(before: Totals | undefined, figures: Omit<Sample, 'snapshot'>): ResourceSnapshot {
  const { host, heap, lag, pressures, container, containerCpuCores, cpuLimitCores, cpuShares } = figures;
  const { disks, processDisks, network, openFiles, processCpuShares, throttledShare } = figures;
  const memoryBytes = host.memoryUsedBytes + host.memoryFreeBytes;
  const { workingSetBytes, limitBytes } = container?.memory ?? {};
  const liveLimit = Math.min(heap.limitBytes, limitBytes ?? Infinity);
  const { idle = 0, iowait = 0 } = cpuShares;
  const isMachineKnown = cpuShares.idle !== undefined;
  const percent = (part: number | undefined, whole = 1) =>
    part === undefined ? undefined : 100 * share(part, whole);
  return {
    timestamp: figures.timestamp,
    cpuPercent: isMachineKnown ? clamp(100 * (1 - idle - iowait)) : 0,
    processCpuPercent: clamp(100 * (processCpuShares.user + processCpuShares.system)),
    cpuLimitCores,
    containerCpuPercent: percent(containerCpuCores, cpuLimitCores),
    cpuThrottledPercent: percent(throttledShare),
    memoryPercent: 100 * share(host.memoryUsedBytes, memoryBytes),
    memoryUsedMb: host.memoryUsedBytes / MB,
    memoryAvailableMb: host.memoryFreeBytes / MB,
    containerMemoryMb: inMb(workingSetBytes),
    containerMemoryLimitMb: inMb(limitBytes),
    containerMemoryPercent: limitBytes === undefined ? undefined : percent(workingSetBytes, limitBytes),
    processMemoryMb: host.processMemoryBytes / MB,
    heapUsedMb: heap.usedBytes / MB,
    heapPercent: 100 * share(heap.usedBytes, heap.limitBytes),
    heapLiveMb: inMb(heap.liveBytes),
    heapLivePercent: percent(heap.liveBytes, liveLimit),
    gcPercent: 100 * figures.gcShare,
    eventLoopUtilization: figures.loopUtilization,
    eventLoopLagP99Ms: lag && lag.p99 * 1000,
    eventLoopLagMaxMs: lag && lag.max * 1000,
    cpuPressurePercent: percent(pressures.cpu?.some.share),
    memoryPressurePercent: percent(pressures.memory?.some.share),
    ioPressurePercent: percent(pressures.io?.some.share),
    diskIoReadMb: inMb(difference(disks?.readBytes, before?.disks?.readBytes)),
    diskIoWriteMb: inMb(difference(disks?.writtenBytes, before?.disks?.writtenBytes)),
    processDiskReadMb: inMb(difference(processDisks?.readBytes, before?.processDisks?.readBytes)),
    processDiskWriteMb: inMb(difference(processDisks?.writtenBytes, before?.processDisks?.writtenBytes)),
    networkSentMb: inMb(difference(network?.sentBytes, before?.network?.sentBytes)),
    networkRecvMb: inMb(difference(network?.receivedBytes, before?.network?.receivedBytes)),
    openFiles: openFiles?.open,
    maxOpenFiles: openFiles?.limit,
    loadAverage: figures.loadAverage,
  };
}

/** Counters start again when a device or a cgroup is replaced: that is no traffic. */
function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : Math.max(0, after - before);
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.max(0, part) / whole : 0;
}

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}

function inMb(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / MB;
}

function machineShares(before: CpuSeconds, after: CpuSeconds): Sample['cpuShares'] {
  const modes = Object.keys(after) as CpuMode[];
  const spent = modes.map((mode) => Math.max(0, (after[mode] ?? 0) - (before[mode] ?? 0)));
  const total = spent.reduce((sum, seconds) => sum + seconds, 0);
  return Object.fromEntries(modes.map((mode, i) => [mode, share(spent[i]!, total)]));
}

function processShares(
  before: Totals | undefined,
  after: Totals,
  available: number,
): Sample['processCpuShares'] {
  const of = (mode: 'user' | 'system') =>
    share(after.processCpuSeconds[mode] - (before?.processCpuSeconds[mode] ?? 0), available);
  return { user: of('user'), system: of('system') };
}
