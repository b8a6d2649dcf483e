import {
  cacheLookups,
  eventLoopDelay,
  eventLoopUtilization,
  gcShare,
  heapLimit,
  heapLive,
  heapUsed,
  operationDuration,
  processCpuUtilization,
  processMemoryUsage,
  processUptime,
  pushDuration,
  scrapeDuration,
  telemetryRejected,
  telemetrySeries,
} from '../../../src/telemetry/catalogue.js';
import type { Dashboard } from '../dashboard.js';
import { bars, graph, heatmap, stat } from '../panels.js';
import { seriesOf } from '../queries.js';
import { httpRow } from './http-row.js';
import { DECISIONS, q, ratio, ratioOrZero, RESTARTS, TARGET_VARIABLES, valuesOf } from './shared.js';

const OPERATION = { 'perf.operation.name': '=~$operation' };
const FAILED = { ...OPERATION, 'error.type': '!=' };
const calls = (by: readonly string[]) => q.rateBy(operationDuration, by, OPERATION, 'count');
const errors = (by: readonly string[]) => q.rateBy(operationDuration, by, FAILED, 'count');
const hits = q.rateBy(cacheLookups, [], { 'perf.cache.result': '=~hit|stale|negative' });

export const overview: Dashboard = {
  uid: 'gzp-overview',
  title: 'Performance / Overview',
  description: 'Rate, errors and duration of timed operations, and what the processes use. Start here.',
  variables: [
    ...TARGET_VARIABLES,
    valuesOf('operation', 'Operation', seriesOf(operationDuration, 'count'), 'perf_operation_name'),
  ],
  annotations: [RESTARTS, DECISIONS],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Operations',
          description:
            'Timed operations that ended, in a second. A fall to 0 with clients waiting means that nothing gets through.',
          unit: 'ops',
          queries: [{ expr: calls([]) }],
          min: 0,
        }),
        stat({
          title: 'Errors',
          description:
            'Share of the operations that failed. Above 1 %: look for the operation and its error type below.',
          unit: 'percentunit',
          queries: [{ expr: ratioOrZero(errors([]), calls([])) }],
          steps: [
            ['green', 0],
            ['yellow', 0.01],
            ['red', 0.05],
          ],
          min: 0,
        }),
        stat({
          title: 'p99 duration',
          description:
            'One operation in a hundred takes longer. Compare with what was usual, then look for the operation below.',
          unit: 's',
          queries: [{ expr: q.quantile(0.99, operationDuration, [], OPERATION) }],
          min: 0,
        }),
        stat({
          title: 'Cache hits',
          description:
            'Share of the lookups that a cache answered. A fall costs the origin as much more work as the misses grew.',
          unit: 'percentunit',
          queries: [{ expr: ratio(hits, q.rateBy(cacheLookups, [])) }],
          min: 0,
          max: 1,
        }),
        stat({
          title: 'Event loop busy',
          description:
            'The busiest process. Near 100 % everything waits for the one thread: add processes or move work away.',
          unit: 'percentunit',
          queries: [{ expr: q.maxBy(eventLoopUtilization) }],
          steps: [
            ['green', 0],
            ['yellow', 0.7],
            ['red', 0.9],
          ],
          min: 0,
          max: 1,
        }),
        stat({
          title: 'Youngest process',
          description:
            'How long the process that started last has been running. Seconds, again and again: it crashes.',
          unit: 's',
          queries: [{ expr: `min (${q.select(processUptime)})` }],
          min: 0,
        }),
      ],
    },
    {
      title: 'Rate, errors, duration',
      panels: [
        graph({
          title: 'Operations by name',
          description: 'Timed operations in a second.',
          unit: 'ops',
          queries: [{ expr: calls(['perf.operation.name']), legend: '{{perf_operation_name}}' }],
          min: 0,
        }),
        graph({
          title: 'Errors by type',
          description:
            'Failed operations in a second, by the type of their error. The type tells where to look.',
          unit: 'ops',
          queries: [
            {
              expr: errors(['perf.operation.name', 'error.type']),
              legend: '{{perf_operation_name}}: {{error_type}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Duration',
          description:
            'Half of the operations, nine in ten and ninety-nine in a hundred are faster than this. Points are traces.',
          unit: 's',
          queries: [0.5, 0.9, 0.99].map((quantile) => ({
            expr: q.quantile(quantile, operationDuration, [], OPERATION),
            legend: `p${quantile * 100}`,
            exemplar: true,
          })),
          min: 0,
        }),
        heatmap({
          title: 'Durations',
          description:
            'How operations are spread over durations: two bands are two kinds of call, such as hits and misses.',
          unit: 's',
          queries: [{ expr: q.rateBy(operationDuration, ['le'], OPERATION, 'bucket'), legend: '{{le}}' }],
        }),
        graph({
          title: 'p99 by operation',
          description: 'The slowest hundredth of each operation. The top line is where to begin.',
          unit: 's',
          queries: [
            {
              expr: q.quantile(0.99, operationDuration, ['perf.operation.name'], OPERATION),
              legend: '{{perf_operation_name}}',
            },
          ],
          min: 0,
        }),
        bars({
          title: 'Where the time goes',
          description:
            'Seconds spent in each operation in a second, nested ones counted in both: the longest bar is worth the most work.',
          unit: 's',
          queries: [
            {
              expr: `topk(10, ${q.rateBy(operationDuration, ['perf.operation.name'], OPERATION, 'sum')})`,
              legend: '{{perf_operation_name}}',
            },
          ],
          min: 0,
        }),
      ],
    },
    httpRow,
    {
      title: 'Saturation',
      panels: [
        graph({
          title: 'CPU of the processes',
          description: 'Share of the CPU time a process may have that it uses.',
          unit: 'percentunit',
          width: 8,
          queries: [{ expr: q.sumBy(processCpuUtilization, ['instance']), legend: '{{instance}}' }],
          steps: [
            ['green', 0],
            ['red', 0.9],
          ],
          min: 0,
        }),
        graph({
          title: 'Memory of the processes',
          description:
            'Resident memory, and the part of the heap that is in use. The heap in use has garbage in it.',
          unit: 'bytes',
          width: 8,
          queries: [
            { expr: q.sumBy(processMemoryUsage, ['instance']), legend: '{{instance}}: resident' },
            { expr: q.sumBy(heapUsed, ['instance']), legend: '{{instance}}: heap' },
          ],
          min: 0,
        }),
        graph({
          title: 'Heap against its limit',
          description:
            'What survives collections, as a share of what Node may have before it ends. A line that only rises is a leak.',
          unit: 'percentunit',
          width: 8,
          queries: [
            {
              expr: `${q.sumBy(heapLive, ['instance'])}\n/\n${q.sumBy(heapLimit, ['instance'])}`,
              legend: '{{instance}}',
            },
          ],
          steps: [
            ['green', 0],
            ['orange', 0.7],
            ['red', 0.85],
          ],
          min: 0,
          max: 1,
        }),
        graph({
          title: 'Lag of the event loop',
          description:
            'How late timers run: what every request waits in addition. Above 0.1 s something computes for too long at a time.',
          unit: 's',
          width: 8,
          queries: [
            { expr: q.quantile(0.99, eventLoopDelay, ['instance']), legend: '{{instance}}: p99' },
            { expr: q.quantile(0.5, eventLoopDelay, ['instance']), legend: '{{instance}}: p50' },
          ],
          steps: [
            ['green', 0],
            ['red', 0.1],
          ],
          min: 0,
        }),
        graph({
          title: 'Event loop busy',
          description: 'Share of the time the event loop had something to do.',
          unit: 'percentunit',
          width: 8,
          queries: [{ expr: q.maxBy(eventLoopUtilization, ['instance']), legend: '{{instance}}' }],
          min: 0,
          max: 1,
        }),
        graph({
          title: 'Garbage collection',
          description:
            'Share of the time that collections stop the process. Above 10 %: too little heap, or too much garbage.',
          unit: 'percentunit',
          width: 8,
          queries: [{ expr: q.maxBy(gcShare, ['instance']), legend: '{{instance}}' }],
          steps: [
            ['green', 0],
            ['red', 0.1],
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'The measuring itself',
      panels: [
        graph({
          title: 'Series',
          description:
            'Series a process keeps. Growth without end means that an attribute has too many values.',
          unit: 'short',
          queries: [{ expr: q.maxBy(telemetrySeries, ['instance']), legend: '{{instance}}' }],
          min: 0,
        }),
        graph({
          title: 'Rejected measurements',
          description: 'Measurements that could not be recorded: the log says once of each which and why.',
          unit: 'ops',
          queries: [
            {
              expr: q.rateBy(telemetryRejected, ['perf.telemetry.reason']),
              legend: '{{perf_telemetry_reason}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Duration of scrapes',
          description:
            'How long /metrics took to answer. Near the scrape timeout of Prometheus it begins to lose scrapes.',
          unit: 's',
          queries: [{ expr: q.quantile(0.99, scrapeDuration, ['instance']), legend: '{{instance}}: p99' }],
          min: 0,
        }),
        graph({
          title: 'Pushes',
          description:
            'Pushes of metrics by how they ended, in a second. Failed ones: nobody listens, no answer in time, or it says no.',
          unit: 'ops',
          queries: [
            {
              expr: q.rateBy(pushDuration, ['otel.component.type', 'error.type'], {}, 'count'),
              legend: '{{otel_component_type}} {{error_type}}',
            },
          ],
          min: 0,
        }),
      ],
    },
  ],
};
