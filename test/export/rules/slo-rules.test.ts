import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidOptionError } from '../../../src/errors.js';
import { sloRules, type SloOptions } from '../../../src/export/rules/slo-rules.js';
import { toYaml } from '../../../src/export/rules/yaml.js';
import { needsServer, promtool } from '../../e2e/servers.js';

const CHECKOUT: SloOptions = {
  name: 'checkout',
  objective: 0.999,
  total: 'requests_total{route="POST /checkout"}',
  errors: 'requests_total{route="POST /checkout",code=~"5.."}',
};

/** Runs tests of Prometheus' own tool on rules. */
async function testRules(rules: object, tests: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'slo-rules-'));
  try {
    await writeFile(join(folder, 'slo.rules.yml'), toYaml(rules));
    await writeFile(join(folder, 'test.yml'), JSON.stringify({ rule_files: ['slo.rules.yml'], ...tests }));
    const checked = await promtool([
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      join(folder, 'slo.rules.yml'),
    ]);
    expect(checked.code, checked.stdout + checked.stderr).to.equal(0);
    const { code, stdout, stderr } = await promtool(['test', 'rules', join(folder, 'test.yml')]);
    return code === 0 ? 'passed' : stdout + stderr;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('sloRules', function () {
  this.timeout(20_000);
  before(function () {
    needsServer(this, 'promtool');
  });

  it('are silent while the budget lasts and tell how much is left', async () => {
    const tests = {
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: [
            { series: 'requests_total{job="shop",route="POST /checkout",code="200"}', values: '0+9995x720' },
            { series: 'requests_total{job="shop",route="POST /checkout",code="500"}', values: '0+5x720' },
          ],
          promql_expr_test: [
            {
              expr: 'slo:error_budget:remaining',
              eval_time: '12h',
              exp_samples: [{ labels: 'slo:error_budget:remaining{job="shop",slo="checkout"}', value: 0.5 }],
            },
          ],
          alert_rule_test: [{ eval_time: '12h', alertname: 'SloErrorBudgetBurn' }],
        },
      ],
    };

    // The ratio has the noise of division: it is rounded where it is compared.
    tests.tests[0]!.promql_expr_test[0]!.expr = 'round(slo:error_budget:remaining, 0.0001)';
    tests.tests[0]!.promql_expr_test[0]!.exp_samples[0]!.labels = '{job="shop",slo="checkout"}';
    expect(await testRules(sloRules(CHECKOUT), tests)).to.equal('passed');
  });

  it('tell within minutes of an outage, and of a slow burn only after hours', async () => {
    const quiet = { alert_rule_test: [{ eval_time: '1h', alertname: 'SloErrorBudgetBurn' }] };
    const outage = {
      interval: '1m',
      input_series: [
        {
          series: 'requests_total{job="shop",route="POST /checkout",code="200"}',
          values: '0+1000x60 60000+0x60',
        },
        {
          series: 'requests_total{job="shop",route="POST /checkout",code="500"}',
          values: '0+0x60 0+1000x60',
        },
      ],
      alert_rule_test: [
        ...quiet.alert_rule_test,
        {
          eval_time: '66m',
          alertname: 'SloErrorBudgetBurn',
          exp_alerts: [{ exp_labels: { job: 'shop', slo: 'checkout', severity: 'critical', window: '1h' } }],
        },
      ],
    };

    const { code, printed } = await exposeAlerts(outage);
    expect(code, printed).to.equal('passed');
  });

  async function exposeAlerts(test: {
    alert_rule_test: { eval_time: string; exp_alerts?: { exp_labels: Record<string, string> }[] }[];
  }): Promise<{ code: string; printed: string }> {
    // promtool compares annotations too: they are taken out of the rules, the labels are what counts here.
    const { groups } = sloRules(CHECKOUT);
    const bare = groups.map(({ name, rules }) => ({
      name,
      rules: rules.map((rule) => ('alert' in rule ? Object.assign({}, rule, { annotations: {} }) : rule)),
    }));
    const result = await testRules({ groups: bare }, { evaluation_interval: '1m', tests: [test] });
    return { code: result, printed: result };
  }

  it('work without any error so far, and with what is good instead', async () => {
    const series = (le: string, values: string) => ({ series: `d_bucket{job="shop",le="${le}"}`, values });
    const rules = sloRules({
      name: 'fast',
      objective: 0.9,
      total: 'd_count',
      good: 'd_bucket{le="0.5"}',
      by: ['job'],
    });
    const none = sloRules({ ...CHECKOUT, total: 'd_count', errors: 'nothing_total' });
    const expected = (slo: string, value: number) => ({
      expr: `round(slo:errors:ratio_rate5m{slo="${slo}"}, 0.001)`,
      eval_time: '10m',
      exp_samples: [{ labels: `{job="shop",slo="${slo}"}`, value }],
    });
    const tests = {
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: [series('0.5', '0+75x20'), { series: 'd_count{job="shop"}', values: '0+100x20' }],
          promql_expr_test: [expected('fast', 0.25), expected('checkout', 0)],
        },
      ],
    };

    expect(await testRules({ groups: [...rules.groups, ...none.groups] }, tests)).to.equal('passed');
  });

  it('never tell of less than no errors', async () => {
    const rules = sloRules({ name: 'fast', objective: 0.9, total: 'd_count', good: 'd_bucket{le="0.5"}' });
    const tests = {
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          // The bucket began higher, so that its rate is estimated higher.
          input_series: [
            { series: 'd_bucket{job="shop",le="0.5"}', values: '_ _ _ 500 600 700' },
            { series: 'd_count{job="shop"}', values: '_ _ _ 0 100 200' },
          ],
          promql_expr_test: [
            {
              expr: 'slo:errors:ratio_rate5m >= 0',
              eval_time: '5m',
              exp_samples: [{ labels: 'slo:errors:ratio_rate5m{job="shop",slo="fast"}', value: 0 }],
            },
          ],
        },
      ],
    };

    expect(await testRules(rules, tests)).to.equal('passed');
  });

  it('link to what to do', () => {
    const [, , { rules } = { rules: [] }] = sloRules({
      ...CHECKOUT,
      labels: { team: 'pay' },
      runbookUrl: 'https://example.com/runbook',
    }).groups;

    expect(rules).to.have.length(4);
    expect(rules[0]).to.have.nested.property('labels.team', 'pay');
    expect(rules[0]).to.have.nested.property('annotations.runbook_url', 'https://example.com/runbook');
  });

  for (const [what, wrong] of [
    ['an objective in percent', { objective: 99.9 }],
    ['an objective that allows nothing', { objective: 1 }],
    ['neither errors nor good', { errors: undefined }],
    ['errors and good', { good: 'good_total' }],
    ['a rate', { total: 'rate(requests_total[5m])' }],
    ['a range', { total: 'requests_total[5m]' }],
    ['an open brace', { errors: 'requests_total{code="500"' }],
    ['something behind the matchers', { errors: 'requests_total{code="500"} or vector(1)' }],
    ['a label that is none', { by: ['a b'] }],
    ['an unknown option', { goal: 1 }],
  ] as const) {
    it(`refuse ${what}`, () => {
      expect(() => sloRules({ ...CHECKOUT, ...wrong } as SloOptions)).to.throw(InvalidOptionError);
    });
  }
});
