import {
  eventLoopDelay,
  eventLoopTime,
  eventLoopUtilization,
  gcDuration,
  gcShare,
  heapLimit,
  heapLive,
  heapUsed,
  processContextSwitches,
  processCpuTime,
  processCpuUtilization,
  processDiskIo,
  processFileDescriptorLimit,
  processFileDescriptors,
  processMemoryUsage,
  processPagingFaults,
  processUptime,
} from '../../../src/telemetry/catalogue.js';
import type { Dashboard } from '../dashboard.js';
import { graph, heatmap, stat } from '../panels.js';
import { machineRows } from './machine-rows.js';
import { q, RESTARTS, TARGET_VARIABLES } from './shared.js';

const INSTANCE = ['instance'];

export const runtime: Dashboard = {
  uid: 'gzp-runtime',
  title: 'Performance / Runtime and host',
  description:
    'What the processes, their containers and their machines use of CPU, memory, disks and network.',
  variables: TARGET_VARIABLES,
  annotations: [RESTARTS],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Processes',
          description: 'Processes that report.',
          unit: 'short',
          queries: [{ expr: `count (${q.select(processUptime)})` }],
          min: 0,
        }),
        stat({
          title: 'CPU',
          description: 'CPU seconds in a second, all processes together: CPUs in use.',
          unit: 'short',
          decimals: 2,
          queries: [{ expr: q.rateBy(processCpuTime, []) }],
          min: 0,
        }),
        stat({
          title: 'Memory',
          description: 'Resident memory, all processes together.',
          unit: 'bytes',
          queries: [{ expr: q.sumBy(processMemoryUsage) }],
          min: 0,
        }),
        stat({
          title: 'Heap against its limit',
          description:
            'The process that is nearest to the end: above 85 % it will soon be only collecting, then end.',
          unit: 'percentunit',
          queries: [{ expr: `max (${q.select(heapLive)} / ${q.select(heapLimit)})` }],
          steps: [
            ['green', 0],
            ['orange', 0.7],
            ['red', 0.85],
          ],
          min: 0,
          max: 1,
        }),
        stat({
          title: 'Lag of the event loop, p99',
          description: 'Over all processes.',
          unit: 's',
          queries: [{ expr: q.quantile(0.99, eventLoopDelay) }],
          steps: [
            ['green', 0],
            ['yellow', 0.05],
            ['red', 0.1],
          ],
          min: 0,
        }),
        stat({
          title: 'File descriptors',
          description:
            'Share of the descriptors a process may open, of the one that has most. At 100 % no connection can be opened.',
          unit: 'percentunit',
          queries: [
            { expr: `max (${q.select(processFileDescriptors)} / ${q.select(processFileDescriptorLimit)})` },
          ],
          steps: [
            ['green', 0],
            ['orange', 0.7],
            ['red', 0.9],
          ],
          min: 0,
          max: 1,
        }),
      ],
    },
    {
      title: 'Event loop',
      panels: [
        graph({
          title: 'Busy',
          description:
            'Share of the time the event loop had something to do. Near 100 % requests queue up in the process.',
          unit: 'percentunit',
          width: 8,
          queries: [{ expr: q.maxBy(eventLoopUtilization, INSTANCE), legend: '{{instance}}' }],
          steps: [
            ['green', 0],
            ['red', 0.9],
          ],
          min: 0,
          max: 1,
        }),
        graph({
          title: 'Lag',
          description: 'How late timers run.',
          unit: 's',
          width: 8,
          queries: [0.5, 0.9, 0.99].map((quantile) => ({
            expr: q.quantile(quantile, eventLoopDelay, INSTANCE),
            legend: `{{instance}} p${quantile * 100}`,
          })),
          min: 0,
        }),
        heatmap({
          title: 'Lags',
          description:
            'How lags are spread: a few long ones are long computations, many middling ones are too much work.',
          unit: 's',
          width: 8,
          queries: [{ expr: q.rateBy(eventLoopDelay, ['le'], {}, 'bucket'), legend: '{{le}}' }],
        }),
        graph({
          title: 'Time of the event loop',
          description: 'Seconds in a second that it works and waits.',
          unit: 's',
          isStacked: true,
          queries: [
            {
              expr: q.rateBy(eventLoopTime, ['nodejs.eventloop.state']),
              legend: '{{nodejs_eventloop_state}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Context switches',
          description: 'In a second. Many involuntary ones: the process has to share its CPU.',
          unit: 'ops',
          queries: [
            {
              expr: q.rateBy(processContextSwitches, ['process.context_switch.type']),
              legend: '{{process_context_switch_type}}',
            },
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'Memory',
      panels: [
        graph({
          title: 'Heap',
          description:
            'In use with garbage, what survives collections, and the limit at which Node ends the process.',
          unit: 'bytes',
          queries: [
            { expr: q.sumBy(heapUsed, INSTANCE), legend: '{{instance}}: in use' },
            { expr: q.sumBy(heapLive, INSTANCE), legend: '{{instance}}: survives' },
            { expr: q.sumBy(heapLimit, INSTANCE), legend: '{{instance}}: limit' },
          ],
          min: 0,
        }),
        graph({
          title: 'Heap by space',
          description:
            'New space is young garbage, old space what has survived, large objects are arrays and long texts.',
          unit: 'bytes',
          isStacked: true,
          queries: [
            { expr: q.sumBy(heapUsed, ['v8js.heap.space.name']), legend: '{{v8js_heap_space_name}}' },
          ],
          min: 0,
        }),
        graph({
          title: 'Resident memory',
          description:
            'All memory of the process: heap, buffers, code. Far above the heap: look at buffers and native modules.',
          unit: 'bytes',
          queries: [{ expr: q.sumBy(processMemoryUsage, INSTANCE), legend: '{{instance}}' }],
          min: 0,
        }),
        graph({
          title: 'Page faults',
          description: 'In a second. Major ones read from disk: the machine has too little memory.',
          unit: 'ops',
          queries: [
            {
              expr: q.rateBy(processPagingFaults, ['system.paging.fault.type']),
              legend: '{{system_paging_fault_type}}',
            },
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'Garbage collection',
      panels: [
        graph({
          title: 'Share of the time',
          description:
            'Time in which collections stop JavaScript. Above 10 %: more heap, or less garbage; the optimizer advises on flags.',
          unit: 'percentunit',
          width: 8,
          queries: [{ expr: q.maxBy(gcShare, INSTANCE), legend: '{{instance}}' }],
          steps: [
            ['green', 0],
            ['red', 0.1],
          ],
          min: 0,
        }),
        graph({
          title: 'Collections',
          description: 'In a second, by type.',
          unit: 'ops',
          width: 8,
          queries: [
            { expr: q.rateBy(gcDuration, ['v8js.gc.type'], {}, 'count'), legend: '{{v8js_gc_type}}' },
          ],
          min: 0,
        }),
        graph({
          title: 'Pauses',
          description: 'The longest hundredth of the pauses, by type.',
          unit: 's',
          width: 8,
          queries: [{ expr: q.quantile(0.99, gcDuration, ['v8js.gc.type']), legend: '{{v8js_gc_type}} p99' }],
          min: 0,
        }),
      ],
    },
    {
      title: 'CPU, files and disks of the processes',
      panels: [
        graph({
          title: 'CPU',
          description: 'Share of the CPU time a process may have, in the program and in the kernel for it.',
          unit: 'percentunit',
          width: 8,
          isStacked: true,
          queries: [
            {
              expr: q.sumBy(processCpuUtilization, ['instance', 'cpu.mode']),
              legend: '{{instance}} {{cpu_mode}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Open files and sockets',
          description: 'File descriptors. A line that only rises is a leak of connections or files.',
          unit: 'short',
          width: 8,
          queries: [{ expr: q.sumBy(processFileDescriptors, INSTANCE), legend: '{{instance}}' }],
          min: 0,
        }),
        graph({
          title: 'Disk',
          description: 'Bytes read and written by the processes, in a second.',
          unit: 'Bps',
          width: 8,
          queries: [
            { expr: q.rateBy(processDiskIo, ['disk.io.direction']), legend: '{{disk_io_direction}}' },
          ],
          min: 0,
        }),
      ],
    },
    ...machineRows,
  ],
};
