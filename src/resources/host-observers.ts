import { noticeOnce } from '../telemetry/notice.js';
import { CellMeterProvider } from '../telemetry/provider/cell-meter-provider.js';
import { PullReader } from '../telemetry/provider/pull-reader.js';
import { AGGREGATE_NOTHING } from '../telemetry/provider/sdk-constants.js';
import type { CpuSeconds } from './machine-cpu.js';

/** What the observers of `@opentelemetry/host-metrics` report, CPU times cumulative and summed over the cores. */
export interface HostSample {
  readonly systemCpuSeconds: CpuSeconds;
  readonly processCpuSeconds: Readonly<Record<'user' | 'system', number>>;
  readonly memoryUsedBytes: number;
  readonly memoryFreeBytes: number;
  readonly processMemoryBytes: number;
}

interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

/** Without the network group: that one starts two child processes on each collection and blocks for 10 ms. */
const GROUPS = ['system.memory', 'process.cpu', 'process.memory'];

/** More than all the others together, and more with every core: 0.17 ms with two of them. */
const CPU_GROUP = 'system.cpu';

const shared = new Map<boolean, Promise<() => Promise<HostSample>>>();

/**
 * A function that samples the observers. They live on a private provider with one reader: they keep the previous
 * sample for all readers together, so a second reader would be given `Infinity` for utilizations. Only the cumulative
 * times are used here; shares are computed from them by whoever asks, each against its own previous sample.
 *
 * Without `machineCpu`, times of the machine are left out: for those who have them from elsewhere.
 */
export function hostObservers({ machineCpu = true } = {}): Promise<() => Promise<HostSample>> {
  let opened = shared.get(machineCpu);
  if (opened === undefined)
    shared.set(machineCpu, (opened = open(machineCpu ? [CPU_GROUP, ...GROUPS] : GROUPS)));
  return opened;
}

async function open(metricGroups: string[]): Promise<() => Promise<HostSample>> {
  // Loaded on first use: who tracks no resources does not pay for it.
  const host = await import('@opentelemetry/host-metrics');
  const reader = new PullReader();
  // Shares are not used, and would be half of the cost.
  const views = [{ instrumentName: '*utilization', aggregation: { type: AGGREGATE_NOTHING } }];
  const meterProvider = new CellMeterProvider({ readers: [reader], views, exemplars: false });
  new host.HostMetrics({ meterProvider, metricGroups }).start();
  return () => sample(reader);
}

async function sample(reader: PullReader): Promise<HostSample> {
  const { resourceMetrics } = await reader.collect();
  const points = new Map<string, readonly Point[]>();
  for (const { metrics } of resourceMetrics.scopeMetrics) {
    for (const { descriptor, dataPoints } of metrics) points.set(descriptor.name, dataPoints);
  }
  const sum = (name: string, state?: string): number => {
    let total = 0;
    for (const { attributes, value } of points.get(name) ?? []) {
      if (state !== undefined && !Object.values(attributes).includes(state)) continue;
      if (typeof value === 'number' && Number.isFinite(value)) total += value;
    }
    return total;
  };
  if (!points.has('process.cpu.time')) noticeOnce('host-metrics', 'host-metrics reported no CPU times');
  return {
    systemCpuSeconds: points.has('system.cpu.time')
      ? {
          user: sum('system.cpu.time', 'user'),
          system: sum('system.cpu.time', 'system'),
          idle: sum('system.cpu.time', 'idle'),
          interrupt: sum('system.cpu.time', 'interrupt'),
          nice: sum('system.cpu.time', 'nice'),
        }
      : {},
    processCpuSeconds: { user: sum('process.cpu.time', 'user'), system: sum('process.cpu.time', 'system') },
    memoryUsedBytes: sum('system.memory.usage', 'used'),
    memoryFreeBytes: sum('system.memory.usage', 'free'),
    processMemoryBytes: sum('process.memory.usage'),
  };
}
