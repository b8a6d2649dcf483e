import {
  containerCpuLimit,
  containerCpuThrottledPeriods,
  containerCpuPeriods,
  containerCpuUsage,
  containerMemoryLimit,
  containerMemoryWorkingSet,
  pressureShare,
  systemCpuUtilization,
  systemDiskIo,
  systemLoad1m,
  systemMemoryUsage,
  systemNetworkIo,
} from '../../../src/telemetry/catalogue.js';
import type { Row } from '../dashboard.js';
import { graph } from '../panels.js';
import { q, ratioOrZero } from './shared.js';

const INSTANCE = ['instance'];

/** What the container may use, and what else goes on on the machine. */
export const machineRows: readonly Row[] = [
  {
    title: 'Container',
    panels: [
      graph({
        title: 'Memory against the limit',
        description:
          'The working set, which counts against the limit of the container. At the limit the kernel ends the process.',
        unit: 'bytes',
        width: 8,
        queries: [
          { expr: q.sumBy(containerMemoryWorkingSet, INSTANCE), legend: '{{instance}}: working set' },
          { expr: q.sumBy(containerMemoryLimit, INSTANCE), legend: '{{instance}}: limit' },
        ],
        min: 0,
      }),
      graph({
        title: 'CPUs against the limit',
        description: 'CPUs the container keeps busy, and how many it may.',
        unit: 'short',
        width: 8,
        queries: [
          { expr: q.sumBy(containerCpuUsage, INSTANCE), legend: '{{instance}}: busy' },
          { expr: q.sumBy(containerCpuLimit, INSTANCE), legend: '{{instance}}: limit' },
        ],
        min: 0,
      }),
      graph({
        title: 'Throttled',
        description:
          'Share of the periods in which the CPU quota ran out. Any: pauses of up to 0.1 s. Raise the quota.',
        unit: 'percentunit',
        width: 8,
        queries: [
          {
            expr: ratioOrZero(
              q.rateBy(containerCpuThrottledPeriods, INSTANCE),
              q.rateBy(containerCpuPeriods, INSTANCE),
            ),
            legend: '{{instance}}',
          },
        ],
        min: 0,
      }),
    ],
  },
  {
    title: 'Machine',
    panels: [
      graph({
        title: 'CPU',
        description:
          'Share of the CPU time of the machine in each mode. "steal" was given to other machines on the same host.',
        unit: 'percentunit',
        width: 8,
        isStacked: true,
        queries: [
          {
            expr: `avg by (cpu_mode) (${q.select(systemCpuUtilization, { 'cpu.mode': '!=idle' })})`,
            legend: '{{cpu_mode}}',
          },
        ],
        min: 0,
      }),
      graph({
        title: 'Load',
        description: 'Threads that run or want to, mean over a minute. More than there are CPUs: they wait.',
        unit: 'short',
        width: 8,
        queries: [{ expr: q.maxBy(systemLoad1m, INSTANCE), legend: '{{instance}}' }],
        min: 0,
      }),
      graph({
        title: 'Memory',
        description: 'Memory of the machine, used and free.',
        unit: 'bytes',
        width: 8,
        isStacked: true,
        queries: [
          { expr: q.maxBy(systemMemoryUsage, ['system.memory.state']), legend: '{{system_memory_state}}' },
        ],
        min: 0,
      }),
      graph({
        title: 'Disks',
        description: 'Bytes in a second.',
        unit: 'Bps',
        width: 8,
        queries: [
          { expr: `max by (disk_io_direction) (${q.rate(systemDiskIo)})`, legend: '{{disk_io_direction}}' },
        ],
        min: 0,
      }),
      graph({
        title: 'Network',
        description: 'Bytes in a second, loopback left out.',
        unit: 'Bps',
        width: 8,
        queries: [
          {
            expr: `max by (network_io_direction) (${q.rate(systemNetworkIo)})`,
            legend: '{{network_io_direction}}',
          },
        ],
        min: 0,
      }),
      graph({
        title: 'Pressure',
        description:
          'Share of the last 10 s in which some task waited for CPU, memory or disks (Linux, pressure stall information).',
        unit: 'percentunit',
        width: 8,
        queries: [
          {
            expr: `max by (perf_pressure_resource, perf_pressure_scope) (${q.select(pressureShare, { 'perf.pressure.kind': 'some' })})`,
            legend: '{{perf_pressure_resource}} ({{perf_pressure_scope}})',
          },
        ],
        min: 0,
      }),
    ],
  },
];
