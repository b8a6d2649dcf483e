import { define, type InstrumentDefinition } from './definition.js';

/** What process and machine use, under the names of the semantic conventions where they exist. */

const CPU_MODES = ['user', 'system', 'idle', 'interrupt', 'nice', 'iowait', 'steal'] as const;
const DIRECTIONS = ['read', 'write'] as const;

export const processCpuTime = define({
  name: 'process.cpu.time',
  kind: 'observableCounter',
  unit: 's',
  description: 'CPU seconds used by this process.',
  attributes: { 'cpu.mode': ['user', 'system'] },
});

export const processCpuUtilization = define({
  name: 'process.cpu.utilization',
  kind: 'observableGauge',
  unit: '1',
  description: 'Share of the CPU time available to this process that it used since the last sample.',
  attributes: { 'cpu.mode': ['user', 'system'] },
});

export const processMemoryUsage = define({
  name: 'process.memory.usage',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'Physical memory in use by this process (resident set).',
  attributes: {},
});

export const processUptime = define({
  name: 'process.uptime',
  kind: 'observableGauge',
  unit: 's',
  description: 'Seconds this process has been running.',
  attributes: {},
});

export const processDiskIo = define({
  name: 'process.disk.io',
  kind: 'observableCounter',
  unit: 'By',
  description: 'Bytes read from and written to disks by this process (Linux only).',
  attributes: { 'disk.io.direction': DIRECTIONS },
});

export const processFileDescriptors = define({
  name: 'process.unix.file_descriptor.count',
  kind: 'observableUpDownCounter',
  unit: '{file_descriptor}',
  description: 'Open file descriptors of this process, sockets among them (Linux only).',
  attributes: {},
});

export const processFileDescriptorLimit = define({
  name: 'perf.process.file_descriptor.limit',
  kind: 'observableUpDownCounter',
  unit: '{file_descriptor}',
  description: 'File descriptors at which opening another one fails (Linux only).',
  attributes: {},
});

export const processContextSwitches = define({
  name: 'process.context_switches',
  kind: 'observableCounter',
  unit: '{context_switch}',
  description: 'How often this process gave up a CPU by itself, and how often one was taken from it.',
  attributes: { 'process.context_switch.type': ['voluntary', 'involuntary'] },
});

export const processPagingFaults = define({
  name: 'process.paging.faults',
  kind: 'observableCounter',
  unit: '{fault}',
  description: 'Page faults of this process, major ones with a read from disk.',
  attributes: { 'system.paging.fault.type': ['minor', 'major'] },
});

export const systemCpuTime = define({
  name: 'system.cpu.time',
  kind: 'observableCounter',
  unit: 's',
  description: 'CPU seconds of the machine, all cores together.',
  attributes: { 'cpu.mode': CPU_MODES },
});

export const systemCpuUtilization = define({
  name: 'system.cpu.utilization',
  kind: 'observableGauge',
  unit: '1',
  description: "Share of the machine's CPU time in each mode since the last sample.",
  attributes: { 'cpu.mode': CPU_MODES },
});

export const systemMemoryUsage = define({
  name: 'system.memory.usage',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: "The machine's memory by state.",
  attributes: { 'system.memory.state': ['used', 'free'] },
});

export const systemMemoryUtilization = define({
  name: 'system.memory.utilization',
  kind: 'observableGauge',
  unit: '1',
  description: "Share of the machine's memory in each state.",
  attributes: { 'system.memory.state': ['used', 'free'] },
});

export const systemDiskIo = define({
  name: 'system.disk.io',
  kind: 'observableCounter',
  unit: 'By',
  description: 'Bytes read from and written to the disks of the machine (Linux only).',
  attributes: { 'disk.io.direction': DIRECTIONS },
});

export const systemNetworkIo = define({
  name: 'system.network.io',
  kind: 'observableCounter',
  unit: 'By',
  description:
    'Bytes received and sent by the network interfaces of the machine, loopback left out (Linux only).',
  attributes: { 'network.io.direction': ['receive', 'transmit'] },
});

/** The conventions have no name for it; this is the one of the collector. */
export const systemLoad1m = define({
  name: 'system.cpu.load_average.1m',
  kind: 'observableGauge',
  unit: '{thread}',
  description: 'Runnable threads of the machine, mean over a minute.',
  attributes: {},
});

export const systemLoad5m = define({
  name: 'system.cpu.load_average.5m',
  kind: 'observableGauge',
  unit: '{thread}',
  description: 'Runnable threads of the machine, mean over five minutes.',
  attributes: {},
});

export const systemLoad15m = define({
  name: 'system.cpu.load_average.15m',
  kind: 'observableGauge',
  unit: '{thread}',
  description: 'Runnable threads of the machine, mean over a quarter of an hour.',
  attributes: {},
});

export const resourceCatalogue: readonly InstrumentDefinition[] = [
  processCpuTime,
  processCpuUtilization,
  processMemoryUsage,
  processUptime,
  processDiskIo,
  processFileDescriptors,
  processFileDescriptorLimit,
  processContextSwitches,
  processPagingFaults,
  systemCpuTime,
  systemCpuUtilization,
  systemMemoryUsage,
  systemMemoryUtilization,
  systemDiskIo,
  systemNetworkIo,
  systemLoad1m,
  systemLoad5m,
  systemLoad15m,
];
