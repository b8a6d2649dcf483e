import { define, type InstrumentDefinition } from './definition.js';

/**
 * Every instrument of this package. Code, documentation, dashboards and alerts take names and units from here.
 * Names of the OpenTelemetry semantic conventions are used where they exist, `perf.` opens our own.
 */

export const CACHE_TIERS = ['memory', 'persistent', 'redis', 'custom'] as const;

export const operationDuration = define({
  name: 'perf.operation.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long timed operations took, failed ones with the type of their error.',
  attributes: { 'perf.operation.name': 'open', 'error.type': 'open' },
});

export const cacheLookups = define({
  name: 'perf.cache.lookups',
  kind: 'counter',
  unit: '{lookup}',
  description: 'Lookups by result and by the tier that answered; for a miss, the last tier asked.',
  attributes: {
    'perf.cache.name': 'open',
    'perf.cache.tier': CACHE_TIERS,
    'perf.cache.result': ['hit', 'miss'],
  },
});

export const cacheTierErrors = define({
  name: 'perf.cache.tier.errors',
  kind: 'counter',
  unit: '{error}',
  description: 'Calls of a tier that failed: readers saw a miss, writers lost nothing but the cached copy.',
  attributes: {
    'perf.cache.name': 'open',
    'perf.cache.tier': CACHE_TIERS,
    'perf.cache.operation': ['get', 'set', 'delete', 'clear'],
  },
});

export const cacheWrites = define({
  name: 'perf.cache.writes',
  kind: 'counter',
  unit: '{write}',
  description: 'Entries written by the application or loaded on a miss.',
  attributes: { 'perf.cache.name': 'open' },
});

export const cacheEvictions = define({
  name: 'perf.cache.evictions',
  kind: 'observableCounter',
  unit: '{eviction}',
  description: 'Entries that left a tier to make room, or because their time was over.',
  attributes: {
    'perf.cache.name': 'open',
    'perf.cache.tier': CACHE_TIERS,
    'perf.cache.reason': ['capacity', 'expired'],
  },
});

export const cacheEntries = define({
  name: 'perf.cache.entries',
  kind: 'observableUpDownCounter',
  unit: '{entry}',
  description: 'Entries held by a tier.',
  attributes: { 'perf.cache.name': 'open', 'perf.cache.tier': CACHE_TIERS },
});

export const cacheEntriesLimit = define({
  name: 'perf.cache.entries.limit',
  kind: 'observableUpDownCounter',
  unit: '{entry}',
  description: 'Entries a tier may hold.',
  attributes: { 'perf.cache.name': 'open', 'perf.cache.tier': CACHE_TIERS },
});

export const cacheLoadDuration = define({
  name: 'perf.cache.load.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long the application took to produce a missing value.',
  attributes: { 'perf.cache.name': 'open', 'error.type': 'open' },
});

export const optimizerDecisions = define({
  name: 'perf.optimizer.decisions',
  kind: 'counter',
  unit: '{decision}',
  description: 'Decisions of the optimizer, those to change nothing included.',
  attributes: {
    'perf.optimizer.resource': ['memory', 'cpu', 'cache'],
    'perf.optimizer.decision': ['hold', 'advise', 'act'],
  },
});

export const optimizerPressure = define({
  name: 'perf.optimizer.pressure',
  kind: 'observableGauge',
  unit: '1',
  description: 'How close a resource is to its limit, from 0 to 1, as the optimizer sees it.',
  attributes: { 'perf.optimizer.resource': ['memory', 'cpu'] },
});

export const telemetrySeries = define({
  name: 'perf.telemetry.series',
  kind: 'observableGauge',
  unit: '{series}',
  description: 'Series held by the instruments of this package and of the application that uses them.',
  attributes: {},
});

export const telemetryRejected = define({
  name: 'perf.telemetry.rejected',
  kind: 'counter',
  unit: '{measurement}',
  description: 'Measurements that could not be recorded, by reason.',
  attributes: {
    'perf.telemetry.reason': ['not_a_number', 'negative', 'kind_conflict', 'too_many_names', 'invalid_name'],
  },
});

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

/** All of the above, for documentation, dashboards and checks. */
export const catalogue: readonly InstrumentDefinition[] = [
  operationDuration,
  cacheLookups,
  cacheTierErrors,
  cacheWrites,
  cacheEvictions,
  cacheEntries,
  cacheEntriesLimit,
  cacheLoadDuration,
  optimizerDecisions,
  optimizerPressure,
  telemetrySeries,
  telemetryRejected,
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
