import {
  breakerCalls,
  breakerState,
  dbConnectionPendingRequests,
  dbConnections,
  dbConnectionsMax,
  dbConnectionUseTime,
  dbConnectionWaitTime,
  poolFailures,
  poolPendingRequests,
  poolRejected,
  poolResources,
  poolResourcesMax,
  poolUseTime,
  poolWaitTime,
  retries,
  retryAttempts,
  retryBudget,
  taskActive,
  taskDuration,
  taskLimit,
  taskOldestAge,
  taskQueued,
  taskRejected,
  taskUnobserved,
  taskWaitTime,
  taskZombies,
  timeouts,
} from '../../../src/telemetry/catalogue.js';
import type { Dashboard } from '../dashboard.js';
import { graph, stat } from '../panels.js';
import { q, RESTARTS, TARGET_VARIABLES } from './shared.js';

const QUEUE = ['perf.task.queue'];
const queue = '{{perf_task_queue}}';
const POOL = ['perf.pool.name'];
const pool = '{{perf_pool_name}}';
const DB_POOL = ['db.client.connection.pool.name'];
const dbPool = '{{db_client_connection_pool_name}}';
/** Each process of a queue that many share tells the depth of all of it. */
const deepest = (definition: typeof taskQueued, by: readonly string[] = []) => q.maxBy(definition, by);

