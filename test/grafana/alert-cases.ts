/** For each alert series on which it fires, what whoever is paged then reads, and series on which it is silent. */
export interface AlertCase {
  /** Without the prefix. */
  readonly alert: string;
  /** When it is looked, from the begin of the series. */
  readonly at: string;
  /** Time between values, and between evaluations. @default '1m' */
  readonly step?: string;
  readonly fires: SeriesValues;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description: string;
  readonly silent: SeriesValues;
}

/** Values at every step, in promtool's way: `0+60x30` begins with 0 and rises by 60 thirty times. */
export type SeriesValues = Readonly<Record<string, string>>;

const A = { job: 'shop', instance: 'a:9464' };
const on = (labels = ''): string => `{job="shop",instance="a:9464"${labels === '' ? '' : `,${labels}`}}`;
/** Steps of 5 minutes. */
const DAY = 288;
/** What a counter rises by in 5 minutes when it rises by one a second. */
const SECONDS = 300;

/** A histogram of which all values are at most so much. */
function histogram(name: string, slowest: number, labels = ''): SeriesValues {
  const values = [0.1, 0.25, 0.5, 1, 2.5, 5].map((le) => [
    `${name}_bucket${on([`le="${le}"`, labels].filter((text) => text !== '').join(','))}`,
    le < slowest ? '0x30' : '0+100x30',
  ]);
  return Object.fromEntries([
    ...values,
    [`${name}_bucket${on(['le="+Inf"', labels].filter((text) => text !== '').join(','))}`, '0+100x30'],
  ]) as SeriesValues;
}

/** Hits and misses a second. */
function lookups(
  cache: string,
  rates: Readonly<Record<'yesterday' | 'today', readonly [hits: number, misses: number]>>,
): SeriesValues {
  const values = ['hit', 'miss'].map((result, i) => {
    const [before, after] = [rates.yesterday[i]! * SECONDS, rates.today[i]! * SECONDS];
    const labels = on(`perf_cache_name="${cache}",perf_cache_result="${result}"`);
    return [`perf_cache_lookups_total${labels}`, `0+${before}x${DAY} ${before * DAY + after}+${after}x20`];
  });
  return Object.fromEntries(values) as SeriesValues;
}

const ROLLED_BACK = `perf_optimizer_decisions_total${on('perf_optimizer_action="cache_budget",perf_optimizer_target="shop",perf_optimizer_outcome="rolled_back",perf_optimizer_reason="worse"')}`;

