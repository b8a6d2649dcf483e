import { expect } from 'chai';
import { join } from 'node:path';
import { toJson } from '../../grafana/source/dashboard.js';
import { dashboards } from '../../grafana/source/dashboards/all.js';
import { panelsOf, type DashboardJson, type VariableJson } from '../grafana/dashboard-json.js';
import { runbookQueries } from '../grafana/runbook-queries.js';
import { startBusyApp } from '../grafana/start-busy-app.js';
import { root } from './packed.js';
import {
  needsServer,
  startPrometheus,
  startRedis,
  waitFor,
  type RunningPrometheus,
  type RunningRedis,
  type Sample,
} from './servers.js';

/** As long as the scrapes of this test need; Grafana would take four times the scrape interval. */
const RATE_WINDOW = '5s';
const RANGE = '1m';
/** The optimizer measures for some time before it changes something. Seconds; usually it is 20. */
const PATIENCE = 75;
/** Events last for moments: they are looked for in all the time there is, as Grafana does over a range. */
const ALL_TIME = '5m:1s';

type Labels = Readonly<Record<string, string>>;
/** What was asked is empty until there is something. */
type Answers = Map<string, readonly Labels[]>;

const all = Object.entries(dashboards).map(([name, dashboard]) => ({
  name,
  json: toJson(dashboard) as DashboardJson,
}));

describe('e2e every query of every dashboard, asked of a real Prometheus', function () {
  this.timeout((PATIENCE + 60) * 1000);
  let redis: RunningRedis;
  let app: Awaited<ReturnType<typeof startBusyApp>>;
  let prometheus: RunningPrometheus;
  let answers: Answers;

  before(async function () {
    needsServer(this, 'redis-server');
    needsServer(this, 'prometheus');
    redis = await startRedis();
    app = await startBusyApp(redis.url);
    const rules = ['recording', 'alerts', 'slo'].map((name) =>
      join(root, `grafana/prometheus/${name}.rules.yml`),
    );
    prometheus = await startPrometheus({ targets: [app.metricsUrl.host], jobName: 'busy', ruleFiles: rules });
    answers = await answersTo(prometheus, questions());
  });
  after(async () => {
    await prometheus?.stop();
    await app?.stop();
    await redis?.stop();
  });

  for (const { name, json } of all) {
    describe(name, () => {
      for (const variable of variablesOf(json)) {
        it(`has values for "${variable.name}"`, async () => {
          const values = await valuesOf(prometheus, variable);

          expect(values).to.not.be.empty.and.not.include('');
        });
      }

      for (const { title, targets } of panelsOf(json)) {
        for (const { expr, legendFormat, refId } of targets) {
          it(`"${title}" (${refId}) has data`, () => {
            const found = answers.get(substitute(expr))!;

            expect(found, substitute(expr)).to.not.have.length(0);
            for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
              expect(
                found.some((labels) => label in labels),
                `label ${label} of ${legendFormat}`,
              ).to.equal(true);
          });
        }
      }

      for (const { name: what, expr } of json.annotations.list) {
        it(`marks "${what}"`, () => {
          expect(answers.get(happened(expr)), expr).to.not.have.length(0);
        });
      }
    });
  }

  it('takes the queries of the runbooks', async () => {
    for (const { page, query } of runbookQueries())
      await prometheus
        .query(query)
        .catch((error: Error) => expect.fail(`${page}: ${query}: ${error.message}`));
  });

  it('can tell what alerts are about', async () => {
    const response = await fetch(`${prometheus.url}/api/v1/rules?type=alert`);
    const { data } = (await response.json()) as { data: { groups: { rules: { lastError?: string }[] }[] } };

    const errors = data.groups.flatMap(({ rules }) => rules.flatMap(({ lastError }) => lastError ?? []));
    expect(errors.filter((text) => text !== '')).to.deep.equal([]);
  });
});

function questions(): string[] {
  const asked = all.flatMap(({ json }) =>
    panelsOf(json).flatMap(({ targets }) => targets.map(({ expr }) => substitute(expr))),
  );
  const events = all.flatMap(({ json }) => json.annotations.list.map(({ expr }) => happened(expr)));
  return [...new Set([...asked, ...events])];
}

/** Asks everything, and what has no answer again, until all have one or time is up: one wait for all of them. */
async function answersTo(prometheus: RunningPrometheus, queries: readonly string[]): Promise<Answers> {
  const answers: Answers = new Map(queries.map((query) => [query, []]));
  const open = new Set(queries);
  const askOpen = async (): Promise<boolean> => {
    for (const query of open) {
      const found = await finite(prometheus, query);
      answers.set(query, found);
      if (found.length > 0) open.delete(query);
    }
    return open.size === 0;
  };
  // Whoever asked in vain fails below, each by itself and with its name.
  await waitFor(askOpen, { what: 'data for every query', timeout: PATIENCE }).catch(() => undefined);
  return answers;
}

async function finite(prometheus: RunningPrometheus, query: string): Promise<readonly Labels[]> {
  const samples: readonly Sample[] = await prometheus.query(query);
  return samples.filter(({ value }) => Number.isFinite(Number(value[1]))).map(({ metric }) => metric);
}

function happened(expr: string): string {
  return `max_over_time((${substitute(expr)})[${ALL_TIME}])`;
}

function substitute(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', RATE_WINDOW)
    .replaceAll('$__range', RANGE)
    .replaceAll(/"\$\w+"/g, '".+"');
}

function variablesOf(json: DashboardJson): readonly VariableJson[] {
  return json.templating.list.filter(({ type }) => type === 'query');
}

async function valuesOf({ url }: RunningPrometheus, { query }: VariableJson): Promise<readonly string[]> {
  const text = typeof query === 'string' ? query : query.query;
  const [, series = '', label = ''] = /^label_values\((.*),\s*(\w+)\)$/s.exec(text) ?? [];
  const match = new URLSearchParams({ 'match[]': substitute(series) }).toString();
  const response = await fetch(`${url}/api/v1/label/${label}/values?${match}`);
  const answer = (await response.json()) as { data: readonly string[] };
  return answer.data;
}
