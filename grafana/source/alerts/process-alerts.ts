import {
  containerMemoryLimit,
  containerMemoryWorkingSet,
  eventLoopDelay,
  eventLoopUtilization,
  gcShare,
  heapLimit,
  heapLive,
  processFileDescriptorLimit,
  processFileDescriptors,
  processUptime,
} from '../../../src/telemetry/catalogue.js';
import { PROCESS, q, type AlertText } from './alert.js';

/** What ends or slows a process. */
export const processAlerts: readonly AlertText[] = [
  {
    name: 'TargetDown',
    // What has reported within the last hour and does not now; or what cannot be scraped.
    expr: `(up == 0 and on (job) count by (job) (last_over_time(${q.select(processUptime)}[1h])))\nor\n(count by (job) (last_over_time(${q.select(processUptime)}[1h])) unless count by (job) (${q.select(processUptime)}) unless on (job) up == 0)`,
    for: '5m',
    severity: 'critical',
    summary: '{{ $labels.job }}{{ with $labels.instance }} ({{ . }}){{ end }} does not report',
    description: 'It reported within the last hour and has not for 5 minutes.',
    dashboard: 'gzp-runtime',
  },
  {
    name: 'Restarting',
    expr: `resets(${q.select(processUptime)}[15m]) > 3`,
    for: '1m',
    severity: 'critical',
    summary: '{{ $labels.instance }} of {{ $labels.job }} starts again and again',
    description: '{{ $value | humanize }} starts in the last 15 minutes.',
    dashboard: 'gzp-runtime',
  },
  {
    name: 'EventLoopLag',
    expr: `${q.quantile(0.99, eventLoopDelay, PROCESS)} > 0.1`,
    for: '5m',
    severity: 'warning',
    summary: 'The event loop of {{ $labels.instance }} lags',
    description:
      'One timer in a hundred is late by {{ $value | humanizeDuration }} or more: so are requests.',
    dashboard: 'gzp-runtime',
  },
  {
    name: 'EventLoopSaturated',
    expr: `${q.maxBy(eventLoopUtilization, PROCESS)} > 0.95`,
    for: '10m',
    severity: 'warning',
    summary: '{{ $labels.instance }} of {{ $labels.job }} has no time left',
    description: 'Its event loop is busy for {{ $value | humanizePercentage }} of the time.',
    dashboard: 'gzp-runtime',
  },
  {
    name: 'HeapNearLimit',
    expr: `${q.maxBy(heapLive, PROCESS)}\n/\n${q.maxBy(heapLimit, PROCESS)} > 0.85`,
    for: '5m',
    severity: 'critical',
    summary: '{{ $labels.instance }} of {{ $labels.job }} runs out of heap',
    description:
      '{{ $value | humanizePercentage }} of the heap survives collections. At the limit Node ends the process.',
    dashboard: 'gzp-runtime',
  },
  {
    name: 'ContainerMemoryNearLimit',
    expr: `${q.maxBy(containerMemoryWorkingSet, PROCESS)}\n/\n${q.maxBy(containerMemoryLimit, PROCESS)} > 0.9`,
    for: '5m',
    severity: 'critical',
    summary: 'The container of {{ $labels.instance }} runs out of memory',
    description:
      'Its working set is {{ $value | humanizePercentage }} of the limit. At the limit the kernel ends the process.',
    dashboard: 'gzp-runtime',
  },
  {
    name: 'GarbageCollection',
    expr: `${q.maxBy(gcShare, PROCESS)} > 0.15`,
    for: '10m',
    severity: 'warning',
    summary: '{{ $labels.instance }} of {{ $labels.job }} collects garbage for too much of its time',
    description: 'Collections take {{ $value | humanizePercentage }} of its time.',
    dashboard: 'gzp-runtime',
  },
  {
    name: 'FileDescriptors',
    expr: `${q.maxBy(processFileDescriptors, PROCESS)}\n/\n${q.maxBy(processFileDescriptorLimit, PROCESS)} > 0.8`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $labels.instance }} of {{ $labels.job }} has many files and sockets open',
    description:
      '{{ $value | humanizePercentage }} of what it may open. At the limit no connection can be opened.',
    dashboard: 'gzp-runtime',
  },
];