export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: 'TargetDown',
    at: '25m',
    fires: {
      [`up${on()}`]: '1x10 0x20',
      [`process_uptime_seconds${on()}`]: '0+60x10 stale',
    },
    labels: { ...A, severity: 'critical' },
    summary: 'shop (a:9464) does not report',
    description: 'It reported within the last hour and has not for 5 minutes.',
    silent: {
      [`up${on()}`]: '1x30',
      [`process_uptime_seconds${on()}`]: '0+60x30',
      // A program without this package is not ours to watch.
      'up{job="other",instance="b:80"}': '1x10 0x20',
    },
  },
  {
    alert: 'TargetDown',
    at: '25m',
    fires: {
      'up{job="collector",instance="c:8889"}': '1x30',
      [`process_uptime_seconds${on()}`]: '0+60x10 stale',
    },
    labels: { job: 'shop', severity: 'critical' },
    summary: 'shop does not report',
    description: 'It reported within the last hour and has not for 5 minutes.',
    silent: {
      'up{job="collector",instance="c:8889"}': '1x30',
      [`process_uptime_seconds${on()}`]: '0+60x30',
    },
  },
  {
    alert: 'Restarting',
    at: '12m',
    fires: { [`process_uptime_seconds${on()}`]: '0 60 0 60 0 60 0 60 0 60 0 60 0 60' },
    labels: { ...A, severity: 'critical' },
    summary: 'a:9464 of shop starts again and again',
    description: '6 starts in the last 15 minutes.',
    silent: { [`process_uptime_seconds${on()}`]: '600+60x5 0+60x10' },
  },
  {
    alert: 'EventLoopLag',
    at: '15m',
    fires: histogram('nodejs_eventloop_delay_seconds', 0.5),
    labels: { ...A, severity: 'warning' },
    summary: 'The event loop of a:9464 lags',
    description: 'One timer in a hundred is late by 497.5ms or more: so are requests.',
    silent: histogram('nodejs_eventloop_delay_seconds', 0.1),
  },
  {
    alert: 'EventLoopSaturated',
    at: '15m',
    fires: { [`nodejs_eventloop_utilization_ratio${on()}`]: '0.97x20' },
    labels: { ...A, severity: 'warning' },
    summary: 'a:9464 of shop has no time left',
    description: 'Its event loop is busy for 97% of the time.',
    // Busy for a few minutes is what a peak looks like.
    silent: { [`nodejs_eventloop_utilization_ratio${on()}`]: '0.5x9 0.97x20' },
  },
  {
    alert: 'HeapNearLimit',
    at: '15m',
    fires: { [`perf_heap_live_bytes${on()}`]: '90x20', [`perf_heap_limit_bytes${on()}`]: '100x20' },
    labels: { ...A, severity: 'critical' },
    summary: 'a:9464 of shop runs out of heap',
    description: '90% of the heap survives collections. At the limit Node ends the process.',
    silent: { [`perf_heap_live_bytes${on()}`]: '80x20', [`perf_heap_limit_bytes${on()}`]: '100x20' },
  },
  {
    alert: 'ContainerMemoryNearLimit',
    at: '15m',
    fires: {
      [`container_memory_working_set_bytes${on()}`]: '95x20',
      [`perf_container_memory_limit_bytes${on()}`]: '100x20',
    },
    labels: { ...A, severity: 'critical' },
    summary: 'The container of a:9464 runs out of memory',
    description: 'Its working set is 95% of the limit. At the limit the kernel ends the process.',
    // Without a limit there is nothing to run out of.
    silent: { [`container_memory_working_set_bytes${on()}`]: '95x20' },
  },
  {
    alert: 'GarbageCollection',
    at: '15m',
    fires: { [`perf_gc_share_ratio${on()}`]: '0.2x20' },
    labels: { ...A, severity: 'warning' },
    summary: 'a:9464 of shop collects garbage for too much of its time',
    description: 'Collections take 20% of its time.',
    silent: { [`perf_gc_share_ratio${on()}`]: '0.05x20' },
  },
  {
    alert: 'FileDescriptors',
    at: '15m',
    fires: {
      [`process_unix_file_descriptor_count${on()}`]: '900x20',
      [`perf_process_file_descriptor_limit${on()}`]: '1000x20',
    },
    labels: { ...A, severity: 'warning' },
    summary: 'a:9464 of shop has many files and sockets open',
    description: '90% of what it may open. At the limit no connection can be opened.',
    silent: {
      [`process_unix_file_descriptor_count${on()}`]: '500x20',
      [`perf_process_file_descriptor_limit${on()}`]: '1000x20',
    },
  },
  {
    alert: 'CacheHitsDropped',
    at: '1485m',
    step: '5m',
    fires: lookups('users', { yesterday: [9, 1], today: [5, 5] }),
    labels: { job: 'shop', perf_cache_name: 'users', severity: 'warning' },
    summary: 'Cache users of shop hits less than yesterday',
    description: 'It hits 50%, a fifth less than a day ago. Its origin has the difference to carry.',
    silent: {
      ...lookups('users', { yesterday: [9, 1], today: [8, 2] }),
      // Asked now and then, a ratio means nothing.
      ...lookups('rare', { yesterday: [0.09, 0.01], today: [0.05, 0.05] }),
    },
  },
  {
    alert: 'CacheTierCutOff',
    at: '10m',
    fires: {
      [`perf_cache_tier_state_ratio${on('perf_cache_name="users",perf_cache_tier="redis",perf_cache_state="open"')}`]:
        '1x20',
      [`perf_cache_tier_state_ratio${on('perf_cache_name="users",perf_cache_tier="redis",perf_cache_state="closed"')}`]:
        '0x20',
    },
    labels: { ...A, perf_cache_name: 'users', perf_cache_tier: 'redis', severity: 'warning' },
    summary: 'Tier redis of cache users is cut off',
    description: 'Its breaker is open on a:9464: lookups there are misses, writes are made good later.',
    silent: {
      [`perf_cache_tier_state_ratio${on('perf_cache_name="users",perf_cache_tier="redis",perf_cache_state="open"')}`]:
        '0x20',
      [`perf_cache_tier_state_ratio${on('perf_cache_name="users",perf_cache_tier="redis",perf_cache_state="closed"')}`]:
        '1x20',
    },
  },
  {
    alert: 'CacheCoherenceLag',
    at: '15m',
    fires: histogram('perf_cache_coherence_lag_seconds', 2.5, 'perf_cache_name="users"'),
    labels: { ...A, perf_cache_name: 'users', severity: 'warning' },
    summary: 'Cache users on a:9464 hears of changes late',
    description: 'News of changes by other processes takes 2.485s: until then it serves what was before.',
    silent: histogram('perf_cache_coherence_lag_seconds', 0.25, 'perf_cache_name="users"'),
  },
  {
    alert: 'TaskQueueAge',
    at: '15m',
    fires: { [`perf_task_queue_oldest_age_seconds${on('perf_task_queue="mail"')}`]: '400x20' },
    labels: { job: 'shop', perf_task_queue: 'mail', severity: 'warning' },
    summary: 'Tasks of queue mail wait too long',
    description: 'The oldest has been waiting for 6m 40s.',
    silent: { [`perf_task_queue_oldest_age_seconds${on('perf_task_queue="mail"')}`]: '200x20' },
  },
  {
    alert: 'TasksRefused',
    at: '15m',
    fires: {
      [`perf_task_rejected_total${on('perf_task_queue="mail",perf_task_reason="queue_full"')}`]: '0+60x20',
    },
    labels: { job: 'shop', perf_task_queue: 'mail', perf_task_reason: 'queue_full', severity: 'warning' },
    summary: 'Queue mail of shop refuses tasks',
    description: '1 tasks a second were not begun: queue_full.',
    // A shutdown refuses on purpose.
    silent: {
      [`perf_task_rejected_total${on('perf_task_queue="mail",perf_task_reason="draining"')}`]: '0+60x20',
    },
  },
  {
    alert: 'PoolExhausted',
    at: '15m',
    fires: {
      [`perf_pool_pending_requests${on('perf_pool_name="files"')}`]: '7x20',
      [`perf_pool_timeouts_total${on('perf_pool_name="files"')}`]: '0+60x20',
    },
    labels: { ...A, perf_pool_name: 'files', severity: 'critical' },
    summary: 'Pool files on a:9464 is exhausted',
    description: '7 requests wait for a resource, and some give up.',
    // A line in which all get what they wait for.
    silent: {
      [`perf_pool_pending_requests${on('perf_pool_name="files"')}`]: '7x20',
      [`perf_pool_timeouts_total${on('perf_pool_name="files"')}`]: '3x20',
    },
  },
  {
    alert: 'ConnectionsExhausted',
    at: '15m',
    fires: {
      [`db_client_connection_pending_requests${on('db_client_connection_pool_name="orders"')}`]: '7x20',
      [`db_client_connection_timeouts_total${on('db_client_connection_pool_name="orders"')}`]: '0+60x20',
    },
    labels: { ...A, db_client_connection_pool_name: 'orders', severity: 'critical' },
    summary: 'Connections of orders on a:9464 are exhausted',
    description: '7 requests wait for a connection, and some give up.',
    silent: {
      [`db_client_connection_pending_requests${on('db_client_connection_pool_name="orders"')}`]: '7x20',
      [`db_client_connection_timeouts_total${on('db_client_connection_pool_name="orders"')}`]: '3x20',
    },
  },
  {
    alert: 'RetriesAmplify',
    at: '20m',
    fires: {
      [`perf_retry_attempts_total${on('perf_retry_name="rates",perf_retry_attempt="first"')}`]: '0+60x30',
      [`perf_retry_attempts_total${on('perf_retry_name="rates",perf_retry_attempt="retry"')}`]: '0+15x30',
    },
    labels: { job: 'shop', perf_retry_name: 'rates', severity: 'warning' },
    summary: 'Retries of rates add to the load',
    description: '1.25 attempts for each call: the other side fails, not single calls.',
    silent: {
      [`perf_retry_attempts_total${on('perf_retry_name="rates",perf_retry_attempt="first"')}`]: '0+60x30',
      [`perf_retry_attempts_total${on('perf_retry_name="rates",perf_retry_attempt="retry"')}`]: '0+3x30',
    },
  },
  {
    alert: 'SeriesOverflow',
    at: '10m',
    fires: { [`orders_total${on('otel_metric_overflow="true"')}`]: '0+1x20' },
    labels: { ...A, severity: 'warning' },
    summary: 'A metric of shop has too many series',
    description:
      'An attribute of it has too many values: further ones are counted together. The log names the attribute.',
    silent: { [`orders_total${on('country="ch"')}`]: '0+1x20' },
  },
  {
    alert: 'MeasurementsRejected',
    at: '25m',
    fires: { [`perf_telemetry_rejected_total${on('perf_telemetry_reason="not_a_number"')}`]: '0+60x30' },
    labels: { job: 'shop', perf_telemetry_reason: 'not_a_number', severity: 'info' },
    summary: 'shop measures what cannot be recorded',
    description: '1 measurements a second are lost: not_a_number.',
    silent: { [`perf_telemetry_rejected_total${on('perf_telemetry_reason="not_a_number"')}`]: '3x30' },
  },
  {
    alert: 'ScrapesFail',
    at: '20m',
    fires: { [`perf_scrape_duration_seconds_count${on('perf_scrape_result="timeout"')}`]: '0+3x30' },
    labels: { ...A, severity: 'warning' },
    summary: 'Scrapes of a:9464 fail',
    description: '0.05 scrapes a second were aborted, took too long or failed.',
    silent: { [`perf_scrape_duration_seconds_count${on('perf_scrape_result="ok"')}`]: '0+4x30' },
  },
  {
    alert: 'ExportsFail',
    at: '20m',
    fires: {
      [`otel_sdk_exporter_operation_duration_seconds_count${on('otel_component_type="otlp_http_metric_exporter",error_type="connection"')}`]:
        '0+3x30',
    },
    labels: {
      ...A,
      otel_component_type: 'otlp_http_metric_exporter',
      error_type: 'connection',
      severity: 'warning',
    },
    summary: 'Pushes of metrics by a:9464 fail',
    description: '0.05 pushes a second of otlp_http_metric_exporter failed: connection.',
    silent: {
      [`otel_sdk_exporter_operation_duration_seconds_count${on('otel_component_type="otlp_http_metric_exporter"')}`]:
        '0+3x30',
    },
  },
  {
    alert: 'OptimizerRollsBack',
    at: '50m',
    fires: {
      [ROLLED_BACK]: '_x10 1x9 2x9 3x9 4x30',
    },
    labels: {
      job: 'shop',
      perf_optimizer_action: 'cache_budget',
      perf_optimizer_target: 'shop',
      severity: 'info',
    },
    summary: 'The optimizer takes back what it does to shop',
    description: 'It undid 4 changes of cache_budget in an hour.',
    silent: {
      [`perf_optimizer_decisions_total${on('perf_optimizer_action="cache_budget",perf_optimizer_target="shop",perf_optimizer_outcome="applied",perf_optimizer_reason="pays"')}`]:
        '0+1x50',
    },
  },
  {
    alert: 'OptimizerRollsBack',
    at: '2h',
    fires: { [ROLLED_BACK]: '_x80 1x9 2x9 3x9 5x30' },
    labels: {
      job: 'shop',
      perf_optimizer_action: 'cache_budget',
      perf_optimizer_target: 'shop',
      severity: 'info',
    },
    summary: 'The optimizer takes back what it does to shop',
    description: 'It undid 5 changes of cache_budget in an hour.',
    // What was counted before a scrape that failed is not new after it.
    silent: { [ROLLED_BACK]: '9x58 stale stale stale 9x70' },
  },
];
