import { define, type InstrumentDefinition } from './definition.js';

/** What process and machine use, under the names of the semantic conventions where they exist. */

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

export const systemCpuTime = define({
  name: 'system.cpu.time',
  kind: 'observableCounter',
  unit: 's',
  description: 'CPU seconds of the machine, all cores together.',
  attributes: { 'cpu.mode': ['user', 'system', 'idle', 'interrupt', 'nice'] },
});

export const systemCpuUtilization = define({
  name: 'system.cpu.utilization',
  kind: 'observableGauge',
  unit: '1',
  description: "Share of the machine's CPU time in each mode since the last sample.",
  attributes: { 'cpu.mode': ['user', 'system', 'idle', 'interrupt', 'nice'] },
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
  attributes: { 'disk.io.direction': ['read', 'write'] },
});

export const systemNetworkIo = define({
  name: 'system.network.io',
  kind: 'observableCounter',
  unit: 'By',
  description:
    'Bytes received and sent by the network interfaces of the machine, loopback left out (Linux only).',
  attributes: { 'network.io.direction': ['receive', 'transmit'] },
});

export const eventLoopUtilization = define({
  name: 'nodejs.eventloop.utilization',
  kind: 'observableGauge',
  unit: '1',
  description: 'Share of the time since the last sample in which the event loop was busy.',
  attributes: {},
});

export const heapUsed = define({
  name: 'v8js.memory.heap.used',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'JavaScript heap in use, garbage that is not collected yet included.',
  attributes: { 'v8js.heap.space.name': 'open' },
});

export const heapLimit = define({
  name: 'perf.heap.limit',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'JavaScript heap at which Node ends the process.',
  attributes: {},
});

export const resourceCatalogue: readonly InstrumentDefinition[] = [
  processCpuTime,
  processCpuUtilization,
  processMemoryUsage,
  processUptime,
  systemCpuTime,
  systemCpuUtilization,
  systemMemoryUsage,
  systemMemoryUtilization,
  systemDiskIo,
  systemNetworkIo,
  eventLoopUtilization,
  heapUsed,
  heapLimit,
];