export const async: Dashboard = {
  uid: 'gzp-async',
  title: 'Performance / Tasks, pools, retries',
  description:
    'What waits and why: background tasks, pools of resources and connections, retries, time limits, breakers.',
  variables: TARGET_VARIABLES,
  annotations: [RESTARTS],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Tasks running',
          description: 'Tasks that run, in all processes.',
          unit: 'short',
          queries: [{ expr: q.sumBy(taskActive) }],
          min: 0,
        }),
        stat({
          title: 'Tasks waiting',
          description: 'The longest queue. A number that stands: more comes in than is done.',
          unit: 'short',
          queries: [{ expr: deepest(taskQueued) }],
          min: 0,
        }),
        stat({
          title: 'Oldest task waits',
          description:
            'Since when the first in line waits. Scale workers by this, not by the number that wait.',
          unit: 's',
          queries: [{ expr: q.maxBy(taskOldestAge) }],
          steps: [
            ['green', 0],
            ['yellow', 30],
            ['red', 300],
          ],
          min: 0,
        }),
        stat({
          title: 'Waiting for a resource',
          description:
            'Requests that wait for a pool. Raise its maximum, or find who holds resources for long.',
          unit: 'short',
          queries: [
            { expr: `sum (${q.select(poolPendingRequests)} or ${q.select(dbConnectionPendingRequests)})` },
          ],
          min: 0,
        }),
        stat({
          title: 'Amplification by retries',
          description:
            'Attempts for each call. At 1.1 the budget ends retries: the other side is in trouble, not single calls.',
          unit: 'short',
          decimals: 2,
          queries: [
            {
              expr: `${q.rateBy(retryAttempts, [])}\n/\n${q.rateBy(retryAttempts, [], { 'perf.retry.attempt': 'first' })}`,
            },
          ],
          steps: [
            ['green', 0],
            ['yellow', 1.05],
            ['red', 1.1],
          ],
          min: 1,
        }),
        stat({
          title: 'Breakers open',
          description: 'Breakers that refuse calls now.',
          unit: 'short',
          queries: [{ expr: q.sumBy(breakerState, [], { 'perf.breaker.state': 'open' }) }],
          steps: [
            ['green', 0],
            ['red', 1],
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'Tasks',
      panels: [
        graph({
          title: 'Tasks by outcome',
          description: 'Tasks that ended, in a second.',
          unit: 'ops',
          queries: [
            {
              expr: q.rateBy(taskDuration, ['perf.task.queue', 'perf.task.outcome'], {}, 'count'),
              legend: `${queue}: {{perf_task_outcome}}`,
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Running, and the limit',
          description:
            'Running at the limit with a queue is normal under load; below the limit with a queue is not.',
          unit: 'short',
          queries: [
            { expr: q.sumBy(taskActive, QUEUE), legend: `${queue}: running` },
            { expr: q.sumBy(taskLimit, QUEUE), legend: `${queue}: limit` },
          ],
          min: 0,
        }),
        graph({
          title: 'Waiting',
          description: 'Tasks in line for each queue.',
          unit: 'short',
          width: 8,
          queries: [{ expr: deepest(taskQueued, QUEUE), legend: queue }],
          min: 0,
        }),
        graph({
          title: 'Oldest in line',
          description: 'How long the first in line has been waiting.',
          unit: 's',
          width: 8,
          queries: [{ expr: q.maxBy(taskOldestAge, QUEUE), legend: queue }],
          min: 0,
        }),
        graph({
          title: 'Time in the queue',
          description: 'Of those that had to wait: half, and ninety-nine in a hundred, waited less.',
          unit: 's',
          width: 8,
          queries: [
            { expr: q.quantile(0.5, taskWaitTime, QUEUE), legend: `${queue} p50` },
            { expr: q.quantile(0.99, taskWaitTime, QUEUE), legend: `${queue} p99` },
          ],
          min: 0,
        }),
        graph({
          title: 'Duration',
          description: 'How long tasks run.',
          unit: 's',
          width: 8,
          queries: [
            {
              expr: q.quantile(0.99, taskDuration, ['perf.task.queue', 'perf.task.name']),
              legend: `${queue} {{perf_task_name}} p99`,
              exemplar: true,
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Refused, and failures nobody saw',
          description:
            'Tasks that were not begun, by reason, and failed tasks nobody waited for: their errors are in their status and in the log.',
          unit: 'ops',
          width: 8,
          queries: [
            {
              expr: q.rateBy(taskRejected, ['perf.task.queue', 'perf.task.reason']),
              legend: `${queue}: {{perf_task_reason}}`,
            },
            { expr: q.rateBy(taskUnobserved, QUEUE), legend: `${queue}: failed, unobserved` },
          ],
          min: 0,
        }),
        graph({
          title: 'Left behind',
          description:
            'Tasks that were given up but still run and keep their place: they ignore their signal.',
          unit: 'short',
          width: 8,
          queries: [{ expr: q.sumBy(taskZombies, QUEUE), legend: queue }],
          min: 0,
        }),
      ],
    },
    {
      title: 'Pools',
      panels: [
        graph({
          title: 'Resources',
          description: 'In use, idle, and how many a pool may have.',
          unit: 'short',
          queries: [
            {
              expr: q.sumBy(poolResources, ['perf.pool.name', 'perf.pool.state']),
              legend: `${pool}: {{perf_pool_state}}`,
            },
            { expr: q.sumBy(poolResourcesMax, POOL), legend: `${pool}: limit` },
          ],
          min: 0,
        }),
        graph({
          title: 'Waiting for a resource',
          description: 'Requests in line, and how long the slowest hundredth of those in line waited.',
          unit: 'short',
          queries: [{ expr: q.sumBy(poolPendingRequests, POOL), legend: pool }],
          min: 0,
        }),
        graph({
          title: 'Time to get a resource',
          description: 'The slowest hundredth of those that had to wait, and how long resources are kept.',
          unit: 's',
          queries: [
            { expr: q.quantile(0.99, poolWaitTime, POOL), legend: `${pool}: wait p99` },
            { expr: q.quantile(0.99, poolUseTime, POOL), legend: `${pool}: use p99` },
          ],
          min: 0,
        }),
        graph({
          title: 'Refusals and failures',
          description:
            'Requests that were refused, and calls of the factory, the check and the cleanup that failed, in a second.',
          unit: 'ops',
          queries: [
            {
              expr: q.rateBy(poolRejected, ['perf.pool.name', 'perf.pool.reason']),
              legend: `${pool}: {{perf_pool_reason}}`,
            },
            {
              expr: q.rateBy(poolFailures, ['perf.pool.name', 'perf.pool.call']),
              legend: `${pool}: {{perf_pool_call}} failed`,
            },
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'Connections to databases',
      panels: [
        graph({
          title: 'Connections',
          description: 'In use, idle, and how many a pool may open.',
          unit: 'short',
          width: 8,
          queries: [
            {
              expr: q.sumBy(dbConnections, [...DB_POOL, 'db.client.connection.state']),
              legend: `${dbPool}: {{db_client_connection_state}}`,
            },
            { expr: q.sumBy(dbConnectionsMax, DB_POOL), legend: `${dbPool}: limit` },
          ],
          min: 0,
        }),
        graph({
          title: 'Waiting for a connection',
          description: 'Requests in line for each pool.',
          unit: 'short',
          width: 8,
          queries: [{ expr: q.sumBy(dbConnectionPendingRequests, DB_POOL), legend: dbPool }],
          min: 0,
        }),
        graph({
          title: 'Time to get a connection',
          description: 'The slowest hundredth of those that had to wait, and how long connections are kept.',
          unit: 's',
          width: 8,
          queries: [
            { expr: q.quantile(0.99, dbConnectionWaitTime, DB_POOL), legend: `${dbPool}: wait p99` },
            { expr: q.quantile(0.99, dbConnectionUseTime, DB_POOL), legend: `${dbPool}: use p99` },
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'Calls to others',
      panels: [
        graph({
          title: 'Retried calls',
          description: 'Calls whose first attempt failed, by how they ended, in a second.',
          unit: 'ops',
          queries: [
            {
              expr: q.rateBy(retries, ['perf.retry.name', 'perf.retry.outcome']),
              legend: '{{perf_retry_name}}: {{perf_retry_outcome}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Budget of retries',
          description: 'Retries that are allowed now. At 0 a first failure is final.',
          unit: 'short',
          queries: [{ expr: q.sumBy(retryBudget, ['perf.retry.name']), legend: '{{perf_retry_name}}' }],
          min: 0,
        }),
        graph({
          title: 'Given up for time',
          description: 'Calls that took longer than their limit, in a second.',
          unit: 'ops',
          queries: [{ expr: q.rateBy(timeouts, ['perf.timeout.name']), legend: '{{perf_timeout_name}}' }],
          min: 0,
        }),
        graph({
          title: 'Calls through breakers',
          description: 'By outcome, in a second: those that were refused did not reach the other side.',
          unit: 'ops',
          queries: [
            {
              expr: q.rateBy(breakerCalls, ['perf.breaker.name', 'perf.breaker.outcome']),
              legend: '{{perf_breaker_name}}: {{perf_breaker_outcome}}',
            },
          ],
          min: 0,
        }),
      ],
    },
  ],
};
