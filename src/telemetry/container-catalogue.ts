import { define, type InstrumentDefinition } from './definition.js';

/** What the cgroup of this process uses and may use, and the work that is lost by waiting for it. Linux only. */

export const containerCpuTime = define({
  name: 'container.cpu.time',
  kind: 'observableCounter',
  unit: 's',
  description: 'CPU seconds used by everything in the cgroup of this process.',
  attributes: {},
});

export const containerCpuUsage = define({
  name: 'container.cpu.usage',
  kind: 'observableGauge',
  unit: '{cpu}',
  description: 'CPUs the cgroup kept busy on average since the last sample.',
  attributes: {},
});

export const containerCpuLimit = define({
  name: 'perf.container.cpu.limit',
  kind: 'observableUpDownCounter',
  unit: '{cpu}',
  description: 'CPUs this process may use: the least quota of its cgroups, or the CPUs it may run on.',
  attributes: {},
});

export const containerCpuPeriods = define({
  name: 'perf.container.cpu.periods',
  kind: 'observableCounter',
  unit: '{period}',
  description: 'Periods of the CPU quota in which something wanted to run.',
  attributes: {},
});

export const containerCpuThrottledPeriods = define({
  name: 'perf.container.cpu.throttled_periods',
  kind: 'observableCounter',
  unit: '{period}',
  description: 'Periods of the CPU quota in which it ran out and everything had to wait for the next.',
  attributes: {},
});

export const containerCpuThrottledTime = define({
  name: 'perf.container.cpu.throttled_time',
  kind: 'observableCounter',
  unit: 's',
  description: 'How long things that wanted to run waited because the CPU quota had run out.',
  attributes: {},
});

export const containerMemoryUsage = define({
  name: 'container.memory.usage',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'Memory of the cgroup with the tightest limit, file contents included.',
  attributes: {},
});

export const containerMemoryWorkingSet = define({
  name: 'container.memory.working_set',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description:
    'Memory of that cgroup without file contents that were not used lately: what counts against the limit.',
  attributes: {},
});

export const containerMemoryAvailable = define({
  name: 'container.memory.available',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'What the working set may still grow by until the limit.',
  attributes: {},
});

export const containerMemoryLimit = define({
  name: 'perf.container.memory.limit',
  kind: 'observableUpDownCounter',
  unit: 'By',
  description: 'The tightest memory limit of the cgroup and of those above it.',
  attributes: {},
});

export const containerMemoryEvents = define({
  name: 'perf.container.memory.events',
  kind: 'observableCounter',
  unit: '{event}',
  description: 'How often a memory limit was reached, and how often something was killed for it.',
  attributes: { 'perf.container.memory.event': ['high', 'max', 'oom', 'oom_kill'] },
});

const PRESSURE = {
  'perf.pressure.resource': ['cpu', 'memory', 'io'],
  'perf.pressure.kind': ['some', 'full'],
  'perf.pressure.scope': ['cgroup', 'machine'],
} as const;

export const pressureTime = define({
  name: 'perf.pressure.time',
  kind: 'observableCounter',
  unit: 's',
  description: 'Time in which some, or all, tasks waited for the resource (pressure stall information).',
  attributes: PRESSURE,
});

export const pressureShare = define({
  name: 'perf.pressure.share',
  kind: 'observableGauge',
  unit: '1',
  description: 'Share of the last ten seconds in which some, or all, tasks waited for the resource.',
  attributes: PRESSURE,
});

export const containerCatalogue: readonly InstrumentDefinition[] = [
  containerCpuTime,
  containerCpuUsage,
  containerCpuLimit,
  containerCpuPeriods,
  containerCpuThrottledPeriods,
  containerCpuThrottledTime,
  containerMemoryUsage,
  containerMemoryWorkingSet,
  containerMemoryAvailable,
  containerMemoryLimit,
  containerMemoryEvents,
  pressureTime,
  pressureShare,
];
