import { availableParallelism, loadavg } from 'node:os';
import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Clock } from '../clock.js';
import { hostObservers, type CpuMode, type HostSample } from './host-observers.js';
import { LinuxIo, type IoTotals } from './linux-io.js';
import type { ResourceSnapshot } from './snapshot.js';

/** One sample: the snapshot for people, the totals behind it for instruments. */
export interface Sample {
  readonly snapshot: ResourceSnapshot;
  readonly host: HostSample;
  readonly io: IoTotals | undefined;
  readonly cpuShares: Readonly<Record<CpuMode, number>>;
  readonly processCpuShares: Readonly<Record<'user' | 'system', number>>;
  readonly heapSpaces: readonly { readonly name: string; readonly usedBytes: number }[];
  readonly heapLimitBytes: number;
}

interface Before {
  readonly now: number;
  readonly host: Pick<HostSample, 'systemCpuSeconds' | 'processCpuSeconds'>;
  readonly io: IoTotals | undefined;
  /** Absent: since the process started. */
  readonly loop: EventLoopUtilization | undefined;
}

interface After extends Before {
  readonly host: HostSample;
  readonly loop: EventLoopUtilization;
}

const MB = 1024 * 1024;

/** Takes samples, each against the one before. */
export class ResourceSampler {
  readonly #clock: Clock;
  readonly #linuxIo = new LinuxIo();
  #before: Before | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async take(): Promise<Sample> {
    const sampleHost = await hostObservers();
    const host = await sampleHost();
    const io = this.#linuxIo.read();
    const loop = performance.eventLoopUtilization();
    const now = this.#clock.now();
    const before = this.#before ?? sinceStart(now, io);
    this.#before = { now, host, io, loop };
    return sampleFrom(this.#clock.wallNow(), before, { now, host, io, loop });
  }

  close(): void {
    this.#linuxIo.close();
  }
}

function sampleFrom(wallMs: number, before: Before, after: After): Sample {
  const { host, io } = after;
  const heap = getHeapStatistics();
  const heapSpaces = getHeapSpaceStatistics().map((space) => ({
    name: space.space_name,
    usedBytes: space.space_used_size,
  }));
  const cpuShares = machineShares(before.host, host);
  const processCpuShares = processShares(before, after);
  const memoryBytes = host.memoryUsedBytes + host.memoryFreeBytes;
  const mbSince = (name: keyof IoTotals) =>
    io === undefined || before.io === undefined ? undefined : Math.max(0, io[name] - before.io[name]) / MB;
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  const snapshot: ResourceSnapshot = {
    timestamp: wallMs / 1000,
    cpuPercent: 100 * (cpuShares.user + cpuShares.system + cpuShares.interrupt + cpuShares.nice),
    processCpuPercent: Math.min(100, 100 * (processCpuShares.user + processCpuShares.system)),
    memoryPercent: memoryBytes === 0 ? 0 : (100 * host.memoryUsedBytes) / memoryBytes,
    memoryUsedMb: host.memoryUsedBytes / MB,
    memoryAvailableMb: host.memoryFreeBytes / MB,
    processMemoryMb: host.processMemoryBytes / MB,
    heapUsedMb: heap.used_heap_size / MB,
    heapPercent: (100 * heap.used_heap_size) / heap.heap_size_limit,
    eventLoopUtilization:
      (before.loop === undefined ? after.loop : performance.eventLoopUtilization(after.loop, before.loop))
        .utilization || 0,
    diskIoReadMb: mbSince('diskReadBytes'),
    diskIoWriteMb: mbSince('diskWriteBytes'),
    networkSentMb: mbSince('networkSentBytes'),
    networkRecvMb: mbSince('networkReceivedBytes'),
    loadAverage: [one, five, fifteen],
  };
  return {
    snapshot,
    host,
    io,
    cpuShares,
    processCpuShares,
    heapSpaces,
    heapLimitBytes: heap.heap_size_limit,
  };
}

/** The first sample has none before it: its CPU shares count from the start of machine and process. */
function sinceStart(now: number, io: IoTotals | undefined): Before {
  const host = {
    systemCpuSeconds: { user: 0, system: 0, idle: 0, interrupt: 0, nice: 0 },
    processCpuSeconds: { user: 0, system: 0 },
  };
  return { now: now - process.uptime() * 1000, host, io, loop: undefined };
}

function machineShares(before: Before['host'], after: HostSample): Record<CpuMode, number> {
  const modes = Object.keys(after.systemCpuSeconds) as CpuMode[];
  const spent = modes.map((mode) =>
    Math.max(0, after.systemCpuSeconds[mode] - before.systemCpuSeconds[mode]),
  );
  const total = spent.reduce((sum, seconds) => sum + seconds, 0);
  const shares = modes.map((mode, i) => [mode, total === 0 ? 0 : spent[i]! / total]);
  return Object.fromEntries(shares) as Record<CpuMode, number>;
}

function processShares(before: Before, after: Before): Record<'user' | 'system', number> {
  const available = ((after.now - before.now) / 1000) * availableParallelism();
  const share = (mode: 'user' | 'system') => {
    const spent = after.host.processCpuSeconds[mode] - before.host.processCpuSeconds[mode];
    return available > 0 ? Math.max(0, spent) / available : 0;
  };
  return { user: share('user'), system: share('system') };
}
