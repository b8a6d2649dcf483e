import {
  dbConnectionPendingRequests,
  dbConnectionTimeouts,
  poolPendingRequests,
  poolTimeouts,
  retryAttempts,
  taskOldestAge,
  taskRejected,
} from '../../../src/telemetry/catalogue.js';
import { PROCESS, q, type AlertText } from './alert.js';

/** What waits in vain, or is refused. */
export const asyncAlerts: readonly AlertText[] = [
  {
    name: 'TaskQueueAge',
    expr: `${q.maxBy(taskOldestAge, ['job', 'perf.task.queue'])} > 300`,
    for: '5m',
    severity: 'warning',
    summary: 'Tasks of queue {{ $labels.perf_task_queue }} wait too long',
    description: 'The oldest has been waiting for {{ $value | humanizeDuration }}.',
    dashboard: 'gzp-async',
  },
  {
    name: 'TasksRefused',
    expr: `${q.rateBy(taskRejected, ['job', 'perf.task.queue', 'perf.task.reason'], { 'perf.task.reason': '=~queue_full|waited_too_long' })} > 0`,
    for: '5m',
    severity: 'warning',
    summary: 'Queue {{ $labels.perf_task_queue }} of {{ $labels.job }} refuses tasks',
    description:
      '{{ $value | printf "%.2g" }} tasks a second were not begun: {{ $labels.perf_task_reason }}.',
    dashboard: 'gzp-async',
  },
  {
    name: 'PoolExhausted',
    expr: `(${q.maxBy(poolPendingRequests, [...PROCESS, 'perf.pool.name'])} > 0 and ${q.rateBy(poolTimeouts, [...PROCESS, 'perf.pool.name'])} > 0)`,
    for: '5m',
    severity: 'critical',
    summary: 'Pool {{ $labels.perf_pool_name }} on {{ $labels.instance }} is exhausted',
    description: '{{ $value | humanize }} requests wait for a resource, and some give up.',
    dashboard: 'gzp-async',
  },
  {
    name: 'ConnectionsExhausted',
    expr: `(${q.maxBy(dbConnectionPendingRequests, [...PROCESS, 'db.client.connection.pool.name'])} > 0 and ${q.rateBy(dbConnectionTimeouts, [...PROCESS, 'db.client.connection.pool.name'])} > 0)`,
    for: '5m',
    severity: 'critical',
    summary:
      'Connections of {{ $labels.db_client_connection_pool_name }} on {{ $labels.instance }} are exhausted',
    description: '{{ $value | humanize }} requests wait for a connection, and some give up.',
    dashboard: 'gzp-async',
  },
  {
    name: 'RetriesAmplify',
    expr: `${q.rateBy(retryAttempts, ['job', 'perf.retry.name'])}\n/\n${q.rateBy(retryAttempts, ['job', 'perf.retry.name'], { 'perf.retry.attempt': 'first' })} > 1.1`,
    for: '10m',
    severity: 'warning',
    summary: 'Retries of {{ $labels.perf_retry_name }} add to the load',
    description: '{{ $value | humanize }} attempts for each call: the other side fails, not single calls.',
    dashboard: 'gzp-async',
  },
];
