import { expect } from 'chai';
import { parseExposition } from '../../../src/cli/top/exposition.js';
import { readTop } from '../../../src/cli/top/read-top.js';
import { plain } from '../../../src/cli/top/text-table.js';
import { topLines } from '../../../src/cli/top/top-text.js';

/** A page of a process that has done `n` of everything. */
function page(n: number): string {
  const request = (status: number, count: number) => {
    const labels = `http_request_method="GET",http_route="/a",http_response_status_code="${status}"`;
    return [
      `http_server_request_duration_seconds_bucket{${labels},le="0.1"} ${count}`,
      `http_server_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`,
      `http_server_request_duration_seconds_sum{${labels}} ${count * 0.05}`,
      `http_server_request_duration_seconds_count{${labels}} ${count}`,
    ];
  };
  const lookups = (result: string, count: number) =>
    `perf_cache_lookups_total{perf_cache_name="users",perf_cache_tier="memory",perf_cache_result="${result}"} ${count}`;
  const decisions = (outcome: string, count: number) =>
    `perf_optimizer_decisions_total{perf_optimizer_action="cache_budget",perf_optimizer_target="shop",perf_optimizer_outcome="${outcome}",perf_optimizer_reason="pays"} ${count}`;
  return [
    ...request(200, 3 * n),
    ...request(503, n),
    lookups('hit', 6 * n),
    lookups('stale', n),
    lookups('miss', 3 * n),
    'perf_cache_entries{perf_cache_name="users",perf_cache_tier="memory"} 40',
    'perf_cache_usage_bytes{perf_cache_name="users",perf_cache_tier="memory"} 2048',
    `perf_cache_load_duration_seconds_sum{perf_cache_name="users"} ${n}`,
    `perf_cache_load_duration_seconds_count{perf_cache_name="users"} ${2 * n}`,
    'perf_optimizer_what_if_hits_ratio{perf_cache_name="users",perf_optimizer_size="double"} 0.9',
    'perf_task_active{perf_task_queue="mail"} 2',
    'perf_task_limit{perf_task_queue="mail"} 10',
    'perf_task_queued{perf_task_queue="mail"} 5',
    'db_client_connection_count{db_client_connection_pool_name="pg",db_client_connection_state="used"} 3',
    'db_client_connection_count{db_client_connection_pool_name="pg",db_client_connection_state="idle"} 1',
    'db_client_connection_max{db_client_connection_pool_name="pg"} 4',
    'db_client_connection_pending_requests{db_client_connection_pool_name="pg"} 7',
    'perf_optimizer_pressure_ratio{perf_optimizer_source="heap"} 0.5',
    'perf_optimizer_setting{perf_optimizer_action="cache_budget",perf_optimizer_target="shop"} 4194304',
    decisions('applied', n),
    decisions('held', 100 * n),
    'process_cpu_utilization_ratio{cpu_mode="user"} 0.25',
    'process_cpu_utilization_ratio{cpu_mode="system"} 0.125',
    'v8js_memory_heap_used_bytes{v8js_heap_space_name="old_space"} 1000',
    'v8js_memory_heap_used_bytes{v8js_heap_space_name="new_space"} 24',
    '# TYPE go_things_total counter',
    `go_things_total ${n}`,
    '# TYPE rpc_seconds summary',
    'rpc_seconds{quantile="0.5"} 7',
    `rpc_seconds_sum ${n}`,
    `rpc_seconds_count ${n}`,
  ].join('\n');
}

function report(before: string, after: string) {
  const scraped = (text: string, at: number) => ({ ...parseExposition(text), at, bytes: 10, seconds: 0.01 });
  return readTop(new URL('http://user:secret@app/metrics?x=1'), scraped(before, 0), scraped(after, 2000), 7);
}

describe('readTop', () => {
  const told = report(page(1), page(11));

  it('says what was looked at, without what nobody shall see', () => {
    expect(told).to.deep.include({ version: 1, url: 'http://app/metrics', time: 7, seconds: 2 });
    expect(told.page).to.include({ series: 35 });
  });

  it('tells requests by method and route', () => {
    const [request] = told.requests;

    expect(request).to.include({ name: 'GET /a', rate: 20, errorRate: 5, p50: 0.05 });
    expect(request?.mean).to.be.closeTo(0.05, 1e-9);
  });

  it('tells caches', () => {
    expect(told.caches).to.deep.equal([
      {
        name: 'users',
        lookupRate: 50,
        hitRatio: 0.7,
        missMean: 0.5,
        entries: 40,
        bytes: 2048,
        whatIf: { double: 0.9 },
      },
    ]);
  });

  it('tells queues and pools', () => {
    expect(told.queues).to.deep.equal([{ name: 'mail', active: 2, limit: 10, queued: 5 }]);
    expect(told.pools).to.deep.equal([{ name: 'pg', used: 3, limit: 4, waiting: 7 }]);
  });

  it('tells decisions that changed something, pressures and settings', () => {
    expect(told.optimizer).to.deep.equal({
      pressures: [{ source: 'heap', share: 0.5 }],
      settings: [{ action: 'cache_budget', target: 'shop', value: 4_194_304 }],
      decisions: [
        { action: 'cache_budget', target: 'shop', outcome: 'applied', reason: 'pays', times: 11, lately: 10 },
      ],
    });
  });

  it('adds up what the process uses', () => {
    expect(told.resources).to.include({ cpu: 0.375, heapUsedBytes: 1024, memoryBytes: undefined });
  });

  it('takes what clients of Prometheus export where there is nothing of ours', () => {
    const foreign = (n: number) =>
      [
        `process_cpu_seconds_total ${n}`,
        'process_resident_memory_bytes 5000',
        'nodejs_heap_size_used_bytes 400',
        'nodejs_eventloop_lag_p99_seconds 0.02',
        'process_open_fds 12',
      ].join('\n');

    expect(report(foreign(1), foreign(2)).resources).to.deep.include({
      cpu: 0.5,
      memoryBytes: 5000,
      heapUsedBytes: 400,
      eventLoopLagP99: 0.02,
      openFiles: 12,
    });
  });

  it('shows what is left, but not what the runtime does', () => {
    expect(told.histograms.map(({ name, rate, mean }) => [name, rate, mean])).to.deep.equal([
      ['rpc_seconds', 5, 1],
    ]);
    expect(told.counters).to.deep.equal([]);
  });

  for (const width of [40, 80, 200]) {
    it(`fits into ${width} columns`, () => {
      for (const line of topLines(told, width, plain)) expect(line).to.have.length.at.most(width);
    });
  }

  it('says that nothing happened where nothing did', () => {
    expect(topLines(report('a 1', 'a 1'), 80, plain).at(-1)).to.match(/^Nothing was recorded in this time/);
  });
});
