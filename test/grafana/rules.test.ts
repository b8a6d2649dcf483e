import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertingRules, alertNames, recordingRules } from '../../grafana/source/alerts.js';
import { root } from '../e2e/packed.js';
import { needsServer, promtool } from '../e2e/servers.js';
import { ALERT_CASES, type SeriesValues } from './alert-cases.js';

const generated = (name: string) => join(root, 'grafana', 'prometheus', `${name}.rules.yml`);

/** Unit tests of rules, as promtool reads them. */
async function promtoolTests(tests: readonly object[], step = '1m'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rule-tests-'));
  try {
    const file = join(folder, 'tests.yml');
    const ruleFiles = ['recording', 'alerts', 'slo'].map(generated);
    await writeFile(file, JSON.stringify({ rule_files: ruleFiles, evaluation_interval: step, tests }));
    const { code, stdout, stderr } = await promtool(['test', 'rules', file]);
    return code === 0 ? 'passed' : stdout + stderr;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function group(series: SeriesValues, tests: object, step = '1m'): object {
  const inputSeries = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  return { interval: step, input_series: inputSeries, ...tests };
}

describe('alerts', function () {
  this.timeout(30_000);
  before(function () {
    needsServer(this, 'promtool');
  });

  for (const name of alertNames) {
    it(`${name} fires when it should, says what is the matter, and is silent otherwise`, async () => {
      const cases = ALERT_CASES.filter(({ alert }) => name.endsWith(alert));
      expect(cases).to.not.have.length(0);
      const { annotations } = alertingRules.groups[0]!.rules.find(
        (rule) => 'alert' in rule && rule.alert === name,
      ) as { annotations: Record<string, string> };

      const tests = cases.flatMap(({ at, step, fires, silent, labels, summary, description }) => [
        group(
          fires,
          {
            alert_rule_test: [
              {
                eval_time: at,
                alertname: name,
                exp_alerts: [
                  {
                    exp_labels: labels,
                    exp_annotations: {
                      summary,
                      description,
                      runbook_url: annotations['runbook_url'],
                      dashboard_url: annotations['dashboard_url']!.replace(/\{\{.*\}\}/, 'shop'),
                    },
                  },
                ],
              },
            ],
          },
          step,
        ),
        group(silent, { alert_rule_test: [{ eval_time: at, alertname: name }] }, step),
      ]);

      expect(await promtoolTests(tests, cases[0]!.step)).to.equal('passed');
    });
  }
});

describe('recording rules', function () {
  this.timeout(30_000);
  before(function () {
    needsServer(this, 'promtool');
  });

  it('are the ones that are tested here', () => {
    const names = recordingRules.groups.flatMap(({ rules }) =>
      rules.map((rule) => ('record' in rule ? rule.record : rule.alert)),
    );

    expect(names).to.deep.equal([
      'job_cache:perf_cache_hits:ratio_rate5m',
      'job_cache:perf_cache_lookups:rate5m',
    ]);
  });

  it('tell hits and lookups of each cache over all instances', async () => {
    const lookups = (instance: string, result: string) =>
      `perf_cache_lookups_total{job="shop",instance="${instance}",perf_cache_name="users",perf_cache_tier="memory",perf_cache_result="${result}"}`;
    const series = {
      [lookups('a', 'hit')]: '0+60x20',
      [lookups('b', 'stale')]: '0+30x20',
      [lookups('b', 'miss')]: '0+30x20',
    };
    const answer = (record: string, value: number) => ({
      expr: record,
      eval_time: '15m',
      exp_samples: [{ labels: `${record}{job="shop",perf_cache_name="users"}`, value }],
    });

    const tests = group(series, {
      promql_expr_test: [
        answer('job_cache:perf_cache_hits:ratio_rate5m', 0.75),
        answer('job_cache:perf_cache_lookups:rate5m', 2),
      ],
    });

    expect(await promtoolTests([tests])).to.equal('passed');
  });

  it('say nothing about a cache that nobody asks', async () => {
    const series = {
      'perf_cache_lookups_total{job="shop",perf_cache_name="users",perf_cache_result="hit"}': '5x20',
    };
    const tests = group(series, {
      promql_expr_test: [
        { expr: 'job_cache:perf_cache_hits:ratio_rate5m', eval_time: '15m', exp_samples: [] },
      ],
    });

    expect(await promtoolTests([tests])).to.equal('passed');
  });
});

describe('objectives that are examples', function () {
  this.timeout(30_000);
  before(function () {
    needsServer(this, 'promtool');
  });

  const operations = (part: string, labels = '') =>
    `perf_operation_duration_seconds_${part}{job="shop",perf_operation_name="pay"${labels}}`;
  const firing = (slo: string, alerts: readonly string[]) => ({
    expr: `count by (window) (ALERTS{alertname="SloErrorBudgetBurn",alertstate="firing",slo="${slo}"})`,
    eval_time: '90m',
    exp_samples: alerts.map((window) => ({ labels: `{window="${window}"}`, value: 1 })),
  });

  it('tell of failures and of slowness, each for itself', async () => {
    const failing = group(
      {
        [operations('count')]: '0+50x90',
        [operations('count', ',error_type="Error"')]: '0+50x90',
        [operations('bucket', ',le="0.5"')]: '0+100x90',
      },
      {
        promql_expr_test: [
          firing('operations-availability', ['1d', '1h', '6h']),
          firing('operations-latency', []),
        ],
      },
    );
    const slow = group(
      { [operations('count')]: '0+100x90', [operations('bucket', ',le="0.5"')]: '0+50x90' },
      {
        promql_expr_test: [
          firing('operations-availability', []),
          firing('operations-latency', ['1d', '1h', '6h']),
        ],
      },
    );

    expect(await promtoolTests([failing, slow])).to.equal('passed');
  });
});
