import type { Attributes } from '@opentelemetry/api';
import { noticeOnce } from '../telemetry/notice.js';
import type { CpuSeconds } from './machine-cpu.js';
import { ObserverProvider } from './observer-provider.js';

/** What the observers of `@opentelemetry/host-metrics` report, CPU times cumulative and summed over the cores. */
export interface HostSample {
  readonly systemCpuSeconds: CpuSeconds;
  readonly processCpuSeconds: Readonly<Record<'user' | 'system', number>>;
  readonly memoryUsedBytes: number;
  readonly memoryFreeBytes: number;
  readonly processMemoryBytes: number;
}

/** Without the network group: that one starts two child processes on each collection and blocks for 10 ms. */
const GROUPS = ['system.memory', 'process.cpu', 'process.memory'];

/** More than all the others together, and more with every core: 0.17 ms with two of them. */
const CPU_GROUP = 'system.cpu';

/** As host-metrics calls the states of a CPU. */
const MACHINE_STATES = ['user', 'system', 'idle', 'interrupt', 'nice'] as const;

const shared = new Map<boolean, Promise<() => Promise<HostSample>>>();

/**
 * A function that samples the observers. They are on a provider of their own, which is asked by this function alone:
 * they keep the previous sample for all readers together, so a second reader would be given `Infinity` for
 * utilizations. Only the cumulative times are used here; shares are computed from them by whoever asks, each against
 * its own previous sample.
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
  const provider = new ObserverProvider();
  new host.HostMetrics({ meterProvider: provider, metricGroups }).start();
  return () => sample(provider);
}

async function sample(provider: ObserverProvider): Promise<HostSample> {
  const machine = new Map<string, number>();
  const process = { user: 0, system: 0 };
  const memory = { used: 0, free: 0 };
  let processMemoryBytes = 0;
  await provider.ask((name, value, attributes) => {
    if (!Number.isFinite(value)) return;
    const state = stateIn(attributes);
    if (name === 'system.cpu.time' && state !== undefined)
      machine.set(state, (machine.get(state) ?? 0) + value);
    else if (name === 'process.cpu.time' && (state === 'user' || state === 'system')) process[state] += value;
    else if (name === 'system.memory.usage' && (state === 'used' || state === 'free')) memory[state] += value;
    else if (name === 'process.memory.usage') processMemoryBytes += value;
  });
  if (process.user + process.system === 0) noticeOnce('host-metrics', 'host-metrics reported no CPU times');
  return {
    systemCpuSeconds: Object.fromEntries(
      MACHINE_STATES.flatMap((state) => (machine.has(state) ? [[state, machine.get(state)]] : [])),
    ),
    processCpuSeconds: process,
    memoryUsedBytes: memory.used,
    memoryFreeBytes: memory.free,
    processMemoryBytes,
  };
}

/** The one attribute that is not the number of a core, whatever this version calls it. */
function stateIn(attributes: Attributes | undefined): string | undefined {
  for (const name in attributes) if (name.endsWith('state')) return String(attributes[name]);
  return undefined;
}
